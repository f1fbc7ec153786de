"""Taking work from the queue: leases, renewal, back-off, and an orderly end."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bot.errors import PermanentError, StaleError, StaleLease, TemporaryError
from bot.flow.replica import allowed_kinds
from bot.flow.world import World
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId
from bot.model.noun import noun
from bot.store import queue

__all__ = ["Handlers", "Worker"]

K = TypeVar("K")

Handler = Callable[[World, K, Lease], Awaitable[float | None]]
"""One piece of work; returns after how many seconds to look again by itself (None: not by itself)."""

LONGEST_WAIT = 300.0
IDLE_LOOK = 1.0
PATIENCE = 20.0

log = structlog.get_logger(__name__)


@noun
class Handlers:
    """What is done for each kind of key."""

    repository: Handler[RepositoryId]
    pull_request: Handler[PullRequestId]
    environment: Handler[EnvironmentId]

    async def handle(self, world: World, key: Key, lease: Lease) -> float | None:
        """Do the work of a key."""
        match key:
            case RepositoryId():
                return await self.repository(world, key, lease)
            case PullRequestId():
                return await self.pull_request(world, key, lease)
            case EnvironmentId():
                return await self.environment(world, key, lease)


class Worker:
    """Runs up to `slots` pieces of work at a time; one key is never worked on twice at once.

    Where all of them are taken there is one more place, for a repository that has nothing in hand: one that is slow
    does not keep it waiting.
    """

    def __init__(self, world: World, handlers: Handlers, slots: int) -> None:
        self.world, self.handlers, self.slots = world, handlers, slots
        self.owner = uuid.uuid4().hex
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop`. What the store cannot hand out is asked for again."""
        while not self._stopping:
            try:
                taken = await self._take()
            except TemporaryError as error:
                log.warning("store unavailable", error=str(error))
                taken = 0
            if not taken:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_LOOK):
                        await self.world.signal.wait()
            self.world.signal.clear()

    async def _take(self) -> int:
        free = self.slots - len(self._tasks)
        if free < 0:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            return 1
        now, seconds = self.world.clock(), self.world.intervals.lease
        mine = self.world.toolchain.known

        def take(conn: Connection) -> tuple[tuple[Lease, Key], ...]:
            kinds = allowed_kinds(conn, mine)
            if free == 0:
                return queue.take_apart(conn, self.owner, now, seconds, kinds)
            return queue.take_keys(conn, self.owner, free, now, seconds, kinds)

        found = await self.world.store.write(take)
        if self._stopping:  # meanwhile: `stop` does not wait for what begins after it
            for lease, _ in found:
                await self._give_back(lease)
            return 0
        for lease, key in found:
            task = asyncio.create_task(self._work(lease, key), name=lease.key)
            self._tasks.add(task)
            task.add_done_callback(self._finished)
        return len(found)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.world.signal.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("work was lost by its worker and will be taken again", key=task.get_name(), error=repr(error))

    async def _work(self, lease: Lease, key: Key) -> None:
        renewal = asyncio.create_task(self._renew(lease))
        try:
            again = await self.handlers.handle(self.world, key, lease)
            due = self.world.clock() + timedelta(seconds=again) if again is not None else None
            await self.world.store.write(lambda conn: queue.settle(conn, lease, due))
        except StaleLease as error:
            log.warning("work was overtaken", key=lease.key, error=str(error))
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(lease))
            raise
        except Exception as error:  # whatever goes wrong in one piece of work must not stop the others
            await self._failed(lease, error)
        finally:
            renewal.cancel()

    async def _failed(self, lease: Lease, error: Exception) -> None:
        expected = isinstance(error, (TemporaryError, PermanentError, StaleError))
        attempts = await self.world.store.read(lambda conn: queue.attempts(conn, lease.key))
        wait = min(self.world.intervals.retry * 2 ** min(attempts, 10) * random.uniform(0.8, 1.2), LONGEST_WAIT)
        if isinstance(error, TemporaryError):
            wait = max(error.delay, wait) if attempts else error.delay
        (log.warning if expected else log.exception)(
            "work failed", key=lease.key, error=str(error), again_in=round(wait, 1)
        )
        due = self.world.clock() + timedelta(seconds=wait)
        with contextlib.suppress(StaleLease):
            await self.world.store.write(lambda conn: queue.fail(conn, lease, type(error).__name__, due))

    async def _give_back(self, lease: Lease) -> None:
        with contextlib.suppress(StaleLease, TemporaryError):
            await self.world.store.write(lambda conn: queue.release(conn, lease))

    async def _renew(self, lease: Lease) -> None:
        seconds = self.world.intervals.lease
        while True:
            await asyncio.sleep(seconds / 3)
            with contextlib.suppress(TemporaryError, StaleLease):
                renew = partial(queue.renew, lease=lease, now=self.world.clock(), seconds=seconds)
                await self.world.store.write(renew)

    async def stop(self) -> None:
        """Take nothing more; wait for what is in hand, then give the rest back."""
        self._stopping = True
        self.world.signal.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
