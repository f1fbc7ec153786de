"""Every test of the store runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine

from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.database import sqlite_engine
from bot.store.tables import metadata


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
