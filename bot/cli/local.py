"""The configuration of a repository on this machine, which no forge knows."""

from bot.config import parse
from bot.git.local import LocalRepository
from bot.model.environment import CONFIGURATION, Configuration
from bot.model.identity import RepositoryId
from bot.model.tree import Tree

__all__ = ["meaning", "read_configuration"]


async def read_configuration(repository: LocalRepository, tree: Tree) -> Configuration | None:
    """The configuration of a tree; None where it has none. ConfigurationError: it cannot be used."""
    if CONFIGURATION not in tree.entries:
        return None
    loaded = await repository.load(tree, frozenset({CONFIGURATION}))
    return meaning(loaded.read(CONFIGURATION), repository, tree)


def meaning(text: bytes, repository: LocalRepository, tree: Tree) -> Configuration:
    """What a text means as the `tidegate.yaml` of a tree. ConfigurationError: it cannot be used."""
    return parse(text, RepositoryId(forge="local", number=0, path=repository.top.name), tree)
