"""The objects of some files of an environment: read, and judged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.diff import normalise
from bot.flow.assess import Tools
from bot.flow.checkup.work import Checkup
from bot.flow.encrypted import faults
from bot.flow.judge import policy_files
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.model.tree import Tree
from bot.render import Piecewise

__all__ = ["Found", "ground", "judged", "objects", "read"]

Found = Mapping[str, Sequence[Resource | Finding]]
"""What some files hold, by path: their objects, and what is wrong with them, each in order."""


async def ground(tools: Tools, subject: Checkup, environment: Environment) -> Examined:
    """What all objects of an environment are judged by; it holds none of them yet, nor what was before."""
    policies = await subject.load(subject.head, policy_files(environment, subject.head))
    return Examined(environment=environment, resources=(), kubernetes=tools.api(environment), policies=policies)


async def read(subject: Checkup, tree: Tree, renderer: Piecewise, paths: Sequence[str]) -> tuple[Found, Tree]:
    """What is in those files of a tree, and the files themselves, loaded. InputError: one is unreadable."""
    wanted = frozenset(paths)
    files = part_of(await subject.load(tree, wanted), wanted)
    found = {
        path: [normalise(each) if isinstance(each, Resource) else each for each in renderer.piece(files, path)]
        for path in paths
    }
    return found, files


async def judged(tools: Tools, given: Examined, found: Found, files: Tree) -> tuple[Finding, ...]:
    """All that is to be said of those files and their objects; `given` as `ground` makes it."""
    environment, resources = given.environment, objects(found)
    wrong = [each for of_file in found.values() for each in of_file if isinstance(each, Finding)]
    sealed = list(faults(environment, resources))
    closed = {each.resource for each in sealed}
    written = replace(
        given, resources=tuple(each for each in resources if each.id not in closed), files=files, as_written=True
    )
    return (*wrong, *sealed, *await tools.evaluator.check(environment.id.repository, written))


def objects(found: Found) -> tuple[Resource, ...]:
    """The objects of all files, in order."""
    return tuple(each for of_file in found.values() for each in of_file if isinstance(each, Resource))


def part_of(tree: Tree, paths: frozenset[str]) -> Tree:
    """Those files of a tree and nothing else, so that a part costs no more than itself."""
    entries = {path: tree.entries[path] for path in sorted(paths)}
    blobs = {each.blob: tree.blobs[each.blob] for each in entries.values() if each.blob in tree.blobs}
    return replace(tree, entries=entries, blobs=blobs)
