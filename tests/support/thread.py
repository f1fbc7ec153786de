"""A thread that showed a plan, and a forge that knows who belongs to whom."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.errors import TemporaryError
from bot.flow.view import Part
from bot.flow.world import World
from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.gate import Assessment
from bot.model.identity import EnvironmentId, Permission, Person, PullRequestId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Change, Plan
from bot.model.resource import Desired, ResourceId
from bot.store import plans
from bot.store.plans import Published
from tests.support.alone import KEY, NOON

__all__ = [
    "ANA", "BO", "EVE", "GONE", "HEAD", "PULL", "SECOND", "TEAM", "WRITERS", "A", "B", "Members", "at", "part", "show",
]  # fmt: skip

SECOND = timedelta(seconds=1)
PULL = PullRequestId(repository=KEY, number=4)
BO, ANA, EVE = Person(id=1, login="bo"), Person(id=2, login="ana"), Person(id=3, login="eve")
A, B = (ResourceId(type="ConfigMap", name=name) for name in "ab")
GONE = Change(id=B, action=Action.DELETE, uid="f1:b")
TEAM, WRITERS = ApprovalRule(count=1, approvers=("team:acme/sre",)), ApprovalRule(count=1)
HEAD = Sha("a" * 40)


class Members:
    """A forge where some people have write access, and some are in the team (None: nobody can tell)."""

    def __init__(self, writers: Collection[int] | None = (2, 3), team: Collection[int] | None = (2,)) -> None:
        self.writers, self.team = writers, team

    async def permission(self, repository: RepositoryId, person: Person) -> Permission:
        if self.writers is None:
            raise TemporaryError("the forge does not answer")
        return Permission.WRITE if person.id in self.writers else Permission.READ

    async def members(self, group: str) -> frozenset[int]:
        if self.team is None:
            raise TemporaryError("the forge does not answer")
        return frozenset(self.team)


def at(world: World, forge: Members) -> World:
    """The same world with that forge."""
    forges: Any = {"hub": forge}
    return replace(world, forges=forges)


def plan(digest: str, *changes: Change) -> Plan:
    id = EnvironmentId(repository=KEY, name="prod")
    return Plan(environment=id, desired=Digest(digest), destination="x", changes=changes, inventory=9, at=NOON)


def part(digest: str = "d1:new", *changes: Change, rules: tuple[ApprovalRule, ...] = (TEAM,)) -> Part:
    environment = Environment(
        id=EnvironmentId(repository=KEY, name="prod"), source=Source(path="prod"), target="prod", apply="on-merge",
        approvals=rules[0],
    )  # fmt: skip
    head = Desired(
        environment=environment.id, revision=HEAD, destination="x", scope="", resources=(),
        objects={A: Digest("o1:a")}, digest=Digest(digest),
    )  # fmt: skip
    facts = Facts(environment=environment, phase="open", rules=rules, openers=frozenset({BO.id}))
    shown = plan(digest, Change(id=A, action=Action.UPDATE), *changes)
    return Part(uid="u", facts=facts, assessment=Assessment(environment=environment, base=None, head=head, plan=shown))


async def show(
    world: World, digest: str, when: datetime, *changes: Change, uids: tuple[str, ...] = ("u",),
    thread: PullRequestId = PULL,
) -> None:  # fmt: skip
    """Have a thread show one and the same plan of each environment since `when`."""
    shown = [
        Published(
            thread=thread, environment=uid, digest=Digest(digest), objects={A: Digest("o1:a")},
            destroys=frozenset((each.id, each.uid) for each in changes), plan=plan(digest, *changes), head=HEAD,
        )
        for uid in uids
    ]  # fmt: skip
    await world.store.write(lambda conn: plans.propose(conn, thread, shown, when))
    await world.store.write(lambda conn: plans.mark_published(conn, thread, when))
