"""Nouns as JSON text and back: what the columns hold."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from bot.model.environment import ApprovalRule, Environment, Source, Waiver
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId
from bot.model.noun import Digest
from bot.model.plan import Action, Cause, Change, FieldChange, Plan
from bot.model.resource import Origin, ResourceId

__all__ = [
    "decode_destroys",
    "decode_environment",
    "decode_objects",
    "decode_person",
    "decode_plan",
    "decode_rule",
    "encode",
    "encode_destroys",
    "encode_environment",
    "encode_objects",
    "encode_person",
    "encode_plan",
    "thread_text",
]


def encode(value: Any) -> str:
    """Compact JSON in ASCII, so that any text survives; equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def encode_person(person: Person) -> str:
    """A person."""
    return encode(asdict(person))


def decode_person(text: str) -> Person:
    """A person."""
    return Person(**json.loads(text))


def encode_objects(objects: Mapping[ResourceId, Digest]) -> str:
    """Objects with their digests, in a stable order."""
    return encode(sorted([id.type, id.scope, id.name, digest] for id, digest in objects.items()))


def decode_objects(text: str) -> dict[ResourceId, Digest]:
    """Objects with their digests."""
    return {ResourceId(type=t, scope=s, name=n): Digest(d) for t, s, n, d in json.loads(text)}


def encode_destroys(destroys: Iterable[tuple[ResourceId, str]]) -> str:
    """What may be destroyed: ids with uids, in a stable order."""
    return encode(sorted([id.type, id.scope, id.name, uid] for id, uid in destroys))


def decode_destroys(text: str) -> frozenset[tuple[ResourceId, str]]:
    """What may be destroyed."""
    return frozenset((ResourceId(type=t, scope=s, name=n), uid) for t, s, n, uid in json.loads(text))


def encode_environment(environment: Environment) -> str:
    """An environment's description, without its id."""
    value = asdict(environment)
    del value["id"]
    return encode(value)


def decode_environment(id: EnvironmentId, text: str) -> Environment:
    """An environment's description."""
    value = json.loads(text)
    value |= {"id": id, "source": Source(**value["source"]), "approvals": decode_rule(value["approvals"])}
    waivers = tuple(decode_waiver(each) for each in value.get("waivers", ()))
    lists = {"after": tuple(value["after"]), "policies": tuple(value.get("policies", ())), "waivers": waivers}
    return Environment(**{**value, **lists})


def decode_waiver(value: Mapping[str, Any]) -> Waiver:
    """A waiver."""
    return Waiver(**{**value, "expires": date.fromisoformat(value["expires"]), "objects": tuple(value["objects"])})


def decode_rule(value: Mapping[str, Any]) -> ApprovalRule:
    """An approval rule."""
    return ApprovalRule(**{**value, "approvers": tuple(value["approvers"])})


def encode_plan(plan: Plan) -> str:
    """A plan; its changes are masked already. What stays as it is is left out: it is most of a large environment."""
    changes = [
        {
            "id": [c.id.type, c.id.scope, c.id.name], "action": c.action, "cause": c.cause,
            "fields": [[f.path, f.before, f.after] for f in c.fields], "before": c.before, "after": c.after,
            "digest": c.digest, "live": c.live, "uid": c.uid, "conflict": c.conflict,
            "origin": [c.origin.path, c.origin.line] if c.origin else None,
        }
        for c in plan.effective
    ]  # fmt: skip
    repository = plan.environment.repository
    head = {
        "environment": [repository.forge, repository.number, repository.path, plan.environment.name],
        "desired": plan.desired, "destination": plan.destination, "inventory": plan.inventory,
        "at": plan.at.isoformat(),
    }  # fmt: skip
    return encode({**head, "changes": changes})


def decode_plan(text: str) -> Plan:
    """A plan."""
    value = json.loads(text)
    forge, number, path, name = value["environment"]
    return Plan(
        environment=EnvironmentId(repository=RepositoryId(forge=forge, number=number, path=path), name=name),
        desired=Digest(value["desired"]), destination=value["destination"], inventory=value["inventory"],
        at=datetime.fromisoformat(value["at"]), changes=tuple(decode_change(each) for each in value["changes"]),
    )  # fmt: skip


def decode_change(value: Mapping[str, Any]) -> Change:
    """One change of a plan."""
    type, scope, name = value["id"]
    origin = Origin(path=value["origin"][0], line=value["origin"][1]) if value["origin"] else None
    return Change(
        id=ResourceId(type=type, scope=scope, name=name), action=Action(value["action"]), cause=Cause(value["cause"]),
        fields=tuple(FieldChange(path=p, before=b, after=a) for p, b, a in value["fields"]),
        before=value["before"], after=value["after"], digest=value["digest"], live=value["live"], uid=value["uid"],
        origin=origin, conflict=value["conflict"],
    )  # fmt: skip


def thread_text(thread: PullRequestId) -> str:
    """A thread's key in the tables."""
    return f"{thread.repository.forge}:{thread.repository.number}:{thread.number}"
