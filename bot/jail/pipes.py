"""Reading what a program prints, within bounds."""

import asyncio
import os
from contextlib import AsyncExitStack
from io import FileIO

__all__ = ["ERRORS_KEPT", "Bounded", "Tail", "reading"]

ERRORS_KEPT = 64 * 1024  # bytes of what a program says is wrong


class Bounded(asyncio.Protocol):
    """Keeps what comes, up to a limit; beyond it nothing more is read, and `full` is set."""

    def __init__(self, limit: int) -> None:
        self.full = False
        self._limit, self._parts, self._size = limit, [b""], 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.BaseTransport | None = None

    @property
    def data(self) -> bytes:
        """All that came."""
        return b"".join(self._parts)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The pipe is open."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep it, or stop."""
        self._size += len(data)
        if self._size > self._limit:
            self.full = True
            if self._transport is not None:
                self._transport.close()
        else:
            self._parts.append(data)

    def connection_lost(self, error: Exception | None) -> None:
        """The pipe ended."""
        del error
        if not self.ended.done():
            self.ended.set_result(None)


class Tail(Bounded):
    """Keeps the end of what comes; the rest is read and dropped."""

    def data_received(self, data: bytes) -> None:
        """Keep the last bytes."""
        self._parts = [(b"".join(self._parts) + data)[-self._limit :]]


async def reading(stack: AsyncExitStack, kept: Bounded) -> FileIO:
    """The end of a new pipe to give to a program, and to close then; `kept` gets what is written there."""
    inside, outside = os.pipe()  # neither is handed on to a program by itself
    given = stack.enter_context(FileIO(outside, "wb"))
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: kept, FileIO(inside, "rb"))
    stack.callback(transport.close)
    return given
