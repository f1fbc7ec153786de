"""The work queue: one row per key, so touches coalesce; leases with an epoch that fences every write.

`wanted` counts touches and `done` how many of them were worked off: a key is ready when they differ, or when its due
time has come. Taking a key turns a due time that has come into a touch, so a time that is still there when the work
ends was set for later, or by somebody else meanwhile: it is kept unless the work asks to come back sooner.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from bot.errors import StaleLease
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake, key_text
from bot.store import repositories
from bot.store.insert import insert
from bot.store.tables import as_text, queue

__all__ = [
    "KINDS", "attempts", "check", "fail", "overtake", "ready", "reclaim", "release", "renew", "settle", "take_apart",
    "take_keys", "touch",
]  # fmt: skip

KINDS = ("repository", "pull", "environment")


def touch(conn: Connection, wakes: Iterable[Wake], at: datetime | None = None) -> None:
    """Add one to each key's `wanted`; with `at` make it due then instead. An earlier due time is never moved later.

    Something new is a reason to try again at once, so a touch also ends the waiting after failures.
    """
    # rows are locked until the transaction ends: one order for everybody keeps two of them from waiting for each other
    for key, wake in ordered(wakes):
        kind = key.partition(":")[0]
        fresh = {
            "key": key, "kind": kind, "wanted": 0 if at else 1, "done": 0, "epoch": 0, "attempts": 0, "owner": "",
            "lease_until": None, "due": as_text(at) if at else None, "taken": "", "reason": wake.reason, "error": "",
        }  # fmt: skip
        row = insert(conn, queue).values(**fresh)
        if at is None:
            change = {"wanted": queue.c.wanted + 1, "reason": wake.reason}
            conn.execute(row.on_conflict_do_update(index_elements=[queue.c.key], set_=change))
        else:
            sooner = or_(queue.c.due.is_(None), queue.c.due > as_text(at))
            change = {"due": as_text(at), "reason": wake.reason}
            conn.execute(row.on_conflict_do_update(index_elements=[queue.c.key], set_=change, where=sooner))


def take_keys(
    conn: Connection, owner: str, limit: int, now: datetime, seconds: float, kinds: Sequence[str] = KINDS
) -> tuple[tuple[Lease, Key], ...]:
    """Lease up to `limit` keys of those kinds that are ready and free: by turns of repositories, see `in_turns`."""
    taken: list[tuple[Lease, Key]] = []
    for _, key in in_turns(conn, now, kinds):
        if len(taken) == limit:
            break
        if leased := take_key(conn, key, owner, now, seconds):
            taken.append(leased)
    return tuple(taken)


def take_apart(
    conn: Connection, owner: str, now: datetime, seconds: float, kinds: Sequence[str] = KINDS
) -> tuple[tuple[Lease, Key], ...]:
    """Lease one key of a repository of which nothing is in hand; () where there is none."""
    first = (take_key(conn, key, owner, now, seconds) for turn, key in in_turns(conn, now, kinds) if turn == 0)
    return tuple(islice(filter(None, first), 1))


def take_key(conn: Connection, key: str, owner: str, now: datetime, seconds: float) -> tuple[Lease, Key] | None:
    """Lease one key; None if somebody else took it, or its repository is not known."""
    mine = select(queue).where(queue.c.key == key, takeable(now)).with_for_update(skip_locked=True)
    row = conn.execute(mine).first()
    return lease(conn, row, owner, now, seconds) if row is not None else None


def in_turns(conn: Connection, now: datetime, kinds: Sequence[str]) -> list[tuple[int, str]]:
    """The keys that could be taken, each with its turn: 0 for a repository that has nothing in hand, and so on.

    So a repository's crowd keeps no other waiting. Within a turn it goes by who waited longest.
    """
    held = select(queue.c.key).where(queue.c.lease_until > as_text(now))
    turns = Counter(map(repository_part, conn.execute(held).scalars()))
    ready = select(queue.c.key).where(takeable(now), queue.c.kind.in_(kinds)).order_by(queue.c.taken, queue.c.key)
    found: list[tuple[int, int, str]] = []
    for key in conn.execute(ready).scalars():
        found.append((turns[repository_part(key)], len(found), key))
        turns[repository_part(key)] += 1
    return [(turn, key) for turn, _, key in sorted(found)]


def repository_part(key: str) -> str:
    """The repository in a key's text: `github:17`."""
    return ":".join(key.split(":", 3)[1:3])


def ordered(wakes: Iterable[Wake]) -> list[tuple[str, Wake]]:
    """The wakes with their keys as text, by key."""
    return sorted(((key_text(wake.key), wake) for wake in wakes), key=lambda pair: pair[0])


