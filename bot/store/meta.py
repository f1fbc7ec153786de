"""Facts about the store itself: the key that seals object digests."""

import secrets

from sqlalchemy import Connection, select

from bot.store.insert import insert
from bot.store.tables import meta

__all__ = ["sealing_key", "sealing_key_exists"]

SEAL = "sealing key"


def sealing_key(conn: Connection) -> bytes:
    """32 secret bytes, made once: stored digests of objects with secrets in them cannot be guessed without it."""
    conn.execute(insert(conn, meta).values(key=SEAL, value=secrets.token_hex(32)).on_conflict_do_nothing())
    return bytes.fromhex(conn.execute(select(meta.c.value).where(meta.c.key == SEAL)).scalar_one())


def sealing_key_exists(conn: Connection) -> bool:
    """Whether the store was opened by a server before; also the cheapest question to ask it."""
    return conn.execute(select(meta.c.key).where(meta.c.key == SEAL)).first() is not None
