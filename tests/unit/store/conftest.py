"""Every test of the store runs on SQLite and on PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine

from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.database import sqlite_engine
from bot.store.tables import metadata


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs: on PATH, or where Debian keeps them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return next((each.parent for each in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a throw-away PostgreSQL server on the loopback interface."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL's server programs are not here (Debian: apt-get install postgresql)")
    # not below pytest's own folder: every run of pytest shuts that to others, and PostgreSQL refuses to run as root
    place = Path(tempfile.mkdtemp(prefix="tidegate-postgresql-"))
    prefix: list[str] = []
    if os.getuid() == 0:
        shutil.chown(place, "nobody")
        prefix = ["setpriv", "--reuid=nobody", "--clear-groups"]
    data, port = place / "data", free_port()
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
    control = [*prefix, folder / "pg_ctl", "-D", data, "-w", "-l", place / "log"]
    try:
        run = [*prefix, folder / "initdb", "-A", "trust", "-U", "tidegate", "-D", data]
        subprocess.run(run, check=True, capture_output=True, cwd=place)
        subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=place)
        yield f"postgresql+psycopg://tidegate@127.0.0.1:{port}"
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=place)
    finally:
        shutil.rmtree(place)


@pytest.fixture
def new_postgresql(postgresql: str) -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    plain = postgresql.replace("+psycopg", "")
    with psycopg.connect(f"{plain}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{postgresql}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("new_postgresql"))


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    opened = await Store.open(url, tmp_path / "state")
    yield opened
    await opened.close()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with all tables, shared by the tests that undo what they write."""
    folder = tmp_path_factory.mktemp("engine")
    if request.param == "sqlite":
        made = sqlite_engine(folder / "shared.db", "BEGIN")
    else:
        made = create_engine(f"{request.getfixturevalue('postgresql')}/postgres")
    made = made.execution_options(blobs=Blobs(folder / "blobs"))
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    """A transaction that is undone at the end."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()
