"""Connecting to the database: what a URL means, how each database is told to be durable, and who may use the file."""

import fcntl
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Engine, create_engine, event, exc, inspect, make_url, text
from sqlalchemy.pool import StaticPool

from bot.errors import SettingsError
from bot.model.noun import noun
from bot.store.blobs import INLINE

__all__ = ["Database", "connect", "first_line", "sqlite_engine"]

SQLITE, POSTGRESQL = "sqlite", "postgresql+psycopg"
REMEDY = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
READERS = 4
CONNECTIONS = 8
BUSY_SECONDS = 10
IDLE_IN_TRANSACTION_MS = 5_000
MOST_TEXT = 1 << 30
"""Bytes of a value of PostgreSQL: https://www.postgresql.org/docs/current/limits.html"""


@noun
class Database:
    """A database with one engine for transactions and one for looking, and how many of each may run at a time.

    `inline` is how many bytes of a text it keeps itself. `lock` is held where this process has it for itself.
    """

    write: Engine
    read: Engine
    writers: int
    readers: int
    inline: int
    lock: IO[str] | None = None

    def close(self) -> None:
        """Close every connection, then let the next server in."""
        self.write.dispose()
        self.read.dispose()
        if self.lock is not None:
            self.lock.close()


def connect(text: str) -> Database:
    """The database behind a URL, with its tables brought up to date. SettingsError: what is wrong, and what to do."""
    url = usable(text)
    with ExitStack() as undo:
        lock = undo.enter_context(only_server(Path(url.database or ""))) if url.drivername == SQLITE else None
        try:
            database = sqlite_database(url, lock) if lock else postgresql_database(url)
            undo.callback(database.close)
            migrated(database.write)
        except SettingsError as error:
            raise SettingsError([f"store: {shown(url)} {line}" for line in error.lines]) from None
        except ImportError as error:
            needs = "needs the Python package psycopg and PostgreSQL's libpq"
            problem = f"store: {shown(url)} {needs} ({first_line(error)}); install psycopg[binary], which is both"
            raise SettingsError([problem]) from None
        except (exc.SQLAlchemyError, OSError) as error:
            raise SettingsError([f"store: {shown(url)} cannot be opened: {first_line(error)}"]) from None
        undo.pop_all()
    return database


def migrated(engine: Engine) -> None:
    """Bring the tables to what this version needs. SettingsError: a newer version has been here."""
    if current(engine) == newest():
        return  # most starts: Alembic is heavy, and stays in memory once it is loaded
    from bot.store.migrate import migrate

    migrate(engine)


def newest() -> str:
    """The revision of the newest migration: what its file's name begins with."""
    folder = Path(__file__).parent / "migrations" / "versions"
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*.py"))


def current(engine: Engine) -> str | None:
    """The revision that the database is at, where Alembic writes it down; None for a new database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def usable(text: str) -> URL:
    """The URL in its parts. SettingsError: it names no database that can be used."""
    try:
        url = make_url(text)
    except exc.ArgumentError:
        raise SettingsError([f"store: is not a URL; {REMEDY}"]) from None
    in_file = url.drivername == SQLITE and url.database not in (None, "", ":memory:")
    if not in_file and url.drivername != POSTGRESQL:
        raise SettingsError([f"store: {shown(url)} cannot be used; {REMEDY}"])
    return url


def sqlite_database(url: URL, lock: IO[str] | None) -> Database:
    """One writing connection, and some that can only read; the file is its owner's alone."""
    file = Path(url.database or "")
    file.touch(mode=0o600)
    return Database(
        write=sqlite_engine(file, "BEGIN IMMEDIATE", poolclass=StaticPool),
        read=sqlite_engine(file, "BEGIN", "query_only=ON", pool_size=READERS),
        writers=1,
        readers=READERS,
        inline=INLINE,
        lock=lock,
    )


def sqlite_engine(file: Path, begin: str, *more: str, **pool: Any) -> Engine:
    """SQLite with a write-ahead log, synced at every commit (https://sqlite.org/pragma.html#pragma_synchronous).

    The driver would begin transactions late and only before some statements, so they are begun here:
    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
    """
    url = URL.create(SQLITE, database=str(file))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **pool)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *more):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(conn: Any) -> None:
        conn.exec_driver_sql(begin)

    return engine


def postgresql_database(url: URL) -> Database:
    """A pool of connections; looking happens in a snapshot.

    A process that was frozen in a transaction must not keep its row locks, so idle transactions are ended:
    https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT
    """
    options = f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}"
    write = create_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": BUSY_SECONDS},
    )
    read = write.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    # whoever shares the database sees whole texts: a file would be one server's alone
    return Database(write=write, read=read, writers=CONNECTIONS, readers=CONNECTIONS, inline=MOST_TEXT)


def only_server(file: Path) -> IO[str]:
    """An exclusive lock beside the SQLite file. SettingsError: another server has it, or it cannot be made."""
    try:
        lock = Path(f"{file}.lock").open("a", encoding="utf-8")  # noqa: SIM115 - held as long as the store is open
    except OSError as error:
        problem = f"store: {file} cannot be used: {error.strerror}; make its folder, or name another file"
        raise SettingsError([problem]) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        problem = f"store: another server works on {file}; stop it, or use PostgreSQL for several servers"
        raise SettingsError([problem]) from None
    return lock


def shown(url: URL) -> str:
    """A database's URL without its password."""
    return url.render_as_string(hide_password=True)


def first_line(error: BaseException) -> str:
    """What the database says, without the statement and its values."""
    origin = getattr(error, "orig", None) or error
    return (str(origin).strip().splitlines() or [type(error).__name__])[0][:200]
