"""The gate's facts as they are gathered: who is in standing, what threads showed, what came before."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.flow.gather import facts_of_open, facts_of_pending, known, upstreams
from bot.flow.riders import Riders
from bot.flow.world import World
from bot.gate.facts import Upstream
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.forge import Commit, PullRequest
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Person, PullRequestId
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Applied, Plan
from bot.store import approvals, environments, holds, journal, plans
from bot.store.environments import AppliedState
from bot.store.journal import Intent
from bot.store.plans import Published
from tests.support.alone import KEY, NOON
from tests.support.thread import ANA, BO, TEAM, A, Members, at

HOUR = timedelta(hours=1)
MINE, OTHER = (PullRequestId(repository=KEY, number=number) for number in (4, 5))
WRITERS = ApprovalRule(count=2)
PROD = Environment(
    id=EnvironmentId(repository=KEY, name="prod"), source=Source(path="prod"), target="prod", apply="on-merge",
    approvals=TEAM, after=("staging",),
)  # fmt: skip
PULL = PullRequest(
    id=MINE, title="a change", url="", base="main", head=Sha("a" * 40), branch="topic", author=BO, fork=False,
    draft=False, state="open", at=NOON, merge_commit=None, merged_at=None, remarks=(),
    commits=(Commit(sha=Sha("a" * 40), people=frozenset({7}), strangers=("x@example.org",)),),
)  # fmt: skip


@pytest.fixture
async def uid(world: World) -> str:
    """The id of an environment to which a looser rule than its present one was applied."""
    row = await world.store.write(lambda conn: environments.ensure(conn, PROD.id, NOON))
    state = AppliedState(
        revision=Sha("0" * 40), digest=Digest("d1:old"), objects={}, rule=WRITERS, destination="x", at=NOON
    )
    await world.store.write(lambda conn: environments.set_applied(conn, row.uid, state, "healthy"))
    return row.uid


def approval(uid: str, thread: PullRequestId = MINE, by: Person = ANA) -> Approval:
    return Approval(
        environment=uid, pull_request=thread, desired=Digest("d1:a"), objects={}, by=by, how="command", at=NOON
    )


async def test_who_wrote_and_who_opened_what_is_to_be_applied_is_told(world: World, uid: str) -> None:
    found = await known(world, PROD, "/gate", {MINE: NOON})
    riders = Riders(authors=frozenset({1, 5}), openers=frozenset({1}), strangers=("x@example.org",))
    facts = await facts_of_pending(at(world, Members()), found, riders)
    assert facts.phase == "merged"
    assert (facts.authors, facts.openers) == (riders.authors, riders.openers)
    assert facts.strangers == ("x@example.org",)


@pytest.mark.parametrize(
    ("writers", "team", "standing"),
    [
        ([2], [2], True),
        ([2], [], False),
        ([], [2], False),
        ([], [], False),
        ([2], None, None),
        ([], None, None),
    ],
)
async def test_who_is_in_standing_is_so_under_every_rule(
    world: World, uid: str, writers: list[int], team: list[int] | None, standing: bool | None
) -> None:
    await world.store.write(lambda conn: approvals.add(conn, approval(uid), "comment:1"))
    found = await known(world, PROD, "/gate", {MINE: None})
    facts = await facts_of_open(at(world, Members(writers, team)), found, PULL)
    assert facts.rules == (TEAM, WRITERS)
    assert facts.standing == {ANA.id: standing}
    assert facts.authors == {BO.id, 7}
    assert facts.openers == {BO.id}
    assert facts.strangers == ("x@example.org",)


async def test_only_approvals_of_these_threads_and_this_environment_are_read(world: World, uid: str) -> None:
    def give(conn: Connection) -> None:
        for number, each in enumerate((approval(uid), approval(uid, OTHER), approval("elsewhere"))):
            approvals.add(conn, each, f"comment:{number}")

    await world.store.write(give)
    assert (await known(world, PROD, "/gate", {MINE: None})).facts.approvals == (approval(uid),)
    assert (await known(world, PROD, "/gate", {})).facts.approvals == ()


async def test_what_was_shown_before_the_merge_is_read_and_nothing_later(world: World, uid: str) -> None:
    async def show(digest: str, at: datetime) -> None:
        plan = Plan(environment=PROD.id, desired=Digest(digest), destination="x", changes=(), inventory=0, at=NOON)
        shown = Published(
            thread=MINE, environment=uid, digest=Digest(digest), objects={A: Digest(digest)}, destroys=frozenset(),
            plan=plan, head=Sha("a" * 40),
        )  # fmt: skip
        await world.store.write(lambda conn: plans.propose(conn, MINE, [shown], at))
        await world.store.write(lambda conn: plans.mark_published(conn, MINE, at))

    async def read(merged_at: datetime | None) -> list[object]:
        found = await known(world, PROD, "/gate", {MINE: merged_at})
        return [dict(each.objects) for each in found.facts.shown]

    await show("d1:a", NOON - 3 * HOUR)
    await show("d1:b", NOON - 2 * HOUR)
    assert await read(NOON - HOUR) == [{A: "d1:b"}]
    assert await read(NOON - 2 * HOUR) == [{A: "d1:a"}], "nobody read the other before merging in the same second"
    assert await read(NOON - 3 * HOUR) == []
    assert await read(None) == [], "an open one merged nothing"


async def test_a_hold_and_what_was_destroyed_within_a_day_are_read(world: World, uid: str) -> None:
    plan = Plan(environment=PROD.id, desired=Digest("d1:a"), destination="x", changes=(), inventory=0, at=NOON)
    intent = Intent(
        environment=uid, epoch=1, revision=Sha("1" * 40), digest=Digest("d1:a"), plan=plan, riders=(), repair=False
    )

    def destroy(conn: Connection) -> None:
        id = journal.begin(conn, intent, NOON)
        for hours in (1, 23, 25):
            gone = Applied(id=A, action=Action.DELETE, state="done")
            journal.record(conn, id, gone, unnamed=True, now=NOON - hours * HOUR)
        environments.set_partial(conn, uid, id)
        holds.add(conn, uid, ANA, "the fair", NOON)

    before = await known(world, PROD, "/gate", {})
    assert (before.facts.held, before.facts.destroyed, before.facts.partial, before.half) == (None, 0, False, None)
    await world.store.write(destroy)
    found = await known(world, PROD, "/gate", {})
    assert found.facts.held is not None
    assert found.facts.held.by == "ana"
    assert (found.facts.destroyed, found.facts.partial, found.half) == (2, True, "d1:a")


async def test_what_came_before_ran_healthy_at_that_very_state(world: World) -> None:
    async def told(digest: str | None) -> tuple[Upstream, ...]:
        return await upstreams(world, PROD, {"staging": Digest(digest) if digest else None})

    def staging(state: Any) -> tuple[Upstream, ...]:
        return (Upstream(name="staging", state=state),)

    assert await told("d1:s") == staging("unknown"), "nobody knows it"
    row = await world.store.write(lambda conn: environments.ensure(conn, replace(PROD.id, name="staging"), NOON))
    assert await told("d1:s") == staging("waiting")
    await world.store.write(lambda conn: environments.healthy(conn, row.uid, Digest("d1:s"), NOON))
    assert await told("d1:s") == staging("healthy")
    assert await told("d1:later") == staging("waiting")
    assert await told(None) == staging("unknown"), "it does not render"
    assert await upstreams(world, replace(PROD, after=()), {}) == ()
