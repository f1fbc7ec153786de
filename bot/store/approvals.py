"""Approvals: given in a thread for a state, withdrawn, ended with it, spent when the environment leaves that state."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from bot.model.gate import Approval
from bot.model.identity import Person, PullRequestId, RepositoryId
from bot.model.noun import Digest
from bot.store.codec import (
    decode_destroys,
    decode_objects,
    decode_person,
    encode_destroys,
    encode_objects,
    encode_person,
    thread_text,
)
from bot.store.insert import insert
from bot.store.tables import approvals, as_text, as_time, environments

__all__ = ["add", "counting", "end_all", "end_reviews", "given", "of", "spend", "withdraw"]

STANDING = (approvals.c.withdrawn_at.is_(None), approvals.c.spent_at.is_(None))


def add(conn: Connection, approval: Approval, remark: str) -> bool:
    """Keep an approval once per remark, environment and kind, whether it is withdrawn later or not; True when new."""
    row = insert(conn, approvals).values(
        remark=remark, environment=approval.environment, thread=thread_text(approval.pull_request),
        desired=approval.desired, objects=encode_objects(approval.objects), destroys=encode_destroys(approval.destroys),
        person=encode_person(approval.by), person_id=approval.by.id, how=approval.how, at=as_text(approval.at),
    )  # fmt: skip
    return conn.execute(row.on_conflict_do_nothing().returning(approvals.c.id)).first() is not None


def counting(conn: Connection, environment: str, thread: PullRequestId) -> tuple[Approval, ...]:
    """The approvals of an environment in a thread that are neither withdrawn nor spent, in order of time."""
    where = (approvals.c.environment == environment, approvals.c.thread == thread_text(thread), *STANDING)
    rows = conn.execute(select(approvals).where(*where).order_by(approvals.c.at, approvals.c.id)).fetchall()
    return tuple(make(row, thread) for row in rows)


def of(conn: Connection, environment: str) -> tuple[Approval, ...]:
    """Every approval of an environment that stands, in order of time."""
    where = (approvals.c.environment == environment, *STANDING)
    rows = conn.execute(select(approvals).where(*where).order_by(approvals.c.at, approvals.c.id)).fetchall()
    return tuple(make(row, parse_thread(row.thread)) for row in rows)


def given(conn: Connection, thread: PullRequestId, person: Person) -> dict[str, str]:
    """The environments (id → name) for which something stands that a person gave in a thread."""
    joined = approvals.join(environments, environments.c.uid == approvals.c.environment)
    where = (approvals.c.thread == thread_text(thread), approvals.c.person_id == person.id, *STANDING)
    query = select(environments.c.uid, environments.c.name).select_from(joined).where(*where)
    return {row.uid: row.name for row in conn.execute(query)}


def parse_thread(text: str) -> PullRequestId:
    """A thread's key as an id; the repository's path is not in it."""
    forge, repository, number = text.split(":")
    return PullRequestId(repository=RepositoryId(forge=forge, number=int(repository), path=""), number=int(number))


def make(row: Row[Any], thread: PullRequestId) -> Approval:
    """A row as a value."""
    return Approval(
        environment=row.environment, pull_request=thread, desired=Digest(row.desired),
        objects=decode_objects(row.objects), destroys=decode_destroys(row.destroys), by=decode_person(row.person),
        how=row.how, at=as_time(row.at),
    )  # fmt: skip


def withdraw(conn: Connection, environment: str, thread: PullRequestId, person: Person, now: datetime) -> None:
    """A person takes back what they gave in a thread for an environment."""
    end(conn, thread, now, approvals.c.environment == environment, approvals.c.person_id == person.id)


def end_reviews(conn: Connection, thread: PullRequestId, stand: Collection[str], now: datetime) -> None:
    """End a thread's approvals by reviews, but for those reviews that still approve."""
    end(conn, thread, now, approvals.c.how == "review", approvals.c.remark.not_in(stand))


def end_all(conn: Connection, thread: PullRequestId, now: datetime) -> None:
    """End every approval that was given in a thread."""
    end(conn, thread, now)


def end(conn: Connection, thread: PullRequestId, now: datetime, *which: ColumnElement[bool]) -> None:
    """Those of a thread's approvals count no more."""
    where = (approvals.c.thread == thread_text(thread), *which, *STANDING)
    conn.execute(update(approvals).where(*where).values(withdrawn_at=as_text(now)))


def spend(conn: Connection, environment: str, digest: Digest, now: datetime) -> None:
    """The environment left that state: old approvals of it do not bring it back."""
    where = (approvals.c.environment == environment, approvals.c.desired == digest, *STANDING)
    conn.execute(update(approvals).where(*where).values(spent_at=as_text(now)))
