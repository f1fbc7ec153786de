"""An apply: what still stops it in the moment in which it begins, what becomes of it, and who is told."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.errors import StalePlan, TemporaryError
from bot.flow.assess import Assessed
from bot.flow.carry_out import begin, carry_out
from bot.flow.gather import Known
from bot.flow.pending import Pending
from bot.flow.riders import Riders
from bot.flow.subject import Subject
from bot.flow.world import World
from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.gate import Approval, Assessment, Lease
from bot.model.identity import EnvironmentId, Person, PullRequestId, key_text
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Applied, Health, Plan
from bot.model.resource import Desired
from bot.model.tree import Tree
from bot.store import approvals, environments, holds, journal, posted, queue
from bot.store.environments import AppliedState, EnvironmentRow
from bot.store.journal import Entry, Intent
from tests.support.alone import KEY, NOON
from tests.support.thread import GONE, A, B, show

ID = EnvironmentId(repository=KEY, name="prod")
PULL, OTHER = (PullRequestId(repository=KEY, number=number) for number in (4, 5))
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


class Scripted:
    """A plan at a target, of which just this becomes; and the target, where all is in that health."""

    def __init__(self, plan: Plan, steps: Sequence[Applied | Exception], health: str = "healthy") -> None:
        self.plan, self.steps, self.state = plan, steps, health

    async def apply(self, lease: Lease) -> AsyncIterator[Applied]:
        for each in self.steps:
            if isinstance(each, Exception):
                raise each
            yield each

    async def health(self, environment: Environment) -> Health:
        return Health(state=self.state)  # type: ignore[arg-type]


STARTED = Applied(id=B, action=Action.DELETE, state="started")
DONE, BROKEN, UNSURE = (replace(STARTED, state=each) for each in ("done", "failed", "unknown"))
OLD = Digest("d1:old")


@dataclass
class Scene:
    """An environment at `OLD`, a merged pull request that showed what is applied now, and one that showed nothing."""

    world: World
    uid: str = ""

    async def apply(self, *steps: Applied | Exception, how: str = "command", **more: Any) -> EnvironmentRow:
        """What the environment's row says after these steps."""
        row = await self.row()
        environment = Environment(id=ID, source=Source(path="prod"), target="prod", apply="on-merge")
        digest = more.get("digest", STATE)
        plan = Plan(environment=ID, desired=digest, destination="here", changes=(GONE,), inventory=1, at=NOON)
        head = Desired(
            environment=ID, revision=Sha("a" * 40), destination="here", scope="", resources=(), objects={},
            digest=digest,
        )  # fmt: skip
        gone: Any = frozenset({(B, GONE.uid)})
        given = replace(GIVEN, environment=self.uid, how=how, destroys=gone)  # type: ignore[arg-type]
        await self.world.store.write(lambda conn: approvals.add(conn, given, "comment:1"))
        facts = Facts(environment=environment, phase="merged", approvals=(given,))
        subject = Subject(
            environment=environment, before=None, base=None, head=Tree(revision=Sha("a" * 40), entries={}),
            load=nothing, uid=self.uid, branch="main", allowed=frozenset({"prod"}),
        )  # fmt: skip
        half = Digest("d1:half") if more.get("half") else None
        riders: Any = Riders(pulls=(SimpleNamespace(id=PULL), SimpleNamespace(id=OTHER)))  # type: ignore[arg-type]
        found = Pending(known=Known(row=row, facts=facts, half=half), riders=riders, subject=subject, facts=facts)
        saved: Any = Scripted(plan, steps, more.get("health", "healthy"))
        tools = replace(self.world.tools, targets={"prod": saved})
        assessment = Assessment(environment=environment, base=None, head=head, plan=plan)
        ((lease, _),) = await self.world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
        try:
            there = replace(self.world, tools=tools)
            await carry_out(there, found, Assessed(assessment=assessment, saved=saved), lease)
        finally:
            await self.world.store.write(lambda conn: queue.settle(conn, lease, None))
        return await self.row()

    async def row(self) -> EnvironmentRow:
        return await self.world.store.write(lambda conn: environments.ensure(conn, ID, NOON))

    async def entry(self) -> Entry:
        found = await self.world.store.read(lambda conn: journal.last(conn, self.uid))
        assert found is not None
        return found

    async def told(self) -> list[int]:
        """The pull requests that are owed a word of their own."""
        return await self.world.store.read(
            lambda conn: [each.number for each in (PULL, OTHER) if posted.due(conn, each)]
        )

    async def woken(self) -> set[str]:
        taken = await self.world.store.write(lambda conn: queue.take_keys(conn, "me", 9, NOON, 3600))
        return {each.key for each, _ in taken}


