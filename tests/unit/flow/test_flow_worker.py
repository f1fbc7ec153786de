"""The worker: what it does with work that fails, that is overtaken, and that is in hand at the end."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Connection, Engine, create_engine, select

from bot.cli.demo.walk.browser import eventually
from bot.errors import StaleLease, TemporaryError
from bot.flow import worker
from bot.flow.worker import Handlers, Worker
from bot.flow.world import World
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import Key, PullRequestId, RepositoryId, Wake
from bot.settings import Intervals
from bot.store import queue, repositories
from bot.store.tables import queue as table
from tests.support.alone import KEY, NOON, Work, play, ready_after_news


@pytest.fixture
async def intruder(world: World, tmp_path: Path) -> AsyncIterator[Engine]:
    """What else can write to the store, which waits for nobody."""
    await world.store.write(lambda conn: conn.exec_driver_sql("PRAGMA busy_timeout = 0"))
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


async def row(world: World) -> tuple[bool, float | None, int]:
    """Of the key: whether it could be taken now, when it comes by itself (in seconds), how often it failed."""
    ready = await world.store.read(lambda conn: queue.ready(conn, NOON))
    found = await world.store.read(lambda conn: conn.execute(select(table)).one())
    due = (datetime.fromisoformat(found.due) - NOON).total_seconds() if found.due else None
    return bool(ready), due, found.attempts


async def lease_until(world: World) -> datetime:
    """Until when the key is held."""
    found = await world.store.read(lambda conn: conn.execute(select(table.c.lease_until)).scalar_one())
    return datetime.fromisoformat(found)


def failing(error: Exception, started: asyncio.Event) -> Work:
    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        started.set()
        raise error

    return handler


async def test_work_that_keeps_failing_waits_longer_each_time_but_not_for_ever(world: World) -> None:
    waits = []
    for attempt in range(12):
        await play(world, failing(ValueError("no"), started := asyncio.Event()), until=started)
        ready, due, attempts = await row(world)
        assert not ready
        assert attempts == attempt + 1
        waits.append(due or 0.0)
        await world.store.write(lambda conn: queue.touch(conn, [Wake(key=KEY, reason="again")]))
        # an earlier due time is kept by the queue, so it is taken away between two rounds
        await world.store.write(lambda conn: conn.execute(table.update().values(due=None)))
    for number, wait in enumerate(waits):
        expected = min(4.0 * 2**number, worker.LONGEST_WAIT)
        assert 0.79 * expected <= wait <= 1.21 * expected, (number, wait)


async def test_what_says_when_to_try_again_is_tried_then(world: World) -> None:
    await play(world, failing(TemporaryError("busy", 77.0), started := asyncio.Event()), until=started)
    assert await row(world) == (False, 77.0, 1)


async def test_what_is_tried_again_waits_longer_each_time_but_never_less_than_it_says(world: World) -> None:
    waits = []
    for delay in (1.0, 1.0, 1.0, 1000.0):
        await play(world, failing(TemporaryError("busy", delay), started := asyncio.Event()), until=started)
        _, due, _ = await row(world)
        waits.append(due or 0.0)
        await world.store.write(lambda conn: queue.touch(conn, [Wake(key=KEY, reason="again")]))
        await world.store.write(lambda conn: conn.execute(table.update().values(due=None)))
    assert (waits[0], waits[3]) == (1.0, 1000.0)
    assert 6.4 <= waits[1] <= 9.6 <= 12.8 <= waits[2] <= 19.2


async def test_what_failed_for_days_is_still_tried_again(world: World) -> None:
    await world.store.write(lambda conn: conn.execute(table.update().values(attempts=5000)))
    await play(world, failing(ValueError("no"), started := asyncio.Event()), until=started)
    ready, due, attempts = await row(world)
    assert (ready, attempts) == (False, 5001)
    assert 0.79 * worker.LONGEST_WAIT <= (due or 0.0) <= 1.21 * worker.LONGEST_WAIT


async def test_who_was_overtaken_changes_nothing_of_the_key(world: World) -> None:
    await play(world, failing(StaleLease("other"), started := asyncio.Event()), until=started)
    found = await world.store.read(lambda conn: conn.execute(select(table)).one())
    assert found.attempts == 0
    assert found.wanted > found.done


async def test_who_learns_at_the_end_that_it_was_overtaken_changes_nothing_and_says_so(world: World) -> None:
    started = asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        later = NOON + timedelta(hours=1)
        await world.store.write(lambda conn: queue.take_keys(conn, "other", 1, later, 30))
        started.set()
        return None

    with structlog.testing.capture_logs() as said:
        await play(world, handler, until=started)
    assert [(each["log_level"], each["event"]) for each in said] == [("warning", "work was overtaken")]
    found = await world.store.read(lambda conn: conn.execute(select(table)).one())
    assert (found.owner, found.wanted > found.done) == ("other", True)


async def test_work_that_cannot_be_settled_is_not_held_until_its_lease_runs_out(
    world: World, intruder: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "IDLE_LOOK", 1000.0)
    started = asyncio.Event()
    with intruder.connect() as held:

        async def handler(world: World, key: Key, lease: Lease) -> float | None:
            held.exec_driver_sql("BEGIN IMMEDIATE")
            started.set()
            return None

        def clock() -> datetime:
            held.rollback()
            return NOON

        await play(replace(world, clock=clock), handler, until=started)
    assert await row(world) == (False, 1.0, 1)


@pytest.mark.parametrize(("again", "kept"), [(60.0, (False, 60.0, 0)), (0.0, (True, 0.0, 0)), (None, (False, None, 0))])
async def test_what_is_done_is_settled_and_comes_again_when_it_said(
    world: World, again: float | None, kept: tuple[bool, float | None, int]
) -> None:
    started, before = asyncio.Event(), asyncio.all_tasks()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        started.set()
        return again

    await play(world, handler, until=started)
    assert await row(world) == kept
    assert asyncio.all_tasks() == before, "a lease that has ended is renewed"


async def test_what_is_not_finished_at_the_end_is_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.05)
    started = asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        started.set()
        await asyncio.Event().wait()
        return None

    await play(world, handler, until=started)
    ready, _, attempts = await row(world)
    assert ready
    assert attempts == 0
    assert caplog.records == []  # asyncio tells of what nobody handled
    # another worker need not wait for the lease to run out
    taken = await world.store.write(lambda conn: queue.take_keys(conn, "other", 1, NOON + timedelta(seconds=1), 30))
    assert [key for _, key in taken] == [KEY]


async def test_what_is_taken_while_it_stops_is_given_back_and_never_begun(world: World) -> None:
    begun: list[Key] = []

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        begun.append(key)
        return None

    busy = Worker(world, Handlers(repository=handler, pull_request=handler, environment=handler), 2)
    running = asyncio.create_task(busy.run())
    await asyncio.sleep(0)  # it asks the store by now, which answers from another thread
    await busy.stop()
    await running
    await asyncio.sleep(0)
    assert begun == []
    assert await row(world) == (True, None, 0)


async def nothing_before(world: World, due: datetime | None = None) -> None:
    """The key is worked off; it comes again when it is due."""
    [(lease, _)] = await world.store.write(lambda conn: queue.take_keys(conn, "before", 1, NOON, 30))
    await world.store.write(lambda conn: queue.settle(conn, lease, due))


def looking(world: World, at_look: Callable[[int], datetime]) -> World:
    """The same, with a clock that knows how often the worker looked for work before (while there is none)."""
    looks = itertools.count()
    return replace(world, clock=lambda: at_look(next(looks)))


async def done(world: World, key: Key, lease: Lease) -> float | None:
    """Work that takes no time."""
    return None


async def test_a_store_that_does_not_answer_is_asked_again(world: World, intruder: Engine) -> None:
    started = asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        started.set()
        return None

    with intruder.connect() as held:
        held.exec_driver_sql("BEGIN IMMEDIATE")

        def at_look(number: int) -> datetime:
            if number == 1:
                held.rollback()
            return NOON

        await play(looking(world, at_look), handler, until=started)


async def test_what_is_due_is_begun_though_nobody_says_so(world: World) -> None:
    await nothing_before(world, due=NOON + timedelta(minutes=1))
    started = asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        started.set()
        return None

    await play(looking(world, lambda number: NOON + number * timedelta(minutes=2)), handler, until=started)


async def test_who_has_nothing_to_do_rests(world: World) -> None:
    await nothing_before(world)
    looks: list[int] = []

    def at_look(number: int) -> datetime:
        looks.append(number)
        return NOON

    rested = asyncio.Event()
    playing = asyncio.create_task(play(looking(world, at_look), done, until=rested))
    world.signal.set()
    for _ in range(100):
        await world.store.read(lambda conn: queue.ready(conn, NOON))
    rested.set()
    await playing
    assert len(looks) < 10


async def test_a_place_that_is_free_again_is_used_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "IDLE_LOOK", 1000.0)
    keys = {PullRequestId(repository=KEY, number=number) for number in range(8)}
    seen: set[Key] = set()
    all_done = asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        seen.add(key)
        if keys <= seen:
            all_done.set()
        return None

    await world.store.write(lambda conn: queue.touch(conn, [Wake(key=key, reason="test") for key in keys]))
    await play(world, handler, until=all_done)


async def test_a_repository_whose_work_takes_every_place_does_not_keep_another_waiting(world: World) -> None:
    other = RepositoryId(forge="hub", number=8, path="acme/quiet")
    slow = [PullRequestId(repository=KEY, number=number) for number in range(4)]
    busy, done, let_go = asyncio.Semaphore(0), asyncio.Event(), asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        if key == other:
            done.set()
            return None
        busy.release()
        await let_go.wait()
        return None

    async def when_all_are_taken() -> None:
        for _ in range(2):
            await busy.acquire()
        await world.store.write(lambda conn: queue.touch(conn, [Wake(key=other, reason="test")]))
        world.signal.set()

    def begin(conn: Connection) -> None:
        repositories.adopt(conn, Repository(id=other, default_branch="main"), NOON)
        queue.touch(conn, [Wake(key=key, reason="test") for key in slow])

    await world.store.write(begin)
    touching = asyncio.create_task(when_all_are_taken())
    try:
        async with asyncio.timeout(20):
            playing = asyncio.create_task(play(world, handler, until=done))
            await done.wait()
        assert busy.locked()  # nobody else of the slow one was begun
    finally:
        let_go.set()
        await playing
        await touching


async def test_no_more_is_taken_than_there_are_places_and_one_for_who_has_nothing_in_hand(world: World) -> None:
    crowd = [RepositoryId(forge="hub", number=number, path=f"acme/{number}") for number in range(1, 6)]
    begun, all_there, let_go = asyncio.Semaphore(0), asyncio.Event(), asyncio.Semaphore(0)

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        begun.release()
        await let_go.acquire()
        return None

    def begin(conn: Connection) -> None:
        for each in crowd:
            repositories.adopt(conn, Repository(id=each, default_branch="main"), NOON)
        queue.touch(conn, [Wake(key=each, reason="test") for each in crowd])

    await world.store.write(begin)
    playing = asyncio.create_task(play(world, handler, until=all_there))
    try:
        async with asyncio.timeout(20):
            for _ in range(3):  # `play` has two places
                await begun.acquire()
        assert await ready_after_news(world) == [3, 3, 3]
        assert begun.locked()
        let_go.release()
        async with asyncio.timeout(20):
            await begun.acquire()  # the next one, while the others go on
    finally:
        for _ in range(6):  # all there are
            let_go.release()
        all_there.set()
        await playing


async def test_a_lease_is_renewed_while_its_work_takes_longer(world: World) -> None:
    started = asyncio.Event()
    short = replace(world, intervals=Intervals(lease=2), clock=lambda: datetime.now(UTC))
    until: list[datetime] = []
    in_time: list[bool] = []

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        async def renewed() -> bool:
            until.append(await lease_until(world))
            return until[-1] > lease.until

        started.set()
        await eventually(renewed, "the lease was not renewed")
        in_time.append(until[-1] - timedelta(seconds=2) < lease.until)
        return None

    await play(short, handler, until=started)
    assert in_time == [True]


async def test_a_lease_is_renewed_though_the_store_did_not_answer_once(
    world: World, intruder: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "IDLE_LOOK", 1000.0)
    started = asyncio.Event()
    short = replace(world, intervals=world.intervals.model_copy(update={"lease": 0.3}))
    later: list[bool] = []

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        with intruder.connect() as held:
            held.exec_driver_sql("BEGIN IMMEDIATE")
            tries = itertools.count()

            def clock() -> datetime:
                if next(tries) == 1:  # the second time that it is to be renewed
                    held.rollback()
                return NOON + timedelta(seconds=1)

            at[0] = clock

            async def renewed() -> bool:
                return await lease_until(world) > lease.until

            started.set()
            later.append(await eventually(renewed, "the lease was not renewed"))
        return None

    at: list[Callable[[], datetime]] = [lambda: NOON]
    await play(replace(short, clock=lambda: at[0]()), handler, until=started)
    assert later == [True]
