"""The work on a pull request: make its report true. Only this writes its comment, its checks and its reactions."""

import time
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from bot.errors import PermanentError
from bot.flow import commands
from bot.flow.consent import take_reviews
from bot.flow.merged import look_merged
from bot.flow.tell import tell
from bot.flow.view import View, look
from bot.flow.world import World
from bot.model.forge import PullRequest, Repository
from bot.model.gate import Lease
from bot.model.identity import PullRequestId, Wake
from bot.store import pulls, queue, repositories

__all__ = ["work"]

log = structlog.get_logger(__name__)


async def work(world: World, id: PullRequestId, lease: Lease) -> float | None:
    """Read all facts, take commands, look, judge the commands, tell."""
    repository = await world.store.read(lambda conn: repositories.find(conn, id.repository))
    if repository is None or world.allowed(id.repository) is None:
        return None
    started = time.monotonic()
    id = replace(id, repository=repository.id)
    known = await world.store.read(lambda conn: repositories.base_head(conn, id.repository))
    pull = await facts(world, id, lease)
    if pull is None:
        return None
    view = await see(world, repository, pull)
    if view.base not in (None, known):
        # the base moved while we looked: what the forge said first may be older than what git says now
        fresh = await facts(world, id, lease)
        if fresh is not None and fresh.state != pull.state:
            pull, view = fresh, await see(world, repository, fresh)
    waiting = await commands.take(world, pull, lease)
    reviewed = await take_reviews(world, view, lease) if view.phase == "open" else False
    if await commands.judge(world, view, waiting, lease) or reviewed:
        view = await see(world, repository, pull)
    told = await tell(world, repository, view, lease)
    log.info("told", pull=str(id), phase=view.phase, title=told, seconds=round(time.monotonic() - started, 3))
    return None


async def facts(world: World, id: PullRequestId, lease: Lease) -> PullRequest | None:
    """All facts of the pull request as the forge tells them now, kept for riders; None where there is none."""
    try:
        pull = await world.forges[id.repository.forge].pull_request(id)
    except PermanentError:
        log.info("no such pull request", pull=str(id))
        return None
    await remember(world, pull, lease)
    return pull


async def see(world: World, repository: Repository, pull: PullRequest) -> View:
    """The pull request as it stands."""
    if pull.state == "merged":
        return await look_merged(world, repository, pull)
    if pull.state == "closed":
        return View(pull=pull, phase="closed")
    row = await world.store.read(lambda conn: pulls.find(conn, pull.id))
    return await look(world, repository, pull, fork_allowed=row is not None and row.planned_fork == pull.head)


async def remember(world: World, pull: PullRequest, lease: Lease) -> None:
    """Keep what riders are told by; a merge that is news wakes the repository's environments."""

    def keep(conn: Connection) -> None:
        before = pulls.find(conn, pull.id)
        pulls.save(conn, pull, world.clock())
        if pull.state == "merged" and (before is None or before.state != "merged"):
            queue.touch(conn, [Wake(key=pull.id.repository, reason="merged")])

    await world.store.write_leased(lease, keep)
    world.signal.set()
