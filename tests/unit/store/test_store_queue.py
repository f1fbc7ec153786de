"""The queue: touches coalesce and are never lost, a lease is fenced, a due time never moves later."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.errors import StaleLease
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake
from bot.store import Store, queue, repositories

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
REPOSITORY = RepositoryId(forge="github", number=7, path="acme/shop")
PULL = PullRequestId(repository=REPOSITORY, number=4)
SECONDS = 30.0


@pytest.fixture(autouse=True)
async def adopted(store: Store) -> None:
    found = Repository(id=REPOSITORY, default_branch="main")
    await store.write(lambda conn: repositories.adopt(conn, found, NOW))


async def touch(store: Store, at: datetime | None = None) -> None:
    await store.write(lambda conn: queue.touch(conn, [Wake(key=PULL, reason="test")], at))


async def take(store: Store, now: datetime = NOW, owner: str = "one", limit: int = 5) -> list[Lease]:
    return [each for each, _ in await store.write(lambda conn: queue.take_keys(conn, owner, limit, now, SECONDS))]


async def test_touches_of_one_key_are_one_piece_of_work(store: Store) -> None:
    for _ in range(3):
        await touch(store)
    (lease,) = await take(store)
    assert await take(store) == []
    await store.write(lambda conn: queue.settle(conn, lease, None))
    assert await take(store) == []


async def test_a_touch_during_the_work_is_not_lost(store: Store) -> None:
    await touch(store)
    (lease,) = await take(store)
    await touch(store)
    await store.write(lambda conn: queue.settle(conn, lease, None))
    assert len(await take(store)) == 1


async def test_keys_come_back_as_what_they_were(store: Store) -> None:
    keys: set[Key] = {REPOSITORY, PULL, EnvironmentId(repository=REPOSITORY, name="prod")}
    await store.write(lambda conn: queue.touch(conn, [Wake(key=key, reason="test") for key in keys]))
    taken = await store.write(lambda conn: queue.take_keys(conn, "one", 5, NOW, SECONDS))
    assert {key for _, key in taken} == keys


async def test_an_expired_lease_is_taken_and_its_writes_are_refused(store: Store) -> None:
    await touch(store)
    (old,) = await take(store)
    (new,) = await take(store, NOW + timedelta(seconds=SECONDS + 1), owner="two")
    assert new.epoch > old.epoch
    for write in (lambda conn: queue.settle(conn, old, None), lambda conn: queue.renew(conn, old, NOW, SECONDS)):
        with pytest.raises(StaleLease):
            await store.write(write)
    with pytest.raises(StaleLease):
        await store.write_leased(old, lambda conn: queue.touch(conn, [Wake(key=REPOSITORY, reason="stale")]))
    assert await store.read(lambda conn: queue.ready(conn, NOW)) == 0
    await store.write(lambda conn: queue.settle(conn, new, None))


async def test_a_settled_lease_writes_no_more(store: Store) -> None:
    await touch(store)
    (lease,) = await take(store)
    await store.write(lambda conn: queue.settle(conn, lease, None))
    with pytest.raises(StaleLease):
        await store.write_leased(lease, lambda conn: None)


async def test_failures_wait_until_they_are_due_or_something_new_happens(store: Store) -> None:
    await touch(store)
    (lease,) = await take(store)
    due = NOW + timedelta(minutes=5)
    await store.write(lambda conn: queue.fail(conn, lease, "down", due))
    assert await take(store) == []
    assert len(await take(store, due)) == 1


async def test_something_new_ends_the_waiting(store: Store) -> None:
    await touch(store)
    (lease,) = await take(store)
    await store.write(lambda conn: queue.fail(conn, lease, "down", NOW + timedelta(minutes=5)))
    await touch(store)
    assert len(await take(store)) == 1


async def test_a_due_time_never_moves_later(store: Store) -> None:
    await touch(store, NOW + timedelta(minutes=1))
    await touch(store, NOW + timedelta(minutes=9))
    assert await take(store) == []
    assert len(await take(store, NOW + timedelta(minutes=1))) == 1


async def test_a_timer_does_not_keep_new_work_waiting(store: Store) -> None:
    await touch(store)
    (lease,) = await take(store)
    await store.write(lambda conn: queue.settle(conn, lease, NOW + timedelta(hours=1)))
    assert await take(store) == []
    await touch(store)
    assert len(await take(store)) == 1


async def test_work_of_an_unknown_repository_is_dropped(store: Store) -> None:
    stranger = RepositoryId(forge="github", number=99, path="x/y")
    for at in (None, NOW):
        await store.write(partial(queue.touch, wakes=[Wake(key=stranger, reason="test")], at=at))
    assert await take(store) == []
    assert await store.read(lambda conn: queue.ready(conn, NOW)) == 0


async def test_two_owners_never_hold_one_key(store: Store) -> None:
    keys = [PullRequestId(repository=REPOSITORY, number=number) for number in range(40)]
    await store.write(lambda conn: queue.touch(conn, [Wake(key=key, reason="test") for key in keys]))
    rounds = await asyncio.gather(*(take(store, owner=f"owner {n}", limit=10) for n in range(8)))
    taken = [lease.key for leases in rounds for lease in leases]
    assert len(taken) == len(set(taken))
    rest = await take(store, limit=100)
    assert len(taken) + len(rest) == len(keys)
