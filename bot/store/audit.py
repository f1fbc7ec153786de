"""The audit log: appended to, never changed."""

from datetime import datetime

from sqlalchemy import Connection

from bot.model.noun import noun
from bot.store.tables import as_text, audit

__all__ = ["Event", "write"]


@noun
class Event:
    """Who did what to which subject."""

    actor: str
    what: str
    subject: str
    detail: str = ""


def write(conn: Connection, at: datetime, event: Event) -> None:
    """Append an event."""
    row = {"actor": event.actor, "what": event.what, "subject": event.subject, "detail": event.detail[:2000]}
    conn.execute(audit.insert().values(at=as_text(at), **row))
