"""The work on a pull request: make its report true. Only this writes its comment, its checks and its reactions."""

import asyncio
import time
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from bot.errors import AbsentError, InputError, TemporaryError
from bot.flow import commands
from bot.flow.consent import take_reviews
from bot.flow.ground import last_seen, ours, stand, usable
from bot.flow.landing import is_plain
from bot.flow.merged import look_merged
from bot.flow.tell import find_again, tell, tell_check, tell_planning
from bot.flow.view import View, look
from bot.flow.world import World
from bot.model.environment import Configuration
from bot.model.forge import PullRequest, Repository
from bot.model.gate import Lease
from bot.model.identity import PullRequestId, Wake
from bot.model.noun import Sha, noun
from bot.store import approvals, pulls, queue, repositories
from bot.store.commands import CommandRow

__all__ = ["work"]

LOOKS = 3
"""A thread in which somebody writes all the time is told what is known by then; the next work goes on from there."""

UNSEEN_AGAIN = 300.0
SLOW = 3.0
"""Seconds that a look takes before the check says that it is in progress: most take less, and spare that write."""

log = structlog.get_logger(__name__)


@noun
class Seen:
    """A pull request as it stands, and the commands to judge by that: none was written after it was looked at.

    `late`: others came since.
    """

    view: View
    waiting: tuple[CommandRow, ...]
    late: bool


async def work(world: World, id: PullRequestId, lease: Lease) -> float | None:
    """Read all facts, take commands, look, judge the commands, tell."""
    repository = await ours(world, id.repository)
    if repository is None:
        return None
    started = time.monotonic()
    seen = await settle(world, repository, replace(id, repository=repository.id), lease)
    if seen is None:
        return None
    view, waiting = seen.view, seen.waiting
    reviewed = await take_reviews(world, view, lease) if view.phase == "open" else False
    if await commands.judge(world, view, waiting, lease) or reviewed:
        view = await see(world, repository, view.pull)
    for commit in view.pull.queued:
        await tell_check(world, repository, await tried(world, repository, view.pull, commit), lease)
    told = await tell(world, repository, view, lease)
    log.info("told", pull=str(id), phase=view.phase, title=told, seconds=round(time.monotonic() - started, 3))
    return None


async def settle(world: World, repository: Repository, id: PullRequestId, lease: Lease) -> Seen | None:
    """Look again while what the forge said first may be older than a command, or than what git says; None: no such."""
    base = await world.store.read(lambda conn: repositories.base_head(conn, id.repository))
    for _ in range(LOOKS):
        seen = await look_once(world, repository, id, lease)
        if seen is None or (not seen.late and seen.view.base in (None, base)):
            return seen
        base = seen.view.base
    await world.store.write(lambda conn: queue.touch(conn, [Wake(key=id, reason="commands")]))
    return seen


async def look_once(world: World, repository: Repository, id: PullRequestId, lease: Lease) -> Seen | None:
    """Hear commands, read the facts, look; then take what else was written meanwhile."""
    heard = await commands.heard(world, id)
    pull = await facts(world, repository, id, lease)
    if pull is None:
        return None
    await find_again(world, pull, lease)
    view = await see_aloud(world, repository, pull, lease)
    waiting = await commands.take(world, pull, lease)
    judged = tuple(each for each in waiting if each in heard)
    return Seen(view=view, waiting=judged, late=judged != waiting)


async def facts(world: World, repository: Repository, id: PullRequestId, lease: Lease) -> PullRequest | None:
    """All facts of the pull request as the forge tells them now, kept for riders; None where there never was one.

    TemporaryError: it was there before. A credential that is refused for a while sees nothing either, and what the
    thread is owed must outlast that.
    """
    try:
        pull = await world.forges[id.repository.forge].pull_request(id)
    except AbsentError as error:
        if await world.store.read(lambda conn: pulls.find(conn, id)) is not None:
            raise TemporaryError(f"{id} was there and is not to be seen: {error}", UNSEEN_AGAIN) from None
        log.info("no such pull request", pull=str(id))
        return None
    pull = await without_plain_merges(world, repository, pull)
    await remember(world, pull, lease)
    return pull