async def nothing(tree: Tree, paths: frozenset[str]) -> Tree:
    raise AssertionError("nothing is read")


@pytest.fixture
async def scene(world: World) -> Scene:
    made = Scene(world)
    made.uid = (await made.row()).uid
    state = AppliedState(
        revision=Sha("0" * 40), digest=OLD, objects={}, rule=ApprovalRule(count=1), destination="here", at=NOON
    )
    later = Environment(
        id=replace(ID, name="later"), source=Source(path="later"), target="prod", apply="never", after=("prod",)
    )

    def write(conn: Connection) -> None:
        environments.set_applied(conn, made.uid, state, "healthy")
        environments.activate(conn, later, NOON)

    await world.store.write(write)
    await show(world, STATE, NOON, uids=(made.uid,))
    return made


@pytest.mark.parametrize("last", [BROKEN, UNSURE])
async def test_what_failed_in_one_object_is_no_success(scene: Scene, last: Applied) -> None:
    with pytest.raises(TemporaryError):
        await scene.apply(STARTED, DONE, replace(STARTED, id=A), replace(last, id=A, error="refused"))
    row, entry = await scene.row(), await scene.entry()
    assert row.applied is not None
    assert (row.applied.digest, row.partial) == (OLD, entry.id)
    assert (entry.state, entry.error) == ("failed", "refused")
    assert await scene.told() == [PULL.number]
    assert await scene.woken() == {key_text(each) for each in (PULL, OTHER)}


async def test_what_was_applied_is_told_to_all_concerned_and_ends_what_approved_the_state_that_was_left(
    scene: Scene,
) -> None:
    left = replace(GIVEN, environment=scene.uid, desired=OLD)
    await scene.world.store.write(lambda conn: approvals.add(conn, left, "comment:0"))
    row = await scene.apply(STARTED, DONE)
    assert row.applied is not None
    assert (row.applied.digest, row.partial, (await scene.entry()).state) == (STATE, "", "done")
    assert await scene.told() == [PULL.number]
    assert await scene.woken() == {key_text(each) for each in (PULL, OTHER, replace(ID, name="later"))}
    standing = await scene.world.store.read(lambda conn: approvals.of(conn, scene.uid))
    assert [each.desired for each in standing] == [STATE]


@pytest.mark.parametrize("health", ["healthy", "progressing", "degraded", "unknown"])
async def test_only_what_runs_healthy_ran_healthy(scene: Scene, health: str) -> None:
    assert (await scene.apply(STARTED, DONE, health=health)).health == health
    ran = await scene.world.store.read(lambda conn: environments.was_healthy(conn, scene.uid, STATE))
    assert ran is (health == "healthy")


@pytest.mark.parametrize("half", [False, True])
async def test_a_repair_is_told_to_nobody_and_what_undoes_half_an_apply_is_none(scene: Scene, half: bool) -> None:
    await show(scene.world, OLD, NOON, uids=(scene.uid,))
    left = replace(GIVEN, environment=scene.uid, desired=OLD)
    await scene.world.store.write(lambda conn: approvals.add(conn, left, "comment:0"))
    await scene.apply(STARTED, DONE, digest=OLD, half=half)
    assert ((await scene.entry()).repair, await scene.told()) == (not half, [PULL.number] if half else [])
    standing = await scene.world.store.read(lambda conn: approvals.of(conn, scene.uid))
    assert left.desired in [each.desired for each in standing]


@pytest.mark.parametrize(("how", "counted"), [("deletions", 0), ("command", 1)])
async def test_what_was_destroyed_counts_unless_an_approval_names_it(scene: Scene, how: str, counted: int) -> None:
    await scene.apply(STARTED, DONE, how=how)
    assert await scene.world.store.read(lambda conn: journal.destroyed_since(conn, scene.uid, NOON)) == counted


@pytest.mark.parametrize("begun", [False, True])
async def test_an_apply_that_was_stopped_is_known_as_that(scene: Scene, begun: bool) -> None:
    with pytest.raises(StalePlan):
        await scene.apply(*[STARTED] * begun, StalePlan("it changed meanwhile"))
    row, entry = await scene.row(), await scene.entry()
    assert (entry.state, row.partial) == ("interrupted", entry.id if begun else "")
    assert await scene.told() == []
