"""Threads of one target: a disk that hangs holds up what is deployed there, and nothing else of the server."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from bot.errors import TemporaryError

__all__ = ["Apart"]

P = ParamSpec("P")
T = TypeVar("T")

MOST = 8
PATIENCE = 120.0


class Apart:
    """Runs what asks the disk of a target, whose folder is `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="directory")

    async def look(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What the function finds. TemporaryError: the disk did not answer in two minutes."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.do(function, *arguments, **named)
        except TimeoutError:
            raise TemporaryError(f"{self._path} does not answer; look at that folder and its disk") from None

    async def do(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What the function returns, however long it takes: something is written, and is not known before it ends."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*arguments, **named))
