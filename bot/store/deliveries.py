"""The inbox: every verified webhook once, with what it wakes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete

from bot.model.forge import Delivery
from bot.model.identity import PullRequestId, Wake, key_text, repository_of
from bot.model.noun import Sha
from bot.store import commands, pulls, queue, repositories
from bot.store.codec import encode
from bot.store.insert import insert
from bot.store.tables import as_text, deliveries

__all__ = ["accept", "forget"]


def accept(conn: Connection, forge: str, delivery: Delivery, now: datetime) -> bool:
    """Keep a delivery, its remark and its wakes. False: it was accepted before, and nothing is done twice.

    An App tells of every repository that it is installed on. Of those that were never adopted nothing is kept.
    """
    ours = [each for each in delivery.wakes if repositories.find(conn, repository_of(each.key))]
    again = checked(conn, ours, delivery.again) if delivery.again else ()
    ours += [Wake(key=each, reason=delivery.event) for each in again]
    wakes = encode([key_text(each.key) for each in ours])
    row = insert(conn, deliveries).values(
        forge=forge, delivery=delivery.id, event=delivery.event, wakes=wakes, at=as_text(now)
    )
    if conn.execute(row.on_conflict_do_nothing().returning(deliveries.c.delivery)).first() is None:
        return False
    if ours and delivery.remark is not None and delivery.thread is not None:
        commands.record(conn, delivery.thread, delivery.remark, "signed", now)
    for each in again:
        pulls.ask_again(conn, each, delivery.id)
    queue.touch(conn, ours)
    return True


def checked(conn: Connection, wakes: Sequence[Wake], commit: Sha) -> tuple[PullRequestId, ...]:
    """The pull requests to look at, and those of the repositories to look at that have that commit as their head."""
    named = [each.key for each in wakes if isinstance(each.key, PullRequestId)]
    where = dict.fromkeys(repository_of(each.key) for each in wakes)
    return tuple(dict.fromkeys([*named, *(thread for each in where for thread in pulls.headed(conn, each, commit))]))


def forget(conn: Connection, before: datetime) -> int:
    """Remove deliveries that no forge sends again any more; how many."""
    return conn.execute(delete(deliveries).where(deliveries.c.at < as_text(before))).rowcount
