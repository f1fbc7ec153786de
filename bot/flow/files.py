"""Files that a change touches and that have a JSON Schema, whether an environment reads them or not."""

from collections.abc import Sequence

from bot.check.schemas.files import reads
from bot.flow.evaluate import Evaluator, Files
from bot.flow.subject import Load
from bot.model.environment import Configuration
from bot.model.identity import RepositoryId
from bot.model.plan import Finding
from bot.model.tree import Tree

__all__ = ["validated", "validated_here"]


async def validated(
    evaluator: Evaluator, load: Load, repository: RepositoryId, configuration: Configuration, base: Tree, head: Tree
) -> Sequence[Finding]:
    """What is wrong with the changed files. Pairs and schemas are the base's: a change is not its own judge."""
    changed = frozenset(path for path in head.entries if not base.same(head, path))
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


async def validated_here(
    evaluator: Evaluator, load: Load, repository: RepositoryId, configuration: Configuration, tree: Tree,
    only: frozenset[str],
) -> Sequence[Finding]:  # fmt: skip
    """What is wrong with files of `tree` by its own schemas: those of `only`; all, where a schema is among them."""
    tree = await whole(load, configuration, tree, frozenset())
    schemas = reads(configuration, tree, frozenset())
    wanted = frozenset(tree.entries) if only & schemas else only
    tree = await whole(load, configuration, tree, wanted)
    work = Files(
        configuration=configuration, tree=tree.only(reads(configuration, tree, wanted)), schemas=tree.only(schemas),
        only=wanted,
    )  # fmt: skip
    return await evaluator.files(repository, work)


async def whole(load: Load, configuration: Configuration, tree: Tree, only: frozenset[str]) -> Tree:
    """The tree with everything loaded that validating `only` needs."""
    while missing := tree.missing(reads(configuration, tree, only)):
        tree = await load(tree, missing)
    return tree
