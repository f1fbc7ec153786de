"""The server's end of a launcher: starts it with the first job, sends jobs, hears how they ended."""

import asyncio
import contextlib
import itertools
import json
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

from bot.errors import ProgramError
from bot.jail.launcher import LONGEST

__all__ = ["Link"]

FOLDER = Path(__file__).resolve().parent
START = """
import sys, types
for name, path in (("bot", sys.argv[1]), ("bot.jail", sys.argv[2])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [path]
from bot.jail.launcher import main
main(int(sys.argv[3]))
"""
"""Imports the launcher without its packages, which would bring the server's libraries along."""

LOST = "the launcher of programs ended"


class Link:
    """One launcher, of one event loop. A launcher that ends takes its jobs along; the next job starts another."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._end: weakref.finalize[..., Link] | None = None

    async def run(self, request: dict[str, Any], descriptors: tuple[int, int, int]) -> dict[str, Any]:
        """Have one job done; how it ended. Cancelled, it kills the job. ProgramError: it could not be started."""
        link = self._open()
        id = next(self._numbers)
        message = json.dumps({**request, "id": id}).encode()
        if len(message) > LONGEST:
            raise ProgramError("the program's arguments are too long")
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        try:
            socket.send_fds(link, [message], list(descriptors))
            return await answer
        except OSError:
            raise ProgramError(LOST) from None
        finally:
            self._waiting.pop(id, None)
            if not answer.done() or answer.cancelled():
                self.kill(id)

    def kill(self, id: int) -> None:
        """Kill a job, if it is still there."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(json.dumps({"kill": id}).encode())

    def _open(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        if (
            self._socket is not None
            and self._loop is loop
            and self._process is not None
            and self._process.poll() is None
        ):
            return self._socket
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", START, FOLDER.parent, FOLDER, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),), env={}, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        ours.setblocking(False)
        loop.add_reader(ours.fileno(), self._hear)
        self._socket, self._loop = ours, loop
        # a link that nobody closed must not leave its launcher behind
        self._end = weakref.finalize(self, end, ours, self._process)
        return ours

    def _hear(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(LONGEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        message = json.loads(data)
        waiting = self._waiting.get(message["id"])
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def close(self) -> None:
        """End the launcher and its jobs."""
        if self._socket is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._socket.fileno())
        if self._end is not None:
            self._end()
        self._socket = self._process = self._end = None
        for each in self._waiting.values():
            if not each.done():
                each.set_exception(ProgramError(LOST))


def end(link: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    """End a launcher, and with it its jobs."""
    link.close()
    process.kill()
    process.wait()
