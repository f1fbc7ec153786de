"""Plans as threads showed them: what an approval binds to, and what stands for one where none is required."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, cast, delete, exists, func, select, update

from bot.model.identity import PullRequestId
from bot.model.noun import Digest, Sha, noun
from bot.model.plan import Plan
from bot.model.resource import ResourceId
from bot.store.blobs import blobs_of
from bot.store.codec import (
    decode_destroys,
    decode_objects,
    decode_plan,
    encode_destroys,
    encode_objects,
    encode_plan,
    thread_text,
)
from bot.store.tables import as_text, as_time, environments, plans, pulls

__all__ = [
    "Published",
    "concerns",
    "forget",
    "last",
    "latest",
    "leave",
    "mark_published",
    "previewed",
    "propose",
    "published",
    "showing",
    "shown",
]


@noun
class Published:
    """A plan of an environment (its id) in a thread.

    `digest` is the whole state's, `objects` holds those of the objects that it changes, `destroys` what it takes away.
    `head` is the last commit of the pull request that it was shown for.
    """

    thread: PullRequestId
    environment: str
    digest: Digest
    objects: Mapping[ResourceId, Digest] = field(repr=False)
    destroys: frozenset[tuple[ResourceId, str]]
    plan: Plan
    head: Sha


def propose(conn: Connection, thread: PullRequestId, found: Sequence[Published], now: datetime) -> datetime:
    """Keep the plans that a thread is about to show; the time at which the newest of them was made.

    A plan that is the same as the thread's last one for its environment keeps that one's time. Plans that were proposed
    before and never published are forgotten: the thread will not show them any more.
    """
    kept = [keep(conn, thread, each, now) for each in found]
    unseen = (plans.c.thread == thread_text(thread), plans.c.published_at.is_(None))
    conn.execute(delete(plans).where(*unseen, plans.c.id.not_in([id for id, _ in kept])))
    return max((at for _, at in kept), default=now)


def keep(conn: Connection, thread: PullRequestId, each: Published, now: datetime) -> tuple[int, datetime]:
    """Keep one plan; its row's id, and when it was made."""
    objects, destroys = encode_objects(each.objects), encode_destroys(each.destroys)
    whole = "\n".join([encode_plan(replace(each.plan, at=datetime.min)), objects, destroys])
    fingerprint = hashlib.sha256(whole.encode()).hexdigest()
    last = newest(conn, thread, each.environment)
    if last is not None and last.fingerprint == fingerprint:
        conn.execute(update(plans).where(plans.c.id == last.id).values(head=each.head, left_at=None))
        return last.id, as_time(last.made_at)
    row = plans.insert().values(
        thread=thread_text(thread), environment=each.environment, digest=each.digest, head=each.head,
        objects=objects, destroys=destroys, body=blobs_of(conn).put(encode_plan(each.plan)), fingerprint=fingerprint,
        made_at=as_text(now), published_at=None,
    )  # fmt: skip
    return conn.execute(row.returning(plans.c.id)).scalar_one(), now


def leave(conn: Connection, thread: PullRequestId, stay: Collection[str], head: Sha, now: datetime) -> None:
    """The pull request at `head` changes no environment but those: what an earlier head showed of others is over.

    What this very head showed stays: it is the base that has it by now.
    """
    where = (plans.c.thread == thread_text(thread), plans.c.environment.not_in(stay), plans.c.head != head)
    conn.execute(update(plans).where(*where, plans.c.left_at.is_(None)).values(left_at=as_text(now)))


def shown_in(thread: PullRequestId, environment: str) -> ColumnElement[bool]:
    """The rows of a thread for an environment."""
    return and_(plans.c.thread == thread_text(thread), plans.c.environment == environment)


def newest(conn: Connection, thread: PullRequestId, environment: str, *more: ColumnElement[bool]) -> Row[Any] | None:
    """The thread's last row for an environment, of those for which `more` holds."""
    where = (shown_in(thread, environment), *more)
    return conn.execute(select(plans).where(*where).order_by(plans.c.id.desc()).limit(1)).first()


def standing(row: Row[Any] | None) -> Row[Any] | None:
    """The row; None where there is none, or a later push left its environment alone."""
    return row if row is not None and row.left_at is None else None


def mark_published(conn: Connection, thread: PullRequestId, at: datetime) -> None:
    """The thread shows its newest plans since `at`, the forge's time."""
    where = (plans.c.thread == thread_text(thread), plans.c.published_at.is_(None))
    conn.execute(update(plans).where(*where).values(published_at=as_text(at)))


