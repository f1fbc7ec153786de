"""The journal of applies: all that the plan changes as intent before, every object's result after."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select, update

from bot.model.noun import Digest, Sha, noun
from bot.model.plan import Action, Applied, Plan
from bot.store.blobs import blobs_of
from bot.store.codec import decode_plan, encode, encode_plan
from bot.store.tables import as_text, as_time, journal, results

__all__ = [
    "Entry",
    "Intent",
    "begin",
    "changed_last",
    "destroyed_since",
    "digest_of",
    "finish",
    "history",
    "last",
    "record",
]

DESTRUCTIVE = (Action.DELETE, Action.REPLACE)


@noun
class Intent:
    """What is about to be applied to an environment (its id), under the lease's epoch.

    `riders` are pull requests' numbers. `repair`: the state was applied before, and what somebody changed is put back.
    """

    environment: str
    epoch: int
    revision: Sha
    digest: Digest
    plan: Plan
    riders: tuple[int, ...]
    repair: bool


@noun
class Entry:
    """An apply: `began` until it is `done`, `failed` or `interrupted`."""

    id: str
    environment: str
    revision: Sha
    digest: Digest
    plan: Plan
    state: Literal["began", "done", "failed", "interrupted"]
    error: str
    repair: bool
    at: datetime


def begin(conn: Connection, intent: Intent, now: datetime) -> str:
    """Write the intent down; its id. Whatever began before and did not end was interrupted."""
    open_ones = (journal.c.environment == intent.environment, journal.c.state == "began")
    conn.execute(update(journal).where(*open_ones).values(state="interrupted", ended_at=as_text(now)))
    row = journal.insert().values(
        environment=intent.environment, epoch=intent.epoch, revision=intent.revision, digest=intent.digest,
        plan=blobs_of(conn).put(encode_plan(intent.plan)), riders=encode(intent.riders), repair=int(intent.repair),
        state="began", error="", began_at=as_text(now),
    )  # fmt: skip
    return str(conn.execute(row.returning(journal.c.id)).scalar_one())


def record(conn: Connection, id: str, applied: Applied, unnamed: bool, now: datetime) -> None:
    """One object's result. `unnamed`: it was destroyed without an approval that names it, so it counts to the limit."""
    row = results.insert().values(
        journal=int(id), object=encode([applied.id.type, applied.id.scope, applied.id.name]), action=applied.action,
        state=applied.state, error=applied.error[:2000], unnamed=int(unnamed), at=as_text(now),
    )  # fmt: skip
    conn.execute(row)


def finish(
    conn: Connection, id: str, state: Literal["done", "failed", "interrupted"], error: str, now: datetime
) -> None:
    """The apply ended."""
    change = {"state": state, "error": error[:2000], "ended_at": as_text(now)}
    conn.execute(update(journal).where(journal.c.id == int(id)).values(**change))


def digest_of(conn: Connection, id: str) -> Digest | None:
    """The state that an apply was to bring; None where there is none of that id."""
    found = conn.execute(select(journal.c.digest).where(journal.c.id == int(id))).scalar() if id else None
    return Digest(found) if found else None


def last(conn: Connection, environment: str) -> Entry | None:
    """The newest apply of an environment."""
    return next(iter(history(conn, environment, 1)), None)


def changed_last(conn: Connection, environment: str) -> Sha | None:
    """The revision of the newest apply that brought a new state and came to its end; repairs bring none."""
    brought = (journal.c.environment == environment, journal.c.state == "done", journal.c.repair == 0)
    query = select(journal.c.revision).where(*brought).order_by(journal.c.id.desc()).limit(1)
    found: Sha | None = conn.execute(query).scalar()
    return found


def history(conn: Connection, environment: str, limit: int) -> tuple[Entry, ...]:
    """The newest applies of an environment, newest first."""
    query = select(journal).where(journal.c.environment == environment).order_by(journal.c.id.desc()).limit(limit)
    return tuple(make(conn, row) for row in conn.execute(query).fetchall())


def make(conn: Connection, row: Row[Any]) -> Entry:
    """A row as a value."""
    return Entry(
        id=str(row.id), environment=row.environment, revision=row.revision, digest=Digest(row.digest),
        plan=decode_plan(blobs_of(conn).get(row.plan)), state=row.state, error=row.error, repair=bool(row.repair),
        at=as_time(row.began_at),
    )  # fmt: skip


def destroyed_since(conn: Connection, environment: str, since: datetime) -> int:
    """How many objects were destroyed since then that no approval named."""
    query = (
        select(func.count())
        .select_from(results.join(journal))
        .where(journal.c.environment == environment, results.c.at >= as_text(since))
        .where(results.c.action.in_(DESTRUCTIVE), results.c.state == "done", results.c.unnamed == 1)
    )
    return conn.execute(query).scalar() or 0
