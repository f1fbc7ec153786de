"""Pull requests as the work on environments needs them: what was merged as which commit, and who wrote it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from bot.model.forge import PullRequest
from bot.model.identity import Person, PullRequestId, RepositoryId
from bot.model.noun import Sha, noun
from bot.store.codec import decode_person, encode, encode_person
from bot.store.insert import insert
from bot.store.tables import as_text, as_time, pulls

__all__ = ["PullRow", "allow_fork", "ask_again", "find", "headed", "merged_as", "merged_since", "open_ones", "save"]

PARAMETERS = 5_000
"""Commits asked for at a time: a statement may hold 32,766 values in SQLite, 65,535 in PostgreSQL."""

FIRST = datetime.min.replace(tzinfo=UTC)


@noun
class PullRow:
    """What is kept of a pull request. `people` and `strangers` are its commits'; see `model.forge.Commit`.

    `planned_fork` is the head of a fork that somebody with write access asked to plan, `asked` the delivery by which
    somebody last asked for the check once more.
    """

    id: PullRequestId
    title: str
    state: str
    head: Sha
    base: str
    merge_commit: Sha | None
    merged_at: datetime | None
    author: Person
    people: frozenset[int]
    strangers: tuple[str, ...]
    planned_fork: Sha | None
    asked: str = ""


def same(id: PullRequestId) -> ColumnElement[bool]:
    """The row of a pull request."""
    return and_(within(id.repository), pulls.c.number == id.number)


def within(id: RepositoryId) -> ColumnElement[bool]:
    """The rows of a repository."""
    return and_(pulls.c.forge == id.forge, pulls.c.repository == id.number)


def save(conn: Connection, pull: PullRequest, now: datetime) -> None:
    """Keep what the forge says now."""
    change = {
        "title": pull.title, "state": pull.state, "head": pull.head, "base": pull.base,
        "merge_commit": pull.merge_commit, "merged_at": as_text(pull.merged_at) if pull.merged_at else None,
        "author": encode_person(pull.author),
        "people": encode(sorted({person for commit in pull.commits for person in commit.people})),
        "strangers": encode(sorted({each for commit in pull.commits for each in commit.strangers})),
        "updated_at": as_text(now),
    }  # fmt: skip
    key = {"forge": pull.id.repository.forge, "repository": pull.id.repository.number, "number": pull.id.number}
    row = insert(conn, pulls).values(**key, **change)
    conn.execute(row.on_conflict_do_update(index_elements=list(key), set_=change))


def find(conn: Connection, id: PullRequestId) -> PullRow | None:
    """What is kept of a pull request, or None."""
    row = conn.execute(select(pulls).where(same(id))).first()
    return make(row, id.repository) if row else None


def make(row: Row[Any], repository: RepositoryId) -> PullRow:
    """A row as a value."""
    return PullRow(
        id=PullRequestId(repository=repository, number=row.number), title=row.title, state=row.state, head=row.head,
        base=row.base, merge_commit=row.merge_commit, merged_at=as_time(row.merged_at) if row.merged_at else None,
        author=decode_person(row.author), people=frozenset(json.loads(row.people)),
        strangers=tuple(json.loads(row.strangers)), planned_fork=row.planned_fork,
        asked=row.asked or "",
    )  # fmt: skip


def merged_as(conn: Connection, id: RepositoryId, shas: Sequence[Sha]) -> tuple[PullRow, ...]:
    """The pull requests that were merged as one of these commits, oldest merge first."""
    found: list[PullRow] = []
    for start in range(0, len(shas), PARAMETERS):
        some = pulls.c.merge_commit.in_(shas[start : start + PARAMETERS])
        query = select(pulls).where(within(id), pulls.c.state == "merged", some)
        found += (make(row, id) for row in conn.execute(query))
    return tuple(sorted(found, key=lambda pull: (pull.merged_at or FIRST, pull.id.number)))


def where(conn: Connection, id: RepositoryId, holds: ColumnElement[bool]) -> tuple[PullRequestId, ...]:
    """The pull requests of a repository for whose rows that holds."""
    numbers = conn.execute(select(pulls.c.number).where(within(id), holds)).scalars()
    return tuple(PullRequestId(repository=id, number=number) for number in numbers)


def open_ones(conn: Connection, id: RepositoryId) -> tuple[PullRequestId, ...]:
    """The open pull requests that are known."""
    return where(conn, id, pulls.c.state == "open")


def merged_since(conn: Connection, id: RepositoryId, at: datetime | None) -> tuple[PullRequestId, ...]:
    """The pull requests that are known as merged after that time; None: all that are."""
    later = pulls.c.merged_at > as_text(at) if at else pulls.c.merged_at.is_not(None)
    return where(conn, id, and_(pulls.c.state == "merged", later))


def allow_fork(conn: Connection, id: PullRequestId, head: Sha) -> None:
    """This very commit of a fork may be planned."""
    conn.execute(update(pulls).where(same(id)).values(planned_fork=head))


def headed(conn: Connection, id: RepositoryId, head: Sha) -> tuple[PullRequestId, ...]:
    """The pull requests that are known with that commit as their head."""
    return where(conn, id, pulls.c.head == head)


def ask_again(conn: Connection, id: PullRequestId, delivery: str) -> None:
    """Somebody asked for the check once more."""
    conn.execute(update(pulls).where(same(id)).values(asked=delivery))
