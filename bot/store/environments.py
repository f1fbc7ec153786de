"""Environments: their immutable id, what was applied, what was seen last, and the states that ran healthy."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from bot.model.environment import ApprovalRule, Environment
from bot.model.gate import Asked
from bot.model.identity import EnvironmentId, Person, RepositoryId
from bot.model.noun import Digest, Sha, noun
from bot.model.resource import ResourceId
from bot.store.codec import (
    decode_environment,
    decode_objects,
    decode_person,
    decode_rule,
    encode,
    encode_environment,
    encode_objects,
    encode_person,
)
from bot.store.insert import insert
from bot.store.tables import as_text, as_time, environments, repositories
from bot.store.tables import healthy as healthy_table

__all__ = [
    "AppliedState",
    "EnvironmentRow",
    "Looked",
    "activate",
    "advance",
    "ask",
    "detach_others",
    "ensure",
    "every",
    "find",
    "healthy",
    "look",
    "others",
    "set_applied",
    "set_health",
    "set_partial",
    "was_healthy",
]


@noun
class AppliedState:
    """What was applied last: the revision and its approval rule, the state's digest and each object's, its programs."""

    revision: Sha
    digest: Digest
    objects: dict[ResourceId, Digest]
    rule: ApprovalRule
    destination: str
    at: datetime
    tools: tuple[str, ...] = ()


@noun
class Looked:
    """What was seen last: which revision was a candidate, what it rendered to, and the verdict on it."""

    revision: Sha
    digest: Digest | None
    state: str
    reason: str
    drifted: tuple[str, ...]
    at: datetime


@noun
class EnvironmentRow:
    """An environment as the store knows it. `partial` names the apply that stopped half-way, else "".

    `health` is that of what was applied, as it was seen last.
    `state`: `previewed` was only ever seen in a pull request, `active` is in the base's tidegate.yaml, `detached` was.
    `asked` is who asked for an apply, and of which state; `asked_revision` an earlier revision that was asked for.
    """

    uid: str
    id: EnvironmentId
    state: Literal["previewed", "active", "detached"]
    description: Environment | None
    applied: AppliedState | None
    looked: Looked | None
    health: str
    partial: str
    asked: Asked | None
    asked_revision: Sha | None

    @property
    def settled(self) -> bool:
        """Whether what is applied is what the last look wanted: its verdict speaks of nothing that is still to come."""
        looked, applied = self.looked, self.applied
        return bool(looked and applied and looked.state == "pass" and looked.digest == applied.digest)

    @property
    def destination(self) -> str:
        """Where the applied state is; "" where nothing was applied yet."""
        return self.applied.destination if self.applied else ""

    @property
    def target(self) -> str:
        """The target that it was last described with."""
        return self.description.target if self.description else ""


def same(id: EnvironmentId) -> ColumnElement[bool]:
    """The row of an environment."""
    return and_(within(id.repository), environments.c.name == id.name)


def within(id: RepositoryId) -> ColumnElement[bool]:
    """The rows of a repository."""
    return and_(environments.c.forge == id.forge, environments.c.repository == id.number)


def ensure(conn: Connection, id: EnvironmentId, now: datetime) -> EnvironmentRow:
    """The environment's row, made with a new id on first sight."""
    row = insert(conn, environments).values(
        uid=str(uuid.uuid4()), forge=id.repository.forge, repository=id.repository.number, name=id.name,
        state="previewed", health="", partial="", created_at=as_text(now),
    )  # fmt: skip
    conn.execute(row.on_conflict_do_nothing())
    found = find(conn, id)
    assert found is not None
    return found


def find(conn: Connection, id: EnvironmentId) -> EnvironmentRow | None:
    """The environment's row, or None."""
    row = conn.execute(select(environments).where(same(id))).first()
    return make(row, id) if row else None


def make(row: Row[Any], id: EnvironmentId) -> EnvironmentRow:
    """A row as a value."""
    asked = json.loads(row.asked) if row.asked else None
    return EnvironmentRow(
        uid=row.uid, id=id, state=row.state, health=row.health, partial=row.partial,
        description=decode_environment(id, row.description) if row.description else None,
        applied=decode_applied(row.applied) if row.applied else None,
        looked=decode_looked(row.looked) if row.looked else None,
        asked=Asked(digest=asked["digest"], by=decode_person(asked["by"])) if asked else None,
        asked_revision=asked["revision"] if asked else None,
    )  # fmt: skip


def decode_applied(text: str) -> AppliedState:
    """An applied state from its column."""
    value = json.loads(text)
    return AppliedState(
        revision=value["revision"], digest=value["digest"], objects=decode_objects(value["objects"]),
        rule=decode_rule(value["rule"]), destination=value["destination"], at=as_time(value["at"]),
        tools=tuple(value.get("tools", ())),
    )  # fmt: skip


