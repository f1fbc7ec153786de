"""Values to tell stories with. One session-wide fixture, so that Hypothesis may use it too."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal, Protocol

import pytest

from bot.gate import decide
from bot.gate.facts import Facts, Upstream
from bot.gate.people import rules_of
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.forge import PullRequest
from bot.model.gate import Assessment
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Cause, Change, FieldChange, Finding, Plan
from bot.model.resource import Desired, Origin, Resource, ResourceId
from bot.report.story import Phase, Standing, Story

NOON = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
REPOSITORY = RepositoryId(forge="hub", number=7, path="acme/shop")
PULL = PullRequestId(repository=REPOSITORY, number=12)
HEAD, BASE, MERGE = Sha("3f2a9c1" + "0" * 33), Sha("b71e004" + "0" * 33), Sha("9be01d4" + "0" * 33)
LINKS = {
    "plan": "https://tidegate.example/pulls/hub/acme/shop/12",
    "environment:prod": "https://tidegate.example/environments/hub/acme/shop/prod",
    "environment:staging": "https://tidegate.example/environments/hub/acme/shop/staging",
}


class Build(Protocol):
    """What the fixture of that name holds."""

    environment: Callable[..., Environment]
    thing: Callable[..., ResourceId]
    body: Callable[..., dict[str, Any]]
    change: Callable[..., Change]
    assessment: Callable[..., Assessment]
    pull: Callable[..., PullRequest]
    story: Callable[..., Story]
    finding: Callable[..., Finding]
    busy: Callable[[], Story]
    NOON: datetime
    HEAD: Sha
    BASE: Sha
    MERGE: Sha
    LINKS: dict[str, str]
    PULL: PullRequestId


def environment(name: str = "prod", **changes: Any) -> Environment:
    rule = ApprovalRule(count=1, approvers=("team:acme/sre",))
    defaults: dict[str, Any] = {
        "source": Source(path=f"envs/{name}"),
        "target": name,
        "apply": "on-merge",
        "drift": "revert",
        "approvals": rule,
    }
    return Environment(id=EnvironmentId(repository=REPOSITORY, name=name), **{**defaults, **changes})


def thing(kind: str = "Deployment.apps", name: str = "api", scope: str = "web") -> ResourceId:
    return ResourceId(type=kind, name=name, scope=scope)


def body(kind: str = "Deployment", name: str = "api", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def change(
    id: ResourceId | None = None, action: Action = Action.UPDATE, cause: Cause = Cause.PULL_REQUEST, **more: Any
) -> Change:
    id = id or thing()
    before = None if action is Action.CREATE else body(id.kind, id.name, image="api:1", replicas=3)
    after = None if action is Action.DELETE else body(id.kind, id.name, image="api:2", replicas=3)
    fields = (FieldChange(path="/spec/image", before="api:1", after="api:2"),) if before and after else ()
    defaults: dict[str, Any] = {
        "before": before,
        "after": after,
        "fields": fields,
        "uid": "" if before is None else f"f1:{id.name}",
        "digest": None if after is None else Digest(f"o1:{id.name}"),
        "origin": Origin(path=f"envs/prod/{id.name}.yaml", line=14),
    }
    return Change(id=id, action=action, cause=cause, **{**defaults, **more})


def assessment(
    name: str = "prod",
    changes: Sequence[Change] = (),
    findings: Sequence[Finding] = (),
    order: Sequence[Upstream] = (),
    **more: Any,
) -> Assessment:
    env = more.pop("environment", None) or environment(name, after=tuple(each.name for each in order))
    digest = Digest(more.pop("digest", f"d1:{name}8kd2aa0011"))
    rendered, rules = more.pop("rendered", True), more.pop("rules", ())
    resources = tuple(Resource(id=each.id, body={}) for each in changes if each.action is not Action.DELETE)
    desired = Desired(
        environment=env.id,
        revision=HEAD,
        destination=name,
        scope="",
        resources=resources,
        objects={each.id: each.digest for each in changes if each.digest},
        digest=digest,
    )
    plan = Plan(
        environment=env.id,
        desired=digest,
        destination=name,
        changes=tuple(changes),
        inventory=more.pop("inventory", 41),
        at=NOON,
    )
    facts = Facts(
        environment=env,
        phase=more.pop("phase", "open"),
        desired=desired if rendered else None,
        plan=plan if rendered else None,
        findings=tuple(findings),
        rules=rules,
        applied={},
        after=tuple(order),
    )
    return Assessment(
        environment=env,
        base=None,
        head=facts.desired,
        plan=facts.plan,
        findings=facts.findings,
        checked=more.pop("checked", 41 if rendered else 0),
        rules=rules_of(facts),
        verdict=decide(facts),
        **more,
    )


def pull(state: Literal["open", "closed", "merged"] = "open", **changes: Any) -> PullRequest:
    author = Person(id=1, login="bo")
    defaults: dict[str, Any] = {
        "id": PULL,
        "title": "api 2",
        "url": "https://forge.example/acme/shop/pull/12",
        "base": "main",
        "head": HEAD,
        "branch": "api-2",
        "author": author,
        "fork": False,
        "draft": False,
        "state": state,
        "at": NOON,
    }
    return PullRequest(**{**defaults, **changes})


def story(phase: Phase = "open", **changes: Any) -> Story:
    defaults: dict[str, Any] = {"pull": pull(), "phase": phase, "base": BASE, "at": NOON, "links": LINKS}
    return Story(**{**defaults, **changes})


def finding(level: Literal["error", "unknown", "warning", "notice"] = "error", **changes: Any) -> Finding:
    defaults: dict[str, Any] = {
        "check": "no-latest-tag",
        "message": "the image ends in :latest",
        "fix": "pin a digest",
        "resource": thing(),
        "path": "overlays/prod/api.yaml",
        "line": 22,
        "column": 9,
    }
    return Finding(level=level, **{**defaults, **changes})


def busy() -> Story:
    """A pull request with everything that a reviewer must see."""
    place = Origin(path="base/db.yaml", line=14)
    volume = change(thing("PersistentVolumeClaim", "data", "db"), Action.DELETE, origin=place)
    drifted = change(
        thing(name="web"),
        cause=Cause.DRIFT,
        before=body(name="web", replicas=5),
        after=body(name="web", replicas=3),
        fields=(FieldChange(path="/spec/replicas", before=5, after=3),),
    )
    new = [change(thing("Service", each), Action.CREATE) for each in ("a", "b")]
    staging = assessment("staging", [*new, change()], environment=environment("staging", approvals=ApprovalRule()))
    prod = assessment(
        "prod", [volume, *new, change(), drifted], [finding()], order=[Upstream(name="staging", state="waiting")]
    )
    return story(assessments=(staging, prod), unaffected=("dev",))


@pytest.fixture(scope="session")
def build() -> Build:
    """Builders of stories and their parts."""
    names = (environment, thing, body, change, assessment, pull, story, finding, busy)
    constants = {"NOON": NOON, "HEAD": HEAD, "BASE": BASE, "MERGE": MERGE, "LINKS": LINKS, "PULL": PULL}
    return SimpleNamespace(**{each.__name__: each for each in names}, **constants, Standing=Standing)
