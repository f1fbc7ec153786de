"""Everything the work is done with: one value, made once by the composition root."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from bot.flow.assess import Tools
from bot.flow.toolchain import Installed
from bot.forge import Forge
from bot.git import Mirrors
from bot.jail import Jail
from bot.model.identity import RepositoryId
from bot.model.noun import noun
from bot.settings import Intervals
from bot.store import Store

__all__ = ["World"]


@noun
class World:
    """The adapters, the store and the clock.

    `jail` is what foreign programs run in here; the processes of the evaluator have their own. `allowed` answers which
    targets a repository may deploy to; None: the repository is not ours. `signal` is set when work was touched in this
    process, `reach` when there may be other repositories than before. `public_url` is where people reach this server.
    `toolchain` is what this server renders with, `folders` are where it writes, by what is kept there.
    """

    store: Store
    forges: Mapping[str, Forge]
    mirrors: Mirrors
    tools: Tools
    jail: Jail
    allowed: Callable[[RepositoryId], frozenset[str] | None]
    intervals: Intervals
    public_url: str
    clock: Callable[[], datetime]
    signal: asyncio.Event
    toolchain: Installed
    folders: Mapping[str, Path] = field(default_factory=dict)
    reach: asyncio.Event = field(default_factory=asyncio.Event)
