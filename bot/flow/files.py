"""Files that a change touches and that have a JSON Schema, whether an environment reads them or not."""

from collections.abc import Awaitable, Callable, Sequence

from bot.check.files import reads
from bot.flow.evaluate import Evaluator, Files
from bot.model.environment import Configuration
from bot.model.identity import RepositoryId
from bot.model.plan import Finding
from bot.model.tree import Tree

__all__ = ["changed_files", "validated", "whole"]

Load = Callable[[Tree, frozenset[str]], Awaitable[Tree]]


def changed_files(base: Tree, head: Tree) -> frozenset[str]:
    """The files of `head` that are new or differ from the base's."""
    return frozenset(
        path
        for path, entry in head.entries.items()
        if (old := base.entries.get(path)) is None or (old.mode, old.blob) != (entry.mode, entry.blob)
    )


async def validated(
    evaluator: Evaluator, load: Load, repository: RepositoryId, configuration: Configuration, base: Tree, head: Tree
) -> Sequence[Finding]:
    """What is wrong with the changed files. Pairs and schemas are the base's: a change is not its own judge."""
    changed = changed_files(base, head)
    if not configuration.schemas or not reads(configuration, head, changed) & changed:
        return ()
    head = await whole(load, configuration, head, changed)
    schemas = await whole(load, configuration, base, frozenset())
    wanted = reads(configuration, head, changed)
    work = Files(
        configuration=configuration, tree=head.only(wanted),
        schemas=schemas.only(reads(configuration, schemas, frozenset())), only=changed,
    )  # fmt: skip
    return await evaluator.files(repository, work)


async def whole(load: Load, configuration: Configuration, tree: Tree, only: frozenset[str] | None) -> Tree:
    """The tree with everything loaded that validating `only` needs."""
    while missing := tree.missing(reads(configuration, tree, only)):
        tree = await load(tree, missing)
    return tree
