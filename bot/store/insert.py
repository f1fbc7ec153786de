"""INSERT … ON CONFLICT, which both databases have but SQLAlchemy keeps apart."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert"]


def insert(conn: Connection, table: Table) -> Any:
    """The database's own INSERT, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(table)
