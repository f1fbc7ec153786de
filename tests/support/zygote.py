"""Servers that start in a moment: copies of a process that has imported what `tidegate serve` does.

Loading the server was a quarter of the processor time of a test. A copy is a server like any other: a process of its
own in a session of its own, with the settings' file, an environment and a log that it is given, ended by a signal.
"""

import asyncio
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.cli.commands import run
from bot.cli.demo.server import LONGEST_LINE, surroundings

__all__ = ["Copy", "Zygote", "available", "serve_copies", "zygote"]

MOST = 1024 * 1024
MAIN = "import sys; from tests.support.zygote import serve_copies; serve_copies(int(sys.argv[1]))"


def available() -> bool:
    """Whether this system can copy a process and tell how one ended: Linux 5.3 and newer."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class Copy:
    """One server, as `asyncio.subprocess.Process` has it."""

    returncode: int | None = None

    def __init__(self, pid: int, stderr: asyncio.StreamReader, status: asyncio.StreamReader) -> None:
        self.pid, self.stderr = pid, stderr
        self._end = asyncio.create_task(self._ended(status))

    async def _ended(self, status: asyncio.StreamReader) -> int:
        self.returncode = int(await status.read())
        return self.returncode

    async def wait(self) -> int:
        """The status with which it ended; a signal's number is negative."""
        return await asyncio.shield(self._end)

    def terminate(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)


class Zygote:
    """The process that is copied, as those who want copies see it."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders

    async def launch(self, config: Path) -> Copy:
        """A server with these settings."""
        errors, its_errors = os.pipe()
        status, its_status = os.pipe()
        order = {"arguments": ["serve", "--config", str(config)], "environment": surroundings()}
        socket.send_fds(self._orders, [json.dumps(order).encode()], [its_errors, its_status])
        for each in (its_errors, its_status):
            os.close(each)
        pid = int(await asyncio.to_thread(self._orders.recv, MOST))
        return Copy(pid, await reading(errors), await reading(status))


@contextmanager
def zygote() -> Iterator[Zygote]:
    """Start the process; its copies that still run outlive it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-c", MAIN, str(its.fileno())]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, pass_fds=[its.fileno()], env=path)
    its.close()
    with ours:
        yield Zygote(ours)
    process.wait()


async def reading(handle: int) -> asyncio.StreamReader:
    """What comes out of a pipe."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(handle, "rb"))
    return reader


def serve_copies(handle: int) -> None:
    """The life of the process: make copies until nobody can ask for one, and tell how each ended."""
    import bot.server  # noqa: F401 - loaded for the copies

    with socket.socket(fileno=handle) as orders, selectors.DefaultSelector() as waiting:
        waiting.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is not orders:
                    waiting.unregister(key.fileobj)
                    bury(key.fileobj, *key.data)
                    continue
                order, handles, _, _ = socket.recv_fds(orders, MOST, 2)
                if not order:
                    return
                errors, status = handles
                pid = copy(json.loads(order), errors)
                os.close(errors)
                waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, status))
                orders.send(str(pid).encode())


def bury(ended: Any, pid: int, status: int) -> None:
    """Tell how a copy ended."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(status, str(code).encode())
    os.close(status)
    os.close(ended)


def copy(order: dict[str, Any], errors: int) -> int:
    """The id of a copy that does as ordered, and writes its log to `errors`."""
    if pid := os.fork():
        return pid
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number, handle in enumerate((nothing, nothing, errors)):
            os.dup2(handle, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        # as in a new process: the old ones remember what else stood behind their numbers
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        os.environ.clear()
        os.environ.update(order["environment"])
        code = run(order["arguments"])
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    os._exit(code)
