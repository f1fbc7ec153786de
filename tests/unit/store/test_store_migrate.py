"""Databases of earlier versions: they become what this version needs, and keep what they hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine

import bot
from bot.store import Store, meta
from bot.store.database import current
from bot.store.migrate import migrate
from bot.store.tables import meta as rows
from bot.store.tables import metadata

VERSIONS = Path(meta.__file__).parent / "migrations" / "versions"
REVISIONS = sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_any_revision_becomes_the_newest_and_keeps_what_it_holds(
    url: str, tmp_path: Path, revision: str
) -> None:
    engine = create_engine(url)
    migrate(engine, revision)
    assert current(engine) == revision
    with engine.begin() as conn:
        conn.execute(rows.insert().values(key="of an earlier version", value="kept"))
    engine.dispose()
    store = await Store.open(url, tmp_path / "state")
    assert await store.read(lambda conn: [tuple(row) for row in conn.execute(rows.select())]) == [
        ("of an earlier version", "kept")
    ]
    assert await store.read(differences) == [], "the migrations and the tables of the program say different things"
    await store.close()


def test_the_program_may_lie_where_a_path_has_a_percent_sign(tmp_path: Path) -> None:
    place = tmp_path / "100%"
    place.mkdir()
    (place / "bot").symlink_to(Path(bot.__file__).parent)
    code = (
        "import asyncio; from pathlib import Path; from bot.store import Store\n"
        "asyncio.run(Store.open('sqlite:///store.db', Path()))"
    )
    environment = os.environ | {"PYTHONPATH": str(place)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def differences(conn: Connection) -> list[object]:
    """How a database's tables differ from those that the program knows."""
    return list(compare_metadata(MigrationContext.configure(conn), metadata))