def takeable(now: datetime) -> ColumnElement[bool]:
    """The rows that are ready and that nobody holds."""
    moment = as_text(now)
    free = or_(queue.c.lease_until.is_(None), queue.c.lease_until <= moment)
    return and_(free, or_(queue.c.wanted > queue.c.done, queue.c.due <= moment))


def lease(conn: Connection, row: Row[Any], owner: str, now: datetime, seconds: float) -> tuple[Lease, Key] | None:
    """Take one row; None if its repository is not known (then its wakes are done)."""
    key = parse_key(conn, row.key)
    if key is None:
        conn.execute(update(queue).where(queue.c.key == row.key).values(done=row.wanted, due=None))
        return None
    until = now + timedelta(seconds=seconds)
    came = row.due is not None and row.due <= as_text(now)
    claimed = row.wanted + 1 if came else row.wanted
    change = {"wanted": claimed, "due": None if came else row.due, "epoch": row.epoch + 1, "owner": owner}
    mine = update(queue).where(queue.c.key == row.key)
    conn.execute(mine.values(**change, lease_until=as_text(until), taken=as_text(now)))
    return Lease(key=row.key, epoch=row.epoch + 1, claimed=claimed, until=until), key


def check(conn: Connection, lease: Lease) -> None:
    """StaleLease unless the lease's epoch is still the row's; locks the row until the transaction ends."""
    query = select(queue.c.epoch).where(queue.c.key == lease.key, queue.c.owner != "").with_for_update()
    if conn.execute(query).scalar() != lease.epoch:
        raise StaleLease(f"{lease.key} is held by another worker by now")


def renew(conn: Connection, lease: Lease, now: datetime, seconds: float) -> None:
    """Hold on for `seconds` from now. StaleLease: too late."""
    check(conn, lease)
    until = as_text(now + timedelta(seconds=seconds))
    conn.execute(update(queue).where(queue.c.key == lease.key).values(lease_until=until))


def settle(conn: Connection, lease: Lease, due: datetime | None) -> None:
    """Done with what was claimed; ready again if touched since, or when `due` comes. StaleLease: not ours any more."""
    end(conn, lease, due, {"attempts": 0, "error": ""})


def fail(conn: Connection, lease: Lease, error: str, due: datetime) -> None:
    """Not done: try again when `due` comes, or at once if touched since. StaleLease: not ours any more."""
    end(conn, lease, due, {"attempts": queue.c.attempts + 1, "error": error[:500]})


def end(conn: Connection, lease: Lease, due: datetime | None, change: Mapping[str, Any]) -> None:
    """End a lease; what it claimed is worked off, and whichever due time comes first is kept."""
    check(conn, lease)
    kept = conn.execute(select(queue.c.due).where(queue.c.key == lease.key)).scalar()
    times = [each for each in (kept, as_text(due) if due else None) if each is not None]
    free = {"owner": "", "lease_until": None, "done": lease.claimed, "due": min(times, default=None)}
    conn.execute(update(queue).where(queue.c.key == lease.key).values(**free, **change))


def release(conn: Connection, lease: Lease) -> None:
    """Give the key back undone, to be taken at once by anybody. StaleLease: not ours any more."""
    check(conn, lease)
    conn.execute(update(queue).where(queue.c.key == lease.key).values(owner="", lease_until=None))


def overtake(conn: Connection, lease: Lease, epoch: int) -> None:
    """Give the key back undone, with `epoch` as the last that held it. StaleLease: not ours any more."""
    release(conn, lease)
    conn.execute(update(queue).where(queue.c.key == lease.key).values(epoch=epoch))


def reclaim(conn: Connection) -> None:
    """Every lease is void: only for a process that knows itself to be alone."""
    conn.execute(update(queue).values(owner="", lease_until=None))


def attempts(conn: Connection, key: str) -> int:
    """How often a key failed since it last succeeded."""
    return conn.execute(select(queue.c.attempts).where(queue.c.key == key)).scalar() or 0


def ready(conn: Connection, now: datetime) -> int:
    """How many keys could be taken now."""
    return conn.execute(select(func.count()).select_from(queue).where(takeable(now))).scalar() or 0


def parse_key(conn: Connection, text: str) -> Key | None:
    """The key that a row is about; None: its repository was never adopted."""
    kind, forge, number, *rest = text.split(":", 3)
    found = repositories.find(conn, RepositoryId(forge=forge, number=int(number), path=""))
    if found is None:
        return None
    match kind:
        case "repository":
            return found.id
        case "pull":
            return PullRequestId(repository=found.id, number=int(rest[0]))
        case _:
            return EnvironmentId(repository=found.id, name=rest[0])
