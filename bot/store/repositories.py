"""Repositories that this server looks after."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from bot.model.forge import Repository
from bot.model.identity import RepositoryId
from bot.model.noun import Sha
from bot.store.insert import insert
from bot.store.tables import as_text, as_time, repositories

__all__ = ["adopt", "adopted_at", "base_head", "by_path", "find", "set_base_head", "set_watermark", "watermark"]

FIELDS = (
    repositories.c.forge,
    repositories.c.number,
    repositories.c.path,
    repositories.c.default_branch,
    repositories.c.private,
)


def same(id: RepositoryId) -> ColumnElement[bool]:
    """The row of a repository."""
    return and_(repositories.c.forge == id.forge, repositories.c.number == id.number)


def adopt(conn: Connection, found: Repository, now: datetime) -> bool:
    """Keep a repository, its present path and its default branch; True when it is new here."""
    known = find(conn, found.id)
    change = {"path": found.id.path, "default_branch": found.default_branch, "private": int(found.private)}
    row = insert(conn, repositories).values(
        forge=found.id.forge,
        number=found.id.number,
        base_head=None,
        watermark=as_text(now),
        adopted_at=as_text(now),
        **change,
    )
    conn.execute(row.on_conflict_do_update(index_elements=["forge", "number"], set_=change))
    return known is None


def find(conn: Connection, id: RepositoryId) -> Repository | None:
    """The repository with that immutable number."""
    return make(conn, same(id))


def by_path(conn: Connection, forge: str, path: str) -> Repository | None:
    """The repository that has that path now."""
    return make(conn, and_(repositories.c.forge == forge, func.lower(repositories.c.path) == path.lower()))


def make(conn: Connection, where: ColumnElement[bool]) -> Repository | None:
    """The first row that fits."""
    row = conn.execute(select(*FIELDS).where(where)).first()
    if row is None:
        return None
    id = RepositoryId(forge=row.forge, number=row.number, path=row.path)
    return Repository(id=id, default_branch=row.default_branch, private=bool(row.private))


def base_head(conn: Connection, id: RepositoryId) -> Sha | None:
    """The base head that environments and pull requests were last woken for."""
    found = conn.execute(select(repositories.c.base_head).where(same(id))).scalar()
    return Sha(found) if found else None


def set_base_head(conn: Connection, id: RepositoryId, head: Sha) -> None:
    """Remember the base head."""
    conn.execute(update(repositories).where(same(id)).values(base_head=head))


def watermark(conn: Connection, id: RepositoryId) -> datetime:
    """Up to when everything at the forge was looked at."""
    return as_time(conn.execute(select(repositories.c.watermark).where(same(id))).scalar_one())


def set_watermark(conn: Connection, id: RepositoryId, at: datetime) -> None:
    """Move the watermark on."""
    conn.execute(update(repositories).where(same(id)).values(watermark=as_text(at)))


def adopted_at(conn: Connection, id: RepositoryId) -> datetime:
    """Since when this server looks after the repository: what was written before is not for it."""
    return as_time(conn.execute(select(repositories.c.adopted_at).where(same(id))).scalar_one())
