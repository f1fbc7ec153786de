"""What threads show already, and the outcomes that they are owed."""

import json
from datetime import datetime

from sqlalchemy import Connection, select

from bot.model.identity import PullRequestId
from bot.model.report import Outcome, Posted, PostedCheck
from bot.store.codec import encode, thread_text
from bot.store.insert import insert
from bot.store.tables import outcomes, posted

__all__ = ["due", "of", "owe", "owed", "save"]


def of(conn: Connection, thread: PullRequestId) -> Posted:
    """What a thread shows, as far as this server knows."""
    stored = conn.execute(select(posted.c.value).where(posted.c.thread == thread_text(thread))).scalar()
    if stored is None:
        return Posted()
    value = json.loads(stored)
    return Posted(
        comment=value["comment"], digest=value["digest"],
        at=datetime.fromisoformat(value["at"]) if value["at"] else None,
        checks={head: PostedCheck(id=id, digest=digest) for head, (id, digest) in value["checks"].items()},
        outcomes=value["outcomes"], sent=value.get("sent", ""),
    )  # fmt: skip


def save(conn: Connection, thread: PullRequestId, value: Posted) -> None:
    """Remember what a thread shows."""
    shown = {
        "comment": value.comment, "digest": value.digest, "at": value.at.isoformat() if value.at else None,
        "checks": {head: [check.id, check.digest] for head, check in value.checks.items()},
        "outcomes": dict(value.outcomes), "sent": value.sent,
    }  # fmt: skip
    text = encode(shown)
    row = insert(conn, posted).values(thread=thread_text(thread), value=text)
    conn.execute(row.on_conflict_do_update(index_elements=["thread"], set_={"value": text}))


def owe(conn: Connection, thread: PullRequestId, outcome: Outcome) -> None:
    """A thread is to show an outcome, once."""
    row = insert(conn, outcomes).values(thread=thread_text(thread), key=outcome.key, body=outcome.body)
    conn.execute(row.on_conflict_do_nothing())


def due(conn: Connection, thread: PullRequestId) -> tuple[Outcome, ...]:
    """The outcomes that a thread is owed and does not show yet, oldest first."""
    shown = of(conn, thread).outcomes
    query = select(outcomes).where(outcomes.c.thread == thread_text(thread)).order_by(outcomes.c.id)
    return tuple(Outcome(key=row.key, body=row.body) for row in conn.execute(query) if row.key not in shown)


def owed(conn: Connection, thread: PullRequestId, key: str) -> bool:
    """Whether a thread is owed an outcome of that key, or shows it."""
    query = select(outcomes.c.id).where(outcomes.c.thread == thread_text(thread), outcomes.c.key == key)
    return conn.execute(query).first() is not None