async def without_plain_merges(world: World, repository: Repository, pull: PullRequest) -> PullRequest:
    """The pull request, whose commits that only bring its branch up to date are by nobody: an approver may do that."""
    merges = [each for each in pull.commits if each.merge]
    if not merges or pull.state == "closed" or pull.base != repository.default_branch:
        return pull
    mirror = (await stand(world, repository, pull.head)).mirror
    plain: set[Sha] = set()
    for each in merges:
        parents = await mirror.parents(each.sha)
        made = {info.sha: info for info in await mirror.commits(parents[0], each.sha)}
        if each.sha in made and await is_plain(mirror, made[each.sha]):
            plain.add(each.sha)
    by_nobody = (replace(c, people=frozenset(), strangers=()) if c.sha in plain else c for c in pull.commits)
    return replace(pull, commits=tuple(by_nobody))


async def see_aloud(world: World, repository: Repository, pull: PullRequest, lease: Lease) -> View:
    """The pull request as it stands; while that takes long, the check says so."""
    seeing = asyncio.create_task(see(world, repository, pull))
    try:
        await asyncio.wait([seeing], timeout=SLOW)
        if not seeing.done():
            await tell_planning(world, repository, pull, lease)
        return await seeing
    finally:
        seeing.cancel()


async def see(world: World, repository: Repository, pull: PullRequest) -> View:
    """The pull request as it stands, with a configuration: whatever it shows, a command may name an environment."""
    view = await seen_as(world, repository, pull)
    known = view.configuration.environments
    return view if known else replace(view, configuration=await last_usable(world, repository))


async def seen_as(world: World, repository: Repository, pull: PullRequest) -> View:
    """The pull request by its state at the forge."""
    if pull.state == "merged":
        return await look_merged(world, repository, pull)
    if pull.state == "closed":
        return View(pull=pull, phase="closed")
    return await look(world, repository, pull, await fork_allowed(world, pull))


async def tried(world: World, repository: Repository, pull: PullRequest, commit: Sha) -> View:
    """A commit by which the merge queue tries the pull request: its own tree, what comes before it in the queue too."""
    return await look(world, repository, replace(pull, head=commit), await fork_allowed(world, pull))


async def fork_allowed(world: World, pull: PullRequest) -> bool:
    """Whether somebody with write access said that this very head of a fork may be planned."""
    row = await world.store.read(lambda conn: pulls.find(conn, pull.id))
    return row is not None and row.planned_fork == pull.head


async def last_usable(world: World, repository: Repository) -> Configuration:
    """The configuration of the base as it was fetched last; an empty one where it has none that can be used."""
    try:
        ground = await last_seen(world, repository)
        return await usable(ground, await ground.mirror.tree(ground.base)) or Configuration()
    except InputError:
        return Configuration()


async def remember(world: World, pull: PullRequest, lease: Lease) -> None:
    """Keep what riders are told by; a merge that is news wakes the repository's environments.

    What is no longer so is approved no longer: a review that was dismissed, a pull request that was closed.
    """

    def keep(conn: Connection) -> None:
        before = pulls.find(conn, pull.id)
        pulls.save(conn, pull, world.clock())
        if pull.state == "closed":
            approvals.end_all(conn, pull.id, world.clock())
        else:
            standing = [each.id for each in pull.remarks if each.approves]
            approvals.end_reviews(conn, pull.id, standing, world.clock())
        if pull.state == "merged" and (before is None or before.state != "merged"):
            queue.touch(conn, [Wake(key=pull.id.repository, reason="merged")])

    await world.store.write_leased(lease, keep)
    world.signal.set()