def decode_looked(text: str) -> Looked:
    """What was seen last, from its column."""
    value = json.loads(text)
    return Looked(**{**value, "drifted": tuple(value["drifted"]), "at": as_time(value["at"])})


def every(conn: Connection) -> tuple[EnvironmentRow, ...]:
    """All environments, by repository and name."""
    on = and_(environments.c.forge == repositories.c.forge, environments.c.repository == repositories.c.number)
    query = select(environments, repositories.c.path).join(repositories, on)
    rows = conn.execute(query.order_by(repositories.c.path, environments.c.name)).fetchall()
    return tuple(
        make(r, EnvironmentId(repository=RepositoryId(forge=r.forge, number=r.repository, path=r.path), name=r.name))
        for r in rows
    )


def others(conn: Connection, id: EnvironmentId) -> tuple[EnvironmentId, ...]:
    """The active environments beside this one in its repository."""
    active = environments.c.state == "active"
    query = select(environments.c.name).where(within(id.repository), active, environments.c.name != id.name)
    names = conn.execute(query.order_by(environments.c.name)).scalars()
    return tuple(EnvironmentId(repository=id.repository, name=name) for name in names)


def activate(conn: Connection, environment: Environment, now: datetime) -> None:
    """The base's configuration names it, and describes it like this."""
    row = ensure(conn, environment.id, now)
    change = {"state": "active", "description": encode_environment(environment)}
    conn.execute(update(environments).where(environments.c.uid == row.uid).values(**change))


def detach_others(conn: Connection, id: RepositoryId, names: Sequence[str]) -> tuple[EnvironmentId, ...]:
    """Detach what is active and not among `names`; which those were."""
    gone = and_(within(id), environments.c.state == "active", environments.c.name.not_in(names))
    found = conn.execute(select(environments.c.name).where(gone)).scalars().all()
    conn.execute(update(environments).where(gone).values(state="detached"))
    return tuple(EnvironmentId(repository=id, name=name) for name in found)


def set_applied(conn: Connection, uid: str, state: AppliedState, health: str) -> None:
    """The environment is at `state` now; what was asked for is done."""
    value = {
        "revision": state.revision, "digest": state.digest, "objects": encode_objects(state.objects),
        "rule": asdict(state.rule), "destination": state.destination, "at": as_text(state.at),
        "tools": state.tools,
    }  # fmt: skip
    change = {"applied": encode(value), "health": health, "partial": "", "asked": None}
    conn.execute(update(environments).where(environments.c.uid == uid).values(**change))


def advance(conn: Connection, uid: str, revision: Sha, rule: ApprovalRule, tools: Sequence[str]) -> None:
    """A later revision, or other programs, render the same state: they count as what made it now, with their rule."""
    stored = conn.execute(select(environments.c.applied).where(environments.c.uid == uid)).scalar()
    if stored:
        value = json.loads(stored) | {"revision": revision, "rule": asdict(rule), "tools": tools}
        conn.execute(update(environments).where(environments.c.uid == uid).values(applied=encode(value)))


def look(conn: Connection, uid: str, looked: Looked) -> bool:
    """Keep what was seen; whether anything but the time differs from before."""
    stored = conn.execute(select(environments.c.looked).where(environments.c.uid == uid)).scalar()
    before = json.loads(stored) if stored else {}
    value = asdict(looked) | {"at": as_text(looked.at), "drifted": list(looked.drifted)}
    conn.execute(update(environments).where(environments.c.uid == uid).values(looked=encode(value)))
    return {k: v for k, v in before.items() if k != "at"} != {k: v for k, v in value.items() if k != "at"}


def set_health(conn: Connection, uid: str, health: str) -> None:
    """How what was applied is now."""
    conn.execute(update(environments).where(environments.c.uid == uid).values(health=health))


def ask(conn: Connection, uid: str, digest: Digest, by: Person, revision: Sha | None = None) -> None:
    """Somebody asked for an apply of exactly that state."""
    value = encode({"digest": digest, "by": encode_person(by), "revision": revision})
    conn.execute(update(environments).where(environments.c.uid == uid).values(asked=value))


def set_partial(conn: Connection, uid: str, journal: str) -> None:
    """An apply stopped half-way; "" when it was resumed or released."""
    conn.execute(update(environments).where(environments.c.uid == uid).values(partial=journal))


def healthy(conn: Connection, uid: str, digest: Digest, now: datetime) -> None:
    """The environment ran healthy at that state."""
    row = insert(conn, healthy_table).values(environment=uid, digest=digest, at=as_text(now))
    conn.execute(row.on_conflict_do_nothing())


def was_healthy(conn: Connection, uid: str, digest: Digest) -> bool:
    """Whether the environment ever ran healthy at that state."""
    where = and_(healthy_table.c.environment == uid, healthy_table.c.digest == digest)
    return conn.execute(select(healthy_table.c.at).where(where)).first() is not None
