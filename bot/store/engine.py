"""The store as the rest of Tidegate uses it: transactions as plain functions, run off the event loop.

Nothing can be awaited inside a transaction, since each one is a synchronous function in a thread. SQLite has one
writer, which is one connection on one thread; PostgreSQL has a pool.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, exc, select

from bot.errors import SettingsError, TemporaryError
from bot.model.gate import Lease
from bot.store import plans, queue, servers, tables
from bot.store.blobs import MARK, Blobs, blobs_of
from bot.store.database import Database, connect, first_line

__all__ = ["Store"]

T = TypeVar("T")

RETRY_SECONDS = 1.0
ATTEMPTS = 5
COLLISIONS = ("40001", "40P01")
"""serialization_failure and deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


class Store:
    """The database with its threads. Every call may raise TemporaryError: the database does not answer now.

    A function that is given to `read` or `write` does nothing but use its connection: where two transactions collide,
    one of them is undone and run again.
    """

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._write, self._read = (each.execution_options(blobs=blobs) for each in (database.write, database.read))
        self._writers = ThreadPoolExecutor(database.writers, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(database.readers, thread_name_prefix="store-read")

    @property
    def folder(self) -> Path | None:
        """Where the database's file lies; None: it has none here."""
        lock = self._database.lock
        return Path(lock.name).parent if lock is not None else None

    @classmethod
    async def open(cls, url: str, state_dir: Path) -> "Store":
        """Open and migrate. SettingsError: the URL, a folder, or another server that has the same SQLite file."""
        database = await asyncio.to_thread(connect, url)
        blobs = Blobs(state_dir / "blobs", database.inline)
        try:
            blobs.prepare()
        except OSError as error:
            database.close()
            raise SettingsError([f"state_dir: {state_dir} cannot be written: {error.strerror}"]) from None
        store = cls(database, blobs)
        if database.lock is not None:
            await store.write(begin_alone)
        return store

    async def tidy(self, before: datetime) -> None:
        """Remove plans that others took the place of before then, and files that nothing has named since.

        For a start, before any other work. Only a server that has the database for itself has files.
        """
        await self.write(lambda conn: plans.forget(conn, before))
        if self._database.lock is not None:
            await self.write(lambda conn: drop_files(conn, before))

    async def close(self) -> None:
        """Wait for what runs, then close."""
        for pool in (self._writers, self._readers):
            await asyncio.to_thread(pool.shutdown)
        self._database.close()

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a connection that sees one consistent state and cannot write."""
        return await self._run(self._readers, self._read, fn)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in one transaction, durable when this returns; whatever `fn` raises undoes it."""
        return await self._run(self._writers, self._write, fn)

    async def write_leased(self, lease: Lease, fn: Callable[[Connection], T]) -> T:
        """Like `write`, if the lease still holds its key. StaleLease: somebody else does by now; nothing is written."""

        def fenced(conn: Connection) -> T:
            queue.check(conn, lease)
            return fn(conn)

        return await self.write(fenced)

    async def _run(self, pool: ThreadPoolExecutor, engine: Engine, fn: Callable[[Connection], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, transact, engine, fn)
        except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError) as error:
            raise TemporaryError(f"the store does not answer: {first_line(error)}", RETRY_SECONDS) from None
        except OSError as error:
            problem = f"the store's files cannot be used: {error.strerror or error}"
            raise TemporaryError(problem, RETRY_SECONDS) from None


def begin_alone(conn: Connection) -> None:
    """No other process works on this file: every lease is a dead one's, and so is what others said of themselves."""
    queue.reclaim(conn)
    servers.forget(conn)


def drop_files(conn: Connection, before: datetime) -> None:
    """Remove the files of large texts that are stored nowhere any more, and were not since `before`."""
    named: set[str] = set()
    for column in (tables.plans.c.body, tables.journal.c.plan):
        named.update(conn.execute(select(column).where(column.startswith(MARK))).scalars())
    blobs_of(conn).keep(named, before)


def transact(engine: Engine, fn: Callable[[Connection], T]) -> T:
    """Run `fn` in a transaction, again if it collided with another one."""
    for _ in range(ATTEMPTS - 1):
        try:
            with engine.begin() as conn:
                return fn(conn)
        except exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in COLLISIONS:
                raise
    with engine.begin() as conn:
        return fn(conn)
