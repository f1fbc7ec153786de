"""A server with nothing but a store, to see what its worker does: no forge, no target, a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.flow.assess import Tools
from bot.flow.evaluate import InProcess
from bot.flow.toolchain import Installed
from bot.flow.worker import Handlers, Worker
from bot.flow.world import World
from bot.git import Mirrors
from bot.jail import Jail
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import Key, RepositoryId, Wake
from bot.settings import Intervals
from bot.store import Store, queue, repositories

__all__ = ["KEY", "NOON", "Work", "alone", "play", "ready_after_news"]

KEY = RepositoryId(forge="hub", number=7, path="acme/shop")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Work = Callable[[World, Key, Lease], Awaitable[float | None]]


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[World]:
    """The server; the key of one repository is ready."""
    store = await Store.open(f"sqlite:///{folder / 'store.db'}", folder / "state")
    await store.write(lambda conn: repositories.adopt(conn, Repository(id=KEY, default_branch="main"), NOON))
    await store.write(lambda conn: queue.touch(conn, [Wake(key=KEY, reason="test")]))
    yield World(
        store=store, forges={}, mirrors=Mirrors(folder / "git"),
        tools=Tools(renderers=(), evaluator=InProcess((), ()), targets={}, key=b""), jail=Jail("best-effort"),
        allowed=lambda _: frozenset(), intervals=Intervals(lease=30, retry=4), public_url="", clock=lambda: NOON,
        signal=asyncio.Event(), toolchain=Installed((), {}),
    )  # fmt: skip
    await store.close()


async def play(world: World, handler: Work, *, until: asyncio.Event) -> None:
    """Work until `until`, then stop in order."""
    handlers = Handlers(repository=handler, pull_request=handler, environment=handler)
    busy = Worker(world, handlers, 2)
    running = asyncio.create_task(busy.run())
    await asyncio.wait_for(until.wait(), 20)
    await busy.stop()
    await running


async def ready_after_news(world: World) -> list[int]:
    """How many keys are ready, each of three times after there was news and the worker looked."""
    found = []
    for _ in range(3):
        world.signal.set()
        await asyncio.sleep(0)
        found.append(await world.store.read(lambda conn: queue.ready(conn, NOON)))
    return found
