"""Remembering answers within a number of bytes: the one that was not asked for longest goes first."""

from collections.abc import Callable, Hashable
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

__all__ = ["Bounded", "remembered"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

OVERHEAD = 200  # what an entry costs beside its bytes, about


class Bounded(Generic[K, V]):
    """A mapping that holds at most `most` bytes of what its entries are said to cost. Threads may share it."""

    def __init__(self, most: int) -> None:
        self._lock = Lock()
        self._entries: LRUCache[K, tuple[V, int]] = LRUCache(most, getsizeof=lambda entry: entry[1])

    def get(self, key: K) -> V | None:
        """What was put under `key`, if it is still there."""
        with self._lock:
            found = self._entries.get(key)
        return found[0] if found else None

    def put(self, key: K, value: V, cost: int) -> None:
        """Remember `value`, which costs so many bytes; what costs more than there is room for is not kept."""
        with self._lock, suppress(ValueError):
            self._entries[key] = (value, cost + OVERHEAD)

    @property
    def size(self) -> int:
        """The bytes that are held now."""
        return int(self._entries.currsize)


def remembered(most: int) -> Callable[[Callable[[bytes], V]], Callable[[bytes], V]]:
    """A decorator: the function is called once for the same bytes, as long as `most` bytes of them are remembered.

    A bytes object knows its hash, so asking again for the same file costs next to nothing.
    """

    def decorate(function: Callable[[bytes], V]) -> Callable[[bytes], V]:
        known: Bounded[bytes, tuple[V]] = Bounded(most)

        def call(data: bytes) -> V:
            found = known.get(data)
            if found is None:
                found = (function(data),)
                known.put(data, found, len(data) * 4)  # the bytes, and what was made of them
            return found[0]

        return call

    return decorate