def published(conn: Connection, thread: PullRequestId, environment: str, before: datetime) -> Published | None:
    """The last plan that was published in a second before that of `before`; a forge's times have no finer grain.

    None: there is none, or a later push left the environment alone.
    """
    second = before.replace(microsecond=0)
    row = standing(newest(conn, thread, environment, plans.c.published_at < as_text(second)))
    return make(conn, row, thread) if row else None


def same_second(conn: Connection, thread: PullRequestId, environment: str, at: datetime) -> frozenset[Digest]:
    """The states whose plans were published in the very second of `at`: nobody can tell whether the writer saw them."""
    second = at.replace(microsecond=0)
    where = (
        shown_in(thread, environment),
        plans.c.published_at >= as_text(second),
        plans.c.published_at < as_text(second + timedelta(seconds=1)),
    )
    return frozenset(conn.execute(select(plans.c.digest).where(*where)).scalars())


def shown(conn: Connection, thread: PullRequestId) -> bool:
    """Whether the thread ever showed a plan."""
    return conn.execute(select(plans.c.id).where(plans.c.thread == thread_text(thread)).limit(1)).first() is not None


def concerns(conn: Connection, thread: PullRequestId, environment: str) -> bool:
    """Whether the thread showed a plan for an environment, and no later push left it alone."""
    return standing(newest(conn, thread, environment)) is not None


def last(conn: Connection, thread: PullRequestId, environment: str) -> Published | None:
    """The thread's newest plan of an environment; None: it never had one, or a later push left it alone."""
    row = standing(newest(conn, thread, environment))
    return make(conn, row, thread) if row else None


def latest(conn: Connection, thread: PullRequestId) -> tuple[Published, ...]:
    """The newest plan of each environment that no later push left alone."""
    last = select(func.max(plans.c.id)).where(plans.c.thread == thread_text(thread)).group_by(plans.c.environment)
    where = (plans.c.id.in_(last), plans.c.left_at.is_(None))
    rows = conn.execute(select(plans).where(*where).order_by(plans.c.id)).fetchall()
    return tuple(make(conn, row, thread) for row in rows)


def forget(conn: Connection, before: datetime) -> int:
    """Remove plans in whose place their thread showed another one before that time; how many.

    What was written since was written to the later plan, and the last one that a thread showed is never removed.
    """
    later = plans.alias()
    same = and_(later.c.thread == plans.c.thread, later.c.environment == plans.c.environment)
    shown_instead = and_(same, later.c.id > plans.c.id, later.c.published_at < as_text(before))
    return conn.execute(delete(plans).where(exists().where(shown_instead))).rowcount


def showing(conn: Connection, environment: str, digest: Digest) -> tuple[int, ...]:
    """The numbers of the pull requests whose threads show a plan that leads an environment to this state."""
    seen = (plans.c.environment == environment, plans.c.published_at.is_not(None))
    last = select(func.max(plans.c.id)).where(*seen).group_by(plans.c.thread)
    where = (plans.c.id.in_(last), plans.c.digest == digest, plans.c.left_at.is_(None))
    rows = conn.execute(select(plans.c.thread).where(*where))
    return tuple(sorted(int(row.thread.rpartition(":")[2]) for row in rows))


def previewed(conn: Connection) -> frozenset[str]:
    """The environments that the branch which deploys never described, but a pull request that is not closed shows.

    A merged one counts until the branch is looked at, which describes them then.
    """
    threads = select(pulls.c.forge + ":" + cast(pulls.c.repository, Text) + ":" + cast(pulls.c.number, Text))
    only = select(environments.c.uid).where(environments.c.state == "previewed")
    where = (
        plans.c.environment.in_(only),
        plans.c.thread.in_(threads.where(pulls.c.state != "closed")),
        plans.c.published_at.is_not(None),
        plans.c.left_at.is_(None),
    )
    return frozenset(conn.execute(select(plans.c.environment).distinct().where(*where)).scalars())


def make(conn: Connection, row: Row[Any], thread: PullRequestId) -> Published:
    """A row as a value."""
    return Published(
        thread=thread, environment=row.environment, digest=Digest(row.digest), objects=decode_objects(row.objects),
        destroys=decode_destroys(row.destroys), plan=decode_plan(blobs_of(conn).get(row.body)), head=row.head,
    )  # fmt: skip
