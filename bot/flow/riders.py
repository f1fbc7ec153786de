"""Riders: the merged pull requests between the applied and a pending revision, and everybody who wrote in between."""

from collections.abc import Iterable
from contextlib import suppress

from bot.errors import TemporaryError
from bot.flow.ground import Ground, stand
from bot.flow.landing import is_plain, landing
from bot.flow.world import World
from bot.git.objects import CommitInfo
from bot.model.forge import Commit
from bot.model.noun import Sha, noun
from bot.store import pulls
from bot.store.pulls import PullRow

__all__ = ["Riders", "riders_between"]

UNVERIFIED_MERGE = "a merge commit that is not what git makes of its parents"


@noun
class Riders:
    """The merged pull requests (oldest first), who wrote, who opened one, and unknown addresses."""

    pulls: tuple[PullRow, ...] = ()
    authors: frozenset[int] = frozenset()
    openers: frozenset[int] = frozenset()
    strangers: tuple[str, ...] = ()


async def riders_between(world: World, ground: Ground, applied: Sha | None, candidate: Sha) -> Riders:
    """Everything that landed after `applied` up to `candidate`. With nothing applied yet, only pull requests count."""
    commits = await ground.mirror.commits(applied, candidate)
    shas = tuple(each.sha for each in commits)
    merged = await world.store.read(lambda conn: pulls.merged_as(conn, ground.repository.id, shas))
    people: set[int] = set()
    strangers: set[str] = set()
    covered: set[Sha] = set()
    for rider in merged:
        await have_head(world, ground, rider)
        covered |= await carried(ground, rider, commits)
        people |= rider.people | {rider.author.id}
        strangers |= set(rider.strangers)
    rest = frozenset(shas) - covered
    if rest and applied is not None:
        for commit in await direct(world, ground, applied, candidate, rest):
            people |= commit.people
            strangers |= set(commit.strangers)
    return Riders(
        pulls=merged,
        authors=frozenset(people),
        openers=frozenset(rider.author.id for rider in merged),
        strangers=tuple(sorted(strangers)),
    )


async def have_head(world: World, ground: Ground, rider: PullRow) -> None:
    """Fetch a rider's own commits where another server told of it; where they are gone, it goes without.

    They need not be on the branch: a squash or a rebase leaves them behind.
    """
    if not await ground.mirror.has(rider.head):
        with suppress(TemporaryError):
            await stand(world, ground.repository, rider.head)


async def carried(ground: Ground, rider: PullRow, commits: Iterable[CommitInfo]) -> set[Sha]:
    """The commits that a rider brought, and its merge commit if that is just what git makes of its parents.

    Whoever presses the button makes the commits of a squash or a rebase, and writes nothing.
    """
    merge = next((each for each in commits if each.sha == rider.merge_commit), None)
    if merge is None:
        return set()
    if len(merge.parents) < 2:
        return set(await landing(ground.mirror, merge.sha, rider.head))
    brought = {each.sha for each in await ground.mirror.commits(merge.parents[0], merge.sha)} - {merge.sha}
    return brought | ({merge.sha} if await is_plain(ground.mirror, merge) else set())


async def direct(
    world: World, ground: Ground, applied: Sha, candidate: Sha, rest: frozenset[Sha]
) -> tuple[Commit, ...]:
    """The people of commits that no rider brought."""
    forge = world.forges[ground.repository.id.forge]
    listed = await forge.people(ground.repository.id, applied, candidate)
    found = tuple(each for each in listed if each.sha in rest)
    unknown = rest - {each.sha for each in found}
    return (*found, *(Commit(sha=sha, people=frozenset(), strangers=(UNVERIFIED_MERGE,)) for sha in sorted(unknown)))
