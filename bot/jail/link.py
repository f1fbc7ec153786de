"""The server's end of a launcher: starts it with the first job, sends jobs, hears how they ended."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

from bot.errors import ProgramError
from bot.jail.launcher import LONGEST

__all__ = ["Link", "Running"]

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
PATIENCE = 5.0
RETRY = 0.005


class Running:
    """A job that was sent; `answer` is how it ended."""

    def __init__(self, link: "Link", id: int) -> None:
        self.id = id
        self.answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.pid = 0
        self._link = link

    async def end(self) -> None:
        """Kill it if it runs, and wait until none of its processes is left."""
        if not self.answer.done():
            self._link.send({"kill": self.id})
            await asyncio.wait({self.answer}, timeout=PATIENCE)
        if not self.answer.done():
            self._link.abandon()
        self.answer.exception()  # whoever waited for it has seen it
        self._link.forget(self)

    def kill(self) -> None:
        """Kill it without its launcher."""
        for send in (os.killpg, os.kill) if self.pid else ():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                send(self.pid, signal.SIGKILL)


class Link:
    """One launcher, of one event loop. A launcher that ends takes its jobs along; the next job starts another."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[int, Running] = {}
        self._numbers = itertools.count(1)
        self._end: weakref.finalize[..., Link] | None = None

    async def begin(self, request: dict[str, Any], descriptors: tuple[int, int, int]) -> Running:
        """Send a job with its standard descriptors. ProgramError: it could not be sent."""
        running = Running(self, next(self._numbers))
        message = json.dumps({**request, "id": running.id}).encode()
        if len(message) > LONGEST:
            raise ProgramError("the program's arguments are too long")
        link = self._open()
        self._running[running.id] = running
        try:
            while True:
                with contextlib.suppress(BlockingIOError):
                    socket.send_fds(link, [message], list(descriptors))
                    return running
                await asyncio.sleep(RETRY)  # the launcher has as many before it as fit
        except BaseException as error:
            self.forget(running)
            if isinstance(error, OSError):
                raise ProgramError(LOST) from None
            raise

    def send(self, message: dict[str, Any]) -> None:
        """Send a message, if there is a launcher."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.send(json.dumps(message).encode())

    def forget(self, running: Running) -> None:
        """Nobody waits for it any more."""
        self._running.pop(running.id, None)

    def _open(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        alive = self._process is not None and self._process.poll() is None
        if self._socket is not None and self._loop is loop and alive:
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
        running = self._running.get(message["id"])
        if running is not None and "pid" in message:
            running.pid = message["pid"]
        elif running is not None and not running.answer.done():
            running.answer.set_result(message)

    def abandon(self) -> None:
        """End a launcher that does not answer, and its jobs without its help; the next job starts another."""
        if self._process is not None:
            self._process.kill()
        self.close()

    def close(self) -> None:
        """End the launcher and its jobs."""
        if self._socket is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._socket.fileno())
        failed = self._end() if self._end is not None else 0
        self._socket = self._process = self._end = None
        for each in self._running.values():
            if not each.answer.done():
                if failed:
                    each.kill()
                each.answer.set_exception(ProgramError(LOST))


def end(link: socket.socket, process: "subprocess.Popen[bytes]") -> int:
    """End a launcher, and with it its jobs; 0: it said that it did."""
    link.close()
    try:
        return process.wait(PATIENCE)  # it sees the closed socket, kills its jobs and ends
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
