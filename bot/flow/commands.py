"""Commands: taken from what people wrote, acknowledged, judged against the plan their writer saw, answered."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.command import Parsed, parse, resolve
from bot.errors import PermanentError
from bot.flow import verbs
from bot.flow.view import View
from bot.flow.world import World
from bot.model.environment import Environment
from bot.model.forge import PullRequest, Remark
from bot.model.gate import Lease
from bot.model.identity import PullRequestId
from bot.model.report import Answer
from bot.report import answers
from bot.store import commands as rows
from bot.store import repositories
from bot.store.commands import CommandRow

__all__ = ["heard", "judge", "take"]

LATE = timedelta(hours=1)
LATE_BUT_OBEYED = ("hold", "unapprove")

log = structlog.get_logger(__name__)


async def heard(world: World, id: PullRequestId) -> tuple[CommandRow, ...]:
    """The commands that wait by now: whatever is read after this was so when they were written, or became so since."""
    return await world.store.read(lambda conn: rows.pending(conn, id))


async def take(world: World, pull: PullRequest, lease: Lease) -> tuple[CommandRow, ...]:
    """Record what hooks did not bring; the commands that wait by now."""
    listed = [each for each in pull.remarks if not each.own and not each.author.bot and "/" in each.body]

    def record(conn: Connection) -> tuple[CommandRow, ...]:
        adopted = repositories.adopted_at(conn, pull.id.repository)
        for remark in listed:
            if remark.at >= adopted:
                rows.record(conn, pull.id, remark, "listed", world.clock())
        return rows.pending(conn, pull.id)

    return await world.store.write_leased(lease, record)


def looks_like_ours(remark: Remark) -> bool:
    """A first guess before the configuration is known: some line begins with a slash."""
    return any(line.lstrip().startswith("/") for line in remark.body.splitlines())


async def judge(world: World, view: View, waiting: Sequence[CommandRow], lease: Lease) -> bool:
    """Acknowledge and answer every waiting command; whether one of them changed something that the view shows."""
    forge = world.forges[view.pull.id.repository.forge]
    for row in waiting:
        if not row.remark.author.bot and looks_like_ours(row.remark):
            with suppress(PermanentError):  # a courtesy, which a locked conversation refuses
                await forge.acknowledge(view.pull.id, row.remark)
    changed = False
    for row in waiting:
        # a hostile comment can keep the Markdown parser busy for seconds
        parsed = await asyncio.to_thread(parse, row.remark.body, view.configuration.prefix)
        if row.remark.author.bot or not (parsed.commands or parsed.refusal):
            await world.store.write_leased(lease, partial(rows.ignore, row=row))
            continue
        changed |= await answer(world, view, row, parsed, lease)
    return changed


async def answer(world: World, view: View, row: CommandRow, parsed: Parsed, lease: Lease) -> bool:
    """Judge one comment's commands together: all are obeyed, or none; whether anything changed."""
    refusal = not_obeyed(row, parsed)
    decision = verbs.refused(refusal)
    if not refusal:
        names = tuple(each.id.name for each in environments_of(view))
        resolved = resolve(parsed.commands, names)
        if isinstance(resolved, tuple):
            decision = await verbs.judge_all(world, view, row, resolved)
        else:
            text = answers.refusal(resolved.message, resolved.suggestion, several=resolved.several)
            decision = verbs.Decision(text=text, accepted=False, command=resolved.text)
    written = parsed.refusal.text if parsed.refusal else " · ".join(each.text for each in parsed.commands)
    now = world.clock()

    def write(conn: Connection) -> None:
        for effect in decision.effects:
            effect(conn)
        said = Answer(
            by=row.remark.author.login,
            command=decision.command or written,
            accepted=decision.accepted,
            text=decision.text,
            at=now,
        )
        rows.answer(conn, row, said)

    await world.store.write_leased(lease, write)
    world.signal.set()
    log.info("command", pull=str(view.pull.id), by=row.remark.author.login, text=written, accepted=decision.accepted)
    return bool(decision.effects)


def not_obeyed(row: CommandRow, parsed: Parsed) -> str:
    """Why a comment is answered but not obeyed, whatever it says; "" when it may be."""
    if parsed.refusal:
        return answers.refusal(parsed.refusal.message, parsed.refusal.suggestion, several=parsed.refusal.several)
    if row.origin == "listed" and row.remark.edited:
        return answers.EDITED
    late = row.found - row.remark.at > LATE
    if late and not all(each.verb in LATE_BUT_OBEYED for each in parsed.commands):
        return answers.LATE
    return ""


def environments_of(view: View) -> tuple[Environment, ...]:
    """The environments that commands in this thread may name: the base's, or else the previewed ones."""
    known = list(view.configuration.environments)
    names = {each.id.name for each in known}
    known += [p.environment for p in view.preview if p.environment.id.name not in names]
    return tuple(known)
