"""What git says of a repository: the base head, trees, and the configuration at a revision."""

from cachetools import LRUCache, cached

from bot.config import parse
from bot.errors import ConfigurationError
from bot.flow.world import World
from bot.git import Mirror
from bot.model.environment import CONFIGURATION, Configuration, Environment
from bot.model.forge import Repository
from bot.model.identity import RepositoryId
from bot.model.noun import Sha, noun
from bot.model.tree import Tree
from bot.store import repositories

__all__ = ["Described", "Ground", "configuration", "described", "last_seen", "ours", "stand", "usable"]

KEPT = 32
"""Configurations that are kept as they were read, of all repositories."""


@noun
class Ground:
    """A repository, fetched: its mirror and the head of the branch that deploys."""

    repository: Repository
    mirror: Mirror
    base: Sha


@noun
class Described:
    """A revision's tree with its configuration, and one environment as that describes it."""

    tree: Tree
    configuration: Configuration
    environment: Environment


async def ours(world: World, id: RepositoryId) -> Repository | None:
    """The repository as it is known; None where nobody adopted it, or no setting matches it any more."""
    found = await world.store.read(lambda conn: repositories.find(conn, id))
    return found if found is not None and world.allowed(found.id) is not None else None


async def stand(world: World, repository: Repository, *commits: Sha) -> Ground:
    """Fetch the deploying branch and `commits`. TemporaryError: the forge's git did not answer."""
    mirror = world.mirrors.of(repository.id)
    remote = await world.forges[repository.id.forge].remote(repository.id)
    return Ground(
        repository=repository, mirror=mirror, base=await mirror.fetch(remote, repository.default_branch, commits)
    )


async def last_seen(world: World, repository: Repository) -> Ground:
    """The repository as it was fetched last, here or by another server: enough to look at it, not to apply."""
    mirror = world.mirrors.of(repository.id)
    base = await mirror.head(repository.default_branch)
    known = await world.store.read(lambda conn: repositories.base_head(conn, repository.id))
    if base is None or (known is not None and not await mirror.descends(known, base)):
        return await stand(world, repository)
    return Ground(repository=repository, mirror=mirror, base=base)


async def configuration(ground: Ground, tree: Tree) -> Configuration | None:
    """The `tidegate.yaml` of a tree, or None where it has none. ConfigurationError: it cannot be used."""
    entry = tree.entries.get(CONFIGURATION)
    if entry is None:
        return None
    loaded = await ground.mirror.load(tree, frozenset({CONFIGURATION}))
    return parsed(ground.repository.id, loaded)


@cached(LRUCache(KEPT), key=lambda repository, tree: (repository, tree.revision))
def parsed(repository: RepositoryId, tree: Tree) -> Configuration:
    """What the file means. Every environment that is looked at asks, and of hundreds each takes the time of all."""
    return parse(tree.read(CONFIGURATION), repository, tree)


async def usable(ground: Ground, tree: Tree) -> Configuration | None:
    """Like `configuration`, with None also where it cannot be used."""
    try:
        return await configuration(ground, tree)
    except ConfigurationError:
        return None


async def described(ground: Ground, revision: Sha, name: str) -> Described | None:
    """An environment as a revision describes it; None where the revision is gone or says nothing usable of it."""
    if not await ground.mirror.has(revision):
        return None
    tree = await ground.mirror.tree(revision)
    found = await usable(ground, tree)
    environment = found.environment(name) if found else None
    if found is None or environment is None:
        return None
    return Described(tree=tree, configuration=found, environment=environment)
