"""The work on a repository: make the lists true. This is also the sweep that finds what webhooks missed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.errors import InputError, PermanentError, TemporaryError
from bot.flow.affected import changed_paths, holding
from bot.flow.ground import Ground, configuration, ours, stand
from bot.flow.world import World
from bot.model.environment import Configuration
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake
from bot.model.noun import Sha
from bot.store import audit, deliveries, environments, plans, pulls, queue, repositories

__all__ = ["discover", "work"]

AFTER_OTHERS = timedelta(seconds=1)
OVERLAP = timedelta(minutes=5)
KEPT = timedelta(days=14)
"""How long deliveries are remembered: longer than any forge sends one again (GitHub: three days)."""

log = structlog.get_logger(__name__)


async def discover(world: World) -> int:
    """Adopt the repositories that the credentials reach and the settings match; how many there are.

    TemporaryError, PermanentError: of the first forge that could not be asked; the others were asked all the same.
    """
    count, failed = 0, None
    for forge in world.forges.values():
        try:
            count += await adopt_all(world, await forge.repositories())
        except (TemporaryError, PermanentError) as error:
            failed = failed or error
    world.signal.set()
    if failed:
        raise failed
    return count


async def adopt_all(world: World, found: Iterable[Repository]) -> int:
    """Adopt those that the settings match; how many they are."""
    ours = 0
    for each in found:
        allowed = world.allowed(each.id) is not None
        await world.store.write(partial(adopt if allowed else follow, found=each, now=world.clock()))
        ours += allowed
    return ours


def adopt(conn: Connection, found: Repository, now: datetime) -> None:
    """Look after a repository from now on."""
    if repositories.adopt(conn, found, now):
        log.info("repository adopted", repository=str(found.id))
    queue.touch(conn, [Wake(key=found.id, reason="discovered")])


def follow(conn: Connection, found: Repository, now: datetime) -> None:
    """A repository that no setting matches: one that was ours under another name is so no longer."""
    known = repositories.find(conn, found.id)
    if known is not None and known.id.path != found.id.path:
        repositories.adopt(conn, found, now)
        log.warning("repository was renamed, and no setting matches it", before=str(known.id), now=str(found.id))


async def work(world: World, id: RepositoryId, lease: Lease) -> float | None:
    """Base head → environments and open pull requests; everything that changed at the forge since the watermark."""
    repository = await ours(world, id)
    if repository is None:
        return None
    ground = await stand(world, repository)
    before = await world.store.read(lambda conn: repositories.base_head(conn, id))
    if before is None:
        await open_before(world, id, lease)
    if before != ground.base:
        await new_base(world, ground, await changed_since(ground, before), lease)
    await sweep(world, repository.id, lease)
    return world.intervals.repository


async def open_before(world: World, id: RepositoryId, lease: Lease) -> None:
    """Wake every pull request that was open before anybody looked after the repository: each is owed its check."""
    wakes = [Wake(key=each, reason="open before") async for each in world.forges[id.forge].opened(id)]
    await world.store.write_leased(lease, lambda conn: queue.touch(conn, wakes))
    world.signal.set()


async def changed_since(ground: Ground, before: Sha | None) -> frozenset[str]:
    """The files in which the base differs from an earlier one; none where that is not known."""
    try:
        if before is None or not await ground.mirror.has(before):
            return frozenset()
        return changed_paths(await ground.mirror.tree(before), await ground.mirror.tree(ground.base))
    except InputError:  # a tree that is beyond a limit
        return frozenset()


async def new_base(world: World, ground: Ground, paths: frozenset[str], lease: Lease) -> None:
    """The branch that deploys moved: its environments and every open pull request are looked at again.

    Environments whose source holds one of `paths` have their turn before the others: of hundreds, few have changed.
    """
    try:
        # a branch without the file names no environment, while one that cannot be used says nothing
        found = await configuration(ground, await ground.mirror.tree(ground.base)) or Configuration()
    except InputError as error:  # also of a tree that is beyond a limit
        log.warning("tidegate.yaml cannot be used", repository=str(ground.repository.id), error=str(error))
        found = None
    every = found.environments if found else ()
    first = holding(every, paths)
    last = {each.id for each in every if first} - first

    def write(conn: Connection) -> None:
        wakes = list_environments(conn, world, ground, found)
        wakes += [Wake(key=each, reason="base moved") for each in pulls.open_ones(conn, ground.repository.id)]
        queue.touch(conn, [each for each in wakes if each.key not in last])
        queue.touch(conn, [each for each in wakes if each.key in last], at=world.clock() + AFTER_OTHERS)
        repositories.set_base_head(conn, ground.repository.id, ground.base)

    await world.store.write_leased(lease, write)
    world.signal.set()
    log.info("base moved", repository=str(ground.repository.id), base=ground.base)


def list_environments(conn: Connection, world: World, ground: Ground, found: Configuration | None) -> list[Wake]:
    """Activate what the configuration names; detach, and never empty, what it no longer names."""
    if found is None:
        return []
    now = world.clock()
    keys: list[Key] = []
    for environment in found.environments:
        environments.activate(conn, environment, now)
        keys.append(environment.id)
    for gone in environments.detach_others(conn, ground.repository.id, [each.id.name for each in found.environments]):
        audit.write(conn, now, audit.Event(actor="tidegate", what="detached", subject=str(gone), detail=ground.base))
        keys += waiting(conn, gone)
    return [Wake(key=key, reason="base moved") for key in keys]


def waiting(conn: Connection, gone: EnvironmentId) -> list[PullRequestId]:
    """The merged pull requests that show a change which will not come to a detached environment any more."""
    row = environments.find(conn, gone)
    if row is None:
        return []
    merged = pulls.merged_since(conn, gone.repository, row.applied.at if row.applied else None)
    return [each for each in merged if plans.concerns(conn, each, row.uid)]


async def sweep(world: World, id: RepositoryId, lease: Lease) -> None:
    """Wake every pull request that changed since the watermark, then move the watermark on."""
    watermark: datetime = await world.store.read(lambda conn: repositories.watermark(conn, id))
    found = await world.forges[id.forge].since(id, watermark - OVERLAP)

    def write(conn: Connection) -> None:
        queue.touch(conn, found.wakes)
        repositories.set_watermark(conn, id, found.at)
        deliveries.forget(conn, world.clock() - KEPT)

    await world.store.write_leased(lease, write)
    world.signal.set()
