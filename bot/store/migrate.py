"""Bringing the database's tables to what this version needs, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, func, select

from bot.errors import SettingsError

__all__ = ["migrate"]

LOCK = 0x71DE6A7E
"""Any number that no other program takes for an advisory lock in the same database."""


def migrate(engine: Engine, to: str = "head") -> None:
    """Run every migration up to the revision `to` that the database has not had yet, all of them or none.

    SettingsError: the database has had migrations that this version does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # servers that start together would make the same tables
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError:
            problem = "was used by a newer version of Tidegate; run that version, or restore a backup from before it"
            raise SettingsError([problem]) from None
