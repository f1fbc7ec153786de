"""The moment in which an apply begins: a hold, or an approval that was taken back, is before it or after it."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.flow.carry_out import begin
from bot.flow.world import World
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Person, PullRequestId
from bot.model.noun import Digest, Sha
from bot.model.plan import Plan
from bot.store import approvals, environments, holds, journal, queue
from bot.store.journal import Intent
from tests.support.alone import KEY, NOON

ID = EnvironmentId(repository=KEY, name="prod")
PULL = PullRequestId(repository=KEY, number=4)
ANA = Person(id=1, login="ana")
STATE = Digest("d1:a")
GIVEN = Approval(environment="", pull_request=PULL, desired=STATE, objects={}, by=ANA, how="command", at=NOON)

Do = Callable[[Connection, str], object]


def hold_and_release(conn: Connection, uid: str) -> None:
    holds.add(conn, uid, ANA, "stop", NOON)
    holds.release(conn, uid, NOON)


MEANWHILE: dict[str, tuple[Do, bool]] = {
    "nothing": (lambda conn, uid: None, True),
    "a hold": (lambda conn, uid: holds.add(conn, uid, ANA, "stop", NOON), False),
    "a hold that was released": (hold_and_release, True),
    "an approval taken back": (lambda conn, uid: approvals.withdraw(conn, uid, PULL, ANA, NOON), False),
    "an approval spent": (lambda conn, uid: approvals.spend(conn, uid, STATE, NOON), False),
    "another approval": (lambda conn, uid: approvals.add(conn, replace(GIVEN, environment=uid), "comment:2"), True),
    "a pull request closed": (lambda conn, uid: approvals.end_all(conn, PULL, NOON), False),
    "a review dismissed": (lambda conn, uid: approvals.end_reviews(conn, PULL, [], NOON), True),
    "a hold of another environment": (lambda conn, uid: holds.add(conn, "other", ANA, "stop", NOON), True),
}  # fmt: skip


@pytest.mark.parametrize("what", MEANWHILE)
async def test_what_came_before_it_stops_an_apply(world: World, what: str) -> None:
    meanwhile, begins = MEANWHILE[what]
    row = await world.store.write(lambda conn: environments.ensure(conn, ID, NOON))
    given = replace(GIVEN, environment=row.uid)
    await world.store.write(lambda conn: approvals.add(conn, given, "comment:1"))
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    await world.store.write(lambda conn: meanwhile(conn, row.uid))
    plan = Plan(environment=ID, desired=STATE, destination="here", changes=(), inventory=0, at=NOON)
    intent = Intent(
        environment=row.uid, epoch=lease.epoch, revision=Sha("a" * 40), digest=STATE, plan=plan, riders=(4,),
        repair=False,
    )  # fmt: skip
    found: Any = SimpleNamespace(facts=SimpleNamespace(approvals=(given,)), known=SimpleNamespace(row=row))
    assert (await begin(world, found, intent, lease) is not None) is begins
    assert (await world.store.read(lambda conn: journal.last(conn, row.uid)) is not None) is begins
    ready = await world.store.read(lambda conn: queue.ready(conn, NOON))
    assert bool(ready) is not begins
