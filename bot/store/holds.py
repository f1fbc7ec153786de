"""Holds: `/gate hold` stops every write to an environment until it is released."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.model.gate import Hold
from bot.model.identity import Person
from bot.store import environments
from bot.store.tables import as_text, as_time, holds

__all__ = ["add", "current", "release"]


def current(conn: Connection, environment: str) -> Hold | None:
    """The hold on an environment, or None."""
    where = (holds.c.environment == environment, holds.c.released_at.is_(None))
    row = conn.execute(select(holds).where(*where).order_by(holds.c.id.desc()).limit(1)).first()
    return Hold(by=row.person, reason=row.reason, at=as_time(row.at)) if row else None


def add(conn: Connection, environment: str, by: Person, reason: str, now: datetime) -> None:
    """Hold an environment."""
    conn.execute(holds.insert().values(environment=environment, person=by.login, reason=reason, at=as_text(now)))


def release(conn: Connection, environment: str, now: datetime) -> None:
    """End every hold of an environment, and the stop after an apply that ended half-way."""
    where = (holds.c.environment == environment, holds.c.released_at.is_(None))
    conn.execute(update(holds).where(*where).values(released_at=as_text(now)))
    environments.set_partial(conn, environment, "")
