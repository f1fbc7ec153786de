"""Facts to judge. One session-wide fixture, so that Hypothesis may use it too."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Literal, Protocol

import pytest

from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.gate import Approval, Verdict
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Change, Plan
from bot.model.resource import Desired, ResourceId

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REPOSITORY = RepositoryId(forge="hub", number=7, path="acme/shop")
OPENER, ANA, EVE = Person(id=1, login="bo"), Person(id=2, login="ana"), Person(id=3, login="eve")
A, B = (
    ResourceId(type="Deployment.apps", name="a", scope="web"),
    ResourceId(type="Deployment.apps", name="b", scope="web"),
)
RULE = ApprovalRule(count=1, approvers=("team:acme/sre",))


class Gate(Protocol):
    """What the fixture of that name holds."""

    pull: Callable[..., PullRequestId]
    environment: Callable[..., Environment]
    desired: Callable[..., Desired]
    doomed: Callable[..., Change]
    plan: Callable[..., Plan]
    facts: Callable[..., Facts]
    approval: Callable[..., Approval]
    node: Callable[[Verdict, str], Verdict]
    OPENER: Person
    ANA: Person
    EVE: Person
    BOT: Person
    A: ResourceId
    B: ResourceId
    RULE: ApprovalRule
    NOON: datetime


def pull(number: int = 1) -> PullRequestId:
    return PullRequestId(repository=REPOSITORY, number=number)


def environment(**changes: Any) -> Environment:
    defaults: dict[str, Any] = {
        "id": EnvironmentId(repository=REPOSITORY, name="prod"),
        "source": Source(path="prod"),
        "target": "prod",
        "apply": "on-merge",
        "approvals": RULE,
    }
    return Environment(**{**defaults, **changes})


def desired(objects: dict[ResourceId, Digest] | None = None, digest: str = "d1:new") -> Desired:
    objects = {A: Digest("o1:a2")} if objects is None else objects
    return Desired(
        environment=environment().id, revision=Sha("1" * 40), destination="x", scope="", resources=(), objects=objects,
        digest=Digest(digest),
    )  # fmt: skip


def doomed(id: ResourceId = B, uid: str = "f1:b", action: Action = Action.DELETE, **more: Any) -> Change:
    return Change(id=id, action=action, uid=uid, **more)


def plan(*changes: Change, digest: str = "d1:new", inventory: int = 100) -> Plan:
    return Plan(
        environment=environment().id, desired=Digest(digest), destination="x", changes=changes,
        inventory=inventory, at=NOON,
    )  # fmt: skip


def facts(*changes: Change, **more: Any) -> Facts:
    """An open pull request that changes A; ana may approve, bo opened it."""
    inventory = more.pop("inventory", 100)
    defaults: dict[str, Any] = {
        "environment": environment(),
        "phase": "open",
        "desired": desired(),
        "plan": plan(*changes, inventory=inventory),
        "rules": (RULE,),
        "applied": {A: Digest("o1:a1")},
        "standing": {1: True, 2: True, 3: True},
        "authors": frozenset({1}),
        "openers": frozenset({1}),
    }
    return Facts(**{**defaults, **more})


def approval(
    by: Person = ANA,
    digest: str = "d1:new",
    how: Literal["command", "review", "deletions"] = "command",
    at: int = 0,
    number: int = 1,
    objects: dict[ResourceId, Digest] | None = None,
    destroys: Iterable[Change] = (),
) -> Approval:
    return Approval(
        environment="prod", pull_request=pull(number), desired=Digest(digest),
        objects={A: Digest("o1:a2")} if objects is None else objects,
        destroys=frozenset((each.id, each.uid) for each in destroys), by=by, how=how, at=NOON + timedelta(seconds=at),
    )  # fmt: skip


def node(verdict: Verdict, rule: str) -> Verdict:
    return next(each for each in verdict.children if each.rule == rule)


@pytest.fixture(scope="session")
def gate() -> Gate:
    """Builders of facts and their parts."""
    builders = (pull, environment, desired, doomed, plan, facts, approval, node)
    people = {"OPENER": OPENER, "ANA": ANA, "EVE": EVE, "BOT": Person(id=4, login="ci", bot=True)}
    return SimpleNamespace(**{each.__name__: each for each in builders}, **people, A=A, B=B, RULE=RULE, NOON=NOON)
