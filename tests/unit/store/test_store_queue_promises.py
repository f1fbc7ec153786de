"""What the queue promises beyond the plain way of things: times, order, renames, workers that run at the same time."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from bot.errors import StaleLease
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake
from bot.store import Store, queue, repositories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = Repository(id=RepositoryId(forge="github", number=17, path="acme/shop"), default_branch="main")
PULL = PullRequestId(repository=ACME.id, number=4)
LEASE = 30.0
LATER = timedelta(seconds=LEASE + 1)


@pytest.fixture(autouse=True)
def adopted(request: pytest.FixtureRequest) -> None:
    if "conn" in request.fixturenames:
        repositories.adopt(request.getfixturevalue("conn"), ACME, NOON)


def touch(conn: Connection, *keys: Key, at: datetime | None = None) -> None:
    queue.touch(conn, [Wake(key=key, reason="test") for key in keys], at)


def take(conn: Connection, now: datetime, limit: int = 10, owner: str = "me") -> list[Lease]:
    return [lease for lease, _ in queue.take_keys(conn, owner, limit, now, LEASE)]


def test_a_key_has_the_path_that_its_repository_has_now(conn: Connection) -> None:
    touch(conn, PULL)
    renamed = RepositoryId(forge="github", number=17, path="acme/store")
    repositories.adopt(conn, Repository(id=renamed, default_branch="main"), NOON)
    [(_, key)] = queue.take_keys(conn, "me", 10, NOON, LEASE)
    assert str(key) == "github:acme/store#4"


def test_a_repository_s_crowd_keeps_no_other_waiting(conn: Connection) -> None:
    other = Repository(id=RepositoryId(forge="github", number=18, path="acme/quiet"), default_branch="main")
    repositories.adopt(conn, other, NOON)
    quiet = EnvironmentId(repository=other.id, name="prod")
    crowd = [PullRequestId(repository=ACME.id, number=number) for number in range(20)]
    for now in (NOON, NOON + timedelta(seconds=1)):  # all were worked on before, those of the crowd longer ago
        touch(conn, *(crowd if now == NOON else [quiet]))
        for lease in take(conn, now, limit=20):
            queue.settle(conn, lease, None)
    touch(conn, *crowd, quiet)
    assert "environment:github:18:prod" in [each.key for each in take(conn, NOON + LATER, limit=2)]


@pytest.mark.parametrize(("forge", "number"), [("github", 18), ("gitlab", 17)])
def test_a_repository_with_work_in_hand_comes_after_one_with_none(conn: Connection, forge: str, number: int) -> None:
    other = Repository(id=RepositoryId(forge=forge, number=number, path="acme/quiet"), default_branch="main")
    repositories.adopt(conn, other, NOON)
    touch(conn, *(PullRequestId(repository=ACME.id, number=number) for number in range(9)))
    take(conn, NOON, limit=4)
    touch(conn, PullRequestId(repository=other.id, number=1))
    [next_one] = take(conn, NOON + timedelta(seconds=1), limit=1, owner="you")
    assert next_one.key == f"pull:{forge}:{number}:1"


def test_the_place_apart_is_for_the_kinds_that_were_asked_for(conn: Connection) -> None:
    touch(conn, PULL, ACME.id)
    [(lease, _)] = queue.take_apart(conn, "me", NOON, LEASE, ["repository"])
    assert lease.key == "repository:github:17"


def test_a_repository_whose_worker_died_has_nothing_in_hand(conn: Connection) -> None:
    touch(conn, PULL)
    assert len(take(conn, NOON)) == 1
    assert queue.take_apart(conn, "you", NOON + timedelta(seconds=LEASE - 1), LEASE) == ()
    assert len(queue.take_apart(conn, "you", NOON + LATER, LEASE)) == 1


def test_what_is_unknown_takes_nobody_s_place(conn: Connection) -> None:
    strangers = [RepositoryId(forge="github", number=number, path="x/y") for number in range(100, 105)]
    touch(conn, *(PullRequestId(repository=each, number=1) for each in strangers), PULL)
    assert [each.key for each in take(conn, NOON, limit=1)] == ["pull:github:17:4"]


def test_an_environment_may_have_a_colon_in_its_name(conn: Connection) -> None:
    odd = EnvironmentId(repository=ACME.id, name="eu:west:1")
    touch(conn, odd)
    assert [key for _, key in queue.take_keys(conn, "me", 10, NOON, LEASE)] == [odd]


def test_a_leased_key_is_not_given_out_again_when_it_is_touched(conn: Connection) -> None:
    touch(conn, PULL)
    assert len(take(conn, NOON)) == 1
    touch(conn, PULL)
    assert take(conn, NOON + timedelta(seconds=LEASE - 1), owner="you") == []


def test_a_time_set_during_the_work_is_not_lost(conn: Connection) -> None:
    touch(conn, PULL)
    [lease] = take(conn, NOON)
    touch(conn, PULL, at=NOON + timedelta(seconds=5))
    queue.settle(conn, lease, NOON + timedelta(seconds=60))
    assert take(conn, NOON + timedelta(seconds=4)) == []
    assert len(take(conn, NOON + timedelta(seconds=5))) == 1


def test_a_time_set_before_the_work_outlasts_work_that_a_touch_brought(conn: Connection) -> None:
    touch(conn, PULL, at=NOON + timedelta(seconds=5))
    touch(conn, PULL)
    [lease] = take(conn, NOON)
    queue.settle(conn, lease, None)
    assert take(conn, NOON + timedelta(seconds=4)) == []
    assert len(take(conn, NOON + timedelta(seconds=5))) == 1


def test_a_due_time_may_move_earlier(conn: Connection) -> None:
    touch(conn, PULL, at=NOON + timedelta(hours=1))
    assert take(conn, NOON) == []
    touch(conn, PULL, at=NOON)
    assert len(take(conn, NOON)) == 1


def test_a_due_time_brings_the_key_once(conn: Connection) -> None:
    touch(conn, PULL, at=NOON)
    [lease] = take(conn, NOON)
    queue.settle(conn, lease, None)
    assert take(conn, NOON + LATER) == []


def test_a_due_key_whose_worker_died_is_taken_again(conn: Connection) -> None:
    touch(conn, PULL, at=NOON)
    [first] = take(conn, NOON)
    [second] = take(conn, NOON + LATER, owner="you")
    assert second.epoch > first.epoch


def test_failures_are_counted_until_the_work_succeeds(conn: Connection) -> None:
    touch(conn, PULL)
    for attempt in range(3):
        now = NOON + attempt * timedelta(minutes=1)
        [lease] = take(conn, now)
        assert queue.attempts(conn, lease.key) == attempt
        queue.fail(conn, lease, "TemporaryError", now + timedelta(minutes=1))
        assert take(conn, now + timedelta(seconds=59)) == []
    [lease] = take(conn, NOON + timedelta(minutes=3))
    queue.settle(conn, lease, None)
    assert queue.attempts(conn, lease.key) == 0


def test_news_during_work_that_fails_end_its_wait(conn: Connection) -> None:
    touch(conn, PULL)
    [lease] = take(conn, NOON)
    touch(conn, PULL)
    queue.fail(conn, lease, "TemporaryError", NOON + timedelta(minutes=5))
    assert len(take(conn, NOON)) == 1


def test_what_is_given_back_can_be_taken_at_once(conn: Connection) -> None:
    touch(conn, PULL)
    [lease] = take(conn, NOON)
    queue.release(conn, lease)
    [again] = take(conn, NOON, owner="you")
    assert again.epoch > lease.epoch
    with pytest.raises(StaleLease):
        queue.release(conn, lease)


def test_who_finds_a_later_epoch_elsewhere_goes_on_above_it(conn: Connection) -> None:
    touch(conn, PULL)
    [lease] = take(conn, NOON)
    queue.overtake(conn, lease, 41)
    [again] = take(conn, NOON)
    assert again.epoch == 42
    with pytest.raises(StaleLease):
        queue.overtake(conn, lease, 50)


def test_a_renewed_lease_lasts(conn: Connection) -> None:
    touch(conn, PULL)
    [lease] = take(conn, NOON)
    queue.renew(conn, lease, NOON + timedelta(seconds=20), LEASE)
    assert take(conn, NOON + LATER, owner="you") == []
    queue.check(conn, lease)


def test_who_waited_longest_goes_first(conn: Connection) -> None:
    keys = [PullRequestId(repository=ACME.id, number=number) for number in range(1, 6)]
    order: list[str] = []
    for second in range(10):
        touch(conn, *keys)
        [lease] = take(conn, NOON + timedelta(seconds=second), limit=1)
        queue.settle(conn, lease, None)
        order.append(lease.key)
    assert set(Counter(order).values()) == {2}


def test_what_could_be_taken_is_what_is_counted(conn: Connection) -> None:
    touch(conn, *(PullRequestId(repository=ACME.id, number=number) for number in range(1, 5)))
    [failed, _] = take(conn, NOON, limit=2)
    queue.fail(conn, failed, "TemporaryError", NOON + timedelta(minutes=5))
    assert queue.ready(conn, NOON) == len(take(conn, NOON)) == 2


def test_a_process_that_is_alone_takes_over_at_once(conn: Connection) -> None:
    touch(conn, PULL)
    [old] = take(conn, NOON)
    queue.reclaim(conn)
    with pytest.raises(StaleLease):
        queue.check(conn, old)
    [new] = take(conn, NOON)
    assert new.epoch > old.epoch


def at_once(workers: int) -> threading.Barrier:
    """Nobody starts before all have; a worker that never comes fails the test."""
    return threading.Barrier(workers, timeout=20)


@pytest.fixture
def engine_of_many(store: Store) -> Engine:
    """A database that several connections write to."""
    if store._write.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    return store._write


async def test_workers_at_the_same_time_never_take_the_same_work(store: Store, engine_of_many: Engine) -> None:
    pulls = [PullRequestId(repository=ACME.id, number=number) for number in range(1, 201)]
    await store.write(lambda conn: repositories.adopt(conn, ACME, NOON))
    await store.write(lambda conn: touch(conn, *pulls))
    start = at_once(4)

    def work(owner: str) -> list[Lease]:
        taken: list[Lease] = []
        start.wait()
        while True:
            with engine_of_many.begin() as conn:
                found = take(conn, NOON, limit=3, owner=owner)
            if not found:
                return taken
            taken += found

    with ThreadPoolExecutor(4) as pool:
        by_owner = list(pool.map(work, ["a", "b", "c", "d"]))
    assert sorted(lease.key for each in by_owner for lease in each) == sorted(
        f"pull:github:17:{p.number}" for p in pulls
    )
    assert all(lease.epoch == 1 for each in by_owner for lease in each)
    assert sum(bool(each) for each in by_owner) > 1, "one worker did everything: nothing was shown"


async def test_who_takes_does_not_wait_for_another_that_takes(store: Store, engine_of_many: Engine) -> None:
    pulls = [PullRequestId(repository=ACME.id, number=number) for number in (1, 2)]
    await store.write(lambda conn: repositories.adopt(conn, ACME, NOON))
    await store.write(lambda conn: touch(conn, *pulls))
    with engine_of_many.begin() as one, engine_of_many.begin() as other:
        [first] = take(one, NOON, limit=1)
        other.execute(text("SET LOCAL lock_timeout = '5s'"))
        [second] = take(other, NOON, limit=1)
    assert {first.key, second.key} == {"pull:github:17:1", "pull:github:17:2"}


async def test_who_writes_under_a_lease_is_not_overtaken_meanwhile(store: Store, engine_of_many: Engine) -> None:
    await store.write(lambda conn: repositories.adopt(conn, ACME, NOON))
    await store.write(lambda conn: touch(conn, PULL))
    [lease] = await store.write(lambda conn: take(conn, NOON))
    with engine_of_many.begin() as slow, engine_of_many.begin() as other:
        queue.check(slow, lease)
        assert take(other, NOON + LATER, owner="you") == []
    with engine_of_many.begin() as other:
        assert len(take(other, NOON + LATER, owner="you")) == 1


async def test_touches_in_crossing_order_do_not_wait_for_each_other(store: Store, engine_of_many: Engine) -> None:
    keys = [PullRequestId(repository=ACME.id, number=number) for number in range(1, 41)]
    await store.write(lambda conn: touch(conn, *keys))
    start = at_once(2)

    def work(keys: list[Key]) -> None:
        for _ in range(20):
            start.wait()
            with engine_of_many.begin() as conn:
                touch(conn, *keys)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [keys, keys[::-1]]))
