"""Who fetches what: one fetcher for each kind of thing that can be elsewhere."""

from collections.abc import Awaitable, Callable, Mapping

from bot.errors import InputError
from bot.model.tree import Elsewhere, Tree

__all__ = ["Fetchers"]

Fetcher = Callable[[Elsewhere], Awaitable[Tree]]


class Fetchers:
    """Fetches by kind. A kind without a fetcher is an InputError, never an absence."""

    def __init__(self, by_kind: Mapping[str, Fetcher]) -> None:
        self._by_kind = dict(by_kind)

    async def __call__(self, wanted: Elsewhere) -> Tree:
        """What is wanted, as a tree with every file loaded. InputError: it cannot be had, or is not what was pinned."""
        fetcher = self._by_kind.get(wanted.kind)
        if fetcher is None:
            raise InputError(f"{wanted.url} is outside the repository, and no {wanted.kind} is fetched here")
        return await fetcher(wanted)
