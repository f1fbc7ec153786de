"""Remarks that may hold commands: taken once by the remark's id, judged once, answered once."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from bot.model.forge import Remark
from bot.model.identity import PullRequestId
from bot.model.noun import noun
from bot.model.report import Answer
from bot.store.codec import decode_person, encode_person, thread_text
from bot.store.insert import insert
from bot.store.tables import as_text, as_time, commands

__all__ = ["CommandRow", "answer", "answers", "ignore", "pending", "record"]


@noun
class CommandRow:
    """A remark that waits to be judged. `origin`: its text came `signed` by hook, or was found `listed` at the forge.

    `found` is when this server first saw that text.
    """

    thread: PullRequestId
    remark: Remark
    origin: Literal["signed", "listed"]
    found: datetime


def same(thread: PullRequestId, remark: str) -> ColumnElement[bool]:
    """The row of a remark."""
    return and_(commands.c.forge == thread.repository.forge, commands.c.remark == remark)


def record(
    conn: Connection, thread: PullRequestId, remark: Remark, origin: Literal["signed", "listed"], now: datetime
) -> None:
    """Keep a remark once.

    A signed text is what its writer first wrote: it replaces a listed one that was not judged yet, or was refused for
    being edited. A listed text replaces one that held no command and was edited since, so that the edit is answered.
    """
    fresh = {
        "thread": thread_text(thread), "author": encode_person(remark.author), "body": remark.body,
        "written_at": as_text(remark.at), "changed_at": as_text(remark.changed or remark.at),
        "edited": int(remark.edited), "origin": origin, "state": "new",
        "accepted": 0, "command": "", "answer": "", "found_at": as_text(now), "decided_at": None,
    }  # fmt: skip
    row = insert(conn, commands).values(forge=thread.repository.forge, remark=remark.id, **fresh)
    if origin == "listed":
        newer = and_(commands.c.state == "ignored", commands.c.changed_at < fresh["changed_at"])
        conn.execute(row.on_conflict_do_update(index_elements=["forge", "remark"], set_=fresh, where=newer))
        return
    refused = and_(commands.c.edited == 1, commands.c.accepted == 0)
    open_ = and_(commands.c.origin == "listed", or_(commands.c.state == "new", refused))
    conn.execute(row.on_conflict_do_update(index_elements=["forge", "remark"], set_=fresh, where=open_))


def pending(conn: Connection, thread: PullRequestId) -> tuple[CommandRow, ...]:
    """What waits to be judged, in order of time."""
    query = select(commands).where(commands.c.thread == thread_text(thread), commands.c.state == "new")
    rows = conn.execute(query.order_by(commands.c.written_at, commands.c.remark)).fetchall()
    return tuple(make(row, thread) for row in rows)


def make(row: Row[Any], thread: PullRequestId) -> CommandRow:
    """A row as a value."""
    remark = Remark(
        id=row.remark,
        author=decode_person(row.author),
        body=row.body,
        at=as_time(row.written_at),
        edited=bool(row.edited),
    )
    return CommandRow(thread=thread, remark=remark, origin=row.origin, found=as_time(row.found_at))


def ignore(conn: Connection, row: CommandRow) -> None:
    """It holds no command of ours; its text is not kept."""
    conn.execute(update(commands).where(same(row.thread, row.remark.id)).values(state="ignored", body=""))


def answer(conn: Connection, row: CommandRow, said: Answer) -> None:
    """It was judged; its text is not kept beyond the command."""
    change = {
        "accepted": int(said.accepted),
        "command": said.command,
        "answer": said.text,
        "decided_at": as_text(said.at),
    }
    conn.execute(update(commands).where(same(row.thread, row.remark.id)).values(state="answered", body="", **change))


def answers(conn: Connection, thread: PullRequestId, limit: int) -> tuple[Answer, ...]:
    """The latest answers of a thread, oldest first."""
    query = select(commands).where(commands.c.thread == thread_text(thread), commands.c.state == "answered")
    rows = conn.execute(query.order_by(commands.c.decided_at.desc(), commands.c.remark.desc()).limit(limit)).fetchall()
    return tuple(
        Answer(by=decode_person(r.author).login, command=r.command, accepted=bool(r.accepted), text=r.answer,
                  at=as_time(r.decided_at))
        for r in reversed(rows)
    )  # fmt: skip
