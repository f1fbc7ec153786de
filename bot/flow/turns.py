"""Places that are given out in turn, so that one repository's crowd keeps nobody else waiting."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

__all__ = ["Turns"]


class Turns:
    """Lets `places` in at a time. Who waits is let in by turns of their keys, and in order within a key."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for a place, and give it to the next one at the end."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(key)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, key: Hashable) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._pass_on()  # it was given to us just as we left
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            key, line = self._waiting.popitem(last=False)
            place = line.popleft()
            if line:
                self._waiting[key] = line
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
