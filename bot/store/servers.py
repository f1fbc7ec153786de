"""The servers that share this store, and the one toolchain that renders for it.

Servers with another toolchain stand by, so that an environment does not go back and forth between what two of them
make of it. Theirs takes its place when no server with the one that renders was there for some time.
"""

import json
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from bot.store.insert import insert
from bot.store.tables import as_text, meta, servers

__all__ = ["forget", "leave", "present", "rendering"]

KEY = "toolchain"


def present(conn: Connection, owner: str, toolchain: tuple[str, ...], now: datetime, seconds: float) -> None:
    """A server is there with that toolchain, which renders from now on if nobody has the one that did.

    Who did not say so within `seconds` is there no more.
    """
    mine = json.dumps(toolchain)
    conn.execute(insert(conn, meta).values(key=KEY, value=mine).on_conflict_do_nothing())
    # the row is locked until the transaction ends: two servers never decide at once
    active = conn.execute(select(meta.c.value).where(meta.c.key == KEY).with_for_update()).scalar_one()
    row = insert(conn, servers).values(owner=owner, toolchain=mine, seen=as_text(now))
    change = {"toolchain": mine, "seen": as_text(now)}
    conn.execute(row.on_conflict_do_update(index_elements=[servers.c.owner], set_=change))
    conn.execute(delete(servers).where(servers.c.seen <= as_text(now - timedelta(seconds=seconds))))
    if conn.execute(select(servers.c.owner).where(servers.c.toolchain == active)).first() is None:
        conn.execute(update(meta).where(meta.c.key == KEY).values(value=mine))


def rendering(conn: Connection) -> tuple[str, ...] | None:
    """The toolchain that renders here; None: no server ever said which."""
    found = conn.execute(select(meta.c.value).where(meta.c.key == KEY)).scalar()
    return tuple(json.loads(found)) if found else None


def leave(conn: Connection, owner: str) -> None:
    """A server ends."""
    conn.execute(delete(servers).where(servers.c.owner == owner))


def forget(conn: Connection) -> None:
    """No other server is there: only for a process that knows itself to be alone."""
    conn.execute(delete(servers))
