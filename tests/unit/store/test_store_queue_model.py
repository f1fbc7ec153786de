"""The queue beside a plain model of its promises: any order of touches, takes, settles, failures, crashes and time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from bot.errors import StaleLease
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import PullRequestId, RepositoryId, Wake, key_text
from bot.store import queue, repositories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = Repository(id=RepositoryId(forge="github", number=17, path="acme/shop"), default_branch="main")
LEASE = 30.0
KEYS = st.integers(1, 3)
SECONDS = st.integers(0, 90)


class Promise:
    """What the queue owes one key: work not yet begun, times at which to look, and who holds it until when."""

    def __init__(self) -> None:
        self.owed = False
        self.times: list[datetime] = []
        self.claimed = False
        self.holder: Lease | None = None
        self.until: datetime | None = None
        self.epoch = 0

    def ready(self, now: datetime) -> bool:
        free = self.until is None or self.until <= now
        return free and (self.owed or self.claimed or any(time <= now for time in self.times))


class Machine(RuleBasedStateMachine):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.conn = engine.connect()
        self.transaction = self.conn.begin()
        repositories.adopt(self.conn, ACME, NOON)
        self.now = NOON
        self.pulls = {number: PullRequestId(repository=ACME.id, number=number) for number in (1, 2, 3)}
        self.promises = {key_text(each): Promise() for each in self.pulls.values()}
        self.leases: list[Lease] = []

    def teardown(self) -> None:
        self.transaction.rollback()
        self.conn.close()

    def touched(self, number: int) -> tuple[Wake, Promise]:
        pull = self.pulls[number]
        return Wake(key=pull, reason="model"), self.promises[key_text(pull)]

    @rule(number=KEYS)
    def touch(self, number: int) -> None:
        wake, promise = self.touched(number)
        queue.touch(self.conn, [wake])
        promise.owed = True

    @rule(number=KEYS, seconds=SECONDS)
    def touch_for_later(self, number: int, seconds: int) -> None:
        wake, promise = self.touched(number)
        at = self.now + timedelta(seconds=seconds)
        queue.touch(self.conn, [wake], at=at)
        promise.times = [min([*promise.times, at])]

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(limit=st.integers(1, 3))
    def take(self, limit: int) -> None:
        ready = {key for key, promise in self.promises.items() if promise.ready(self.now)}
        taken = [lease for lease, _ in queue.take_keys(self.conn, "model", limit, self.now, LEASE)]
        assert {lease.key for lease in taken} <= ready
        assert len(taken) == min(limit, len(ready)), f"{ready} were ready"
        for lease in taken:
            promise = self.promises[lease.key]
            assert lease.epoch > promise.epoch
            promise.epoch, promise.holder, promise.until = lease.epoch, lease, lease.until
            promise.owed, promise.claimed = False, True
            promise.times = [time for time in promise.times if time > self.now]
            self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), seconds=st.none() | SECONDS, success=st.booleans())
    def end(self, data: st.DataObject, seconds: int | None, success: bool) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        promise = self.promises[lease.key]
        due = None if seconds is None else self.now + timedelta(seconds=seconds)
        try:
            if success:
                queue.settle(self.conn, lease, due)
            else:
                queue.fail(self.conn, lease, "Model", due or self.now)
        except StaleLease:
            assert promise.holder != lease
            return
        assert promise.holder == lease, "somebody else held the key"
        due = due if success else due or self.now
        promise.holder = promise.until = None
        promise.claimed = False
        promise.times = [min([*promise.times, due])] if due else promise.times

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        promise = self.promises[lease.key]
        try:
            queue.renew(self.conn, lease, self.now, LEASE)
        except StaleLease:
            assert promise.holder != lease
            return
        assert promise.holder == lease
        promise.until = self.now + timedelta(seconds=LEASE)

    @rule()
    def start_again_after_a_crash(self) -> None:
        queue.reclaim(self.conn)
        for promise in self.promises.values():
            promise.holder = promise.until = None

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        assert queue.ready(self.conn, self.now) == sum(each.ready(self.now) for each in self.promises.values())


@pytest.mark.timeout(300)
def test_the_queue_keeps_its_promises(engine: Engine) -> None:
    def machine() -> Machine:
        return Machine(engine)

    run_state_machine_as_test(
        machine,  # type: ignore[arg-type]  # a function that makes one will do as well
        settings=settings(max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck)),
    )
