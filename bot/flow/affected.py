"""Which environments of a repository a change or a choice of files concerns, by what their renders read."""

import posixpath
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from bot.errors import InputError
from bot.flow.assess import Tools, pick
from bot.flow.checkup import Checkup
from bot.flow.judge import policy_files
from bot.flow.subject import Load
from bot.model.environment import Environment
from bot.model.identity import EnvironmentId
from bot.model.tree import Tree
from bot.render import Piecewise

__all__ = ["changed", "changed_paths", "holding", "reading"]


class Reads:
    """What renders read of a tree; what was loaded for one of them is there for the next."""

    def __init__(self, tools: Tools, tree: Tree, load: Load) -> None:
        self._tools, self._tree, self._load = tools, tree, load

    async def any(self, environment: Environment, wanted: frozenset[str]) -> bool:
        """Whether the environment reads any of the paths. What cannot be told is taken for a yes."""
        source = environment.source
        renderer = pick(self._tools.renderers, self._tree, source)
        if renderer is None:
            return True
        if wanted & policy_files(environment, self._tree):
            return True
        try:
            while not wanted & (reads := renderer.reads(self._tree, source)):
                missing = frozenset() if isinstance(renderer, Piecewise) else self._tree.missing(reads)
                if not missing:
                    return False
                self._tree = await self._load(self._tree, missing)
        except InputError:
            pass
        return True


def changed_paths(base: Tree, head: Tree) -> frozenset[str]:
    """The files that differ between two trees, or are in one of them only."""
    return frozenset(path for path in base.entries.keys() | head.entries.keys() if not base.same(head, path))


async def changed(tools: Tools, subject: Checkup, base: Tree) -> tuple[Environment, ...]:
    """The environments that are described otherwise than in the base, or that read a file which differs from it."""
    paths = changed_paths(base, subject.head)
    before, after = Reads(tools, base, subject.load), Reads(tools, subject.head, subject.load)
    found = []
    for environment in subject.environments:
        earlier = subject.before.environment(environment.id.name) if subject.before else None
        same = earlier is not None and as_checked(earlier) == as_checked(environment)
        if not same or await after.any(environment, paths) or await before.any(environment, paths):
            found.append(environment)
    return tuple(found)


def as_checked(environment: Environment) -> Environment:
    """An environment as far as checks depend on its description."""
    return replace(environment, apply="never", first_apply="on-command", drift="off", after=())


async def reading(tools: Tools, subject: Checkup, paths: Iterable[str]) -> tuple[Environment, ...]:
    """The environments that read a file at or below one of `paths` ("" is the root), or whose source lies there."""
    wanted = frozenset(entry.path for path in paths for entry in subject.head.under(path))
    reads = Reads(tools, subject.head, subject.load)
    folders = tuple(paths)
    return tuple([each for each in subject.environments if lies_in(each, folders) or await reads.any(each, wanted)])


def holding(environments: Iterable[Environment], paths: frozenset[str]) -> frozenset[EnvironmentId]:
    """The environments in whose source one of the files lies: told at once, while what renders read takes time."""
    places = {str(place) for path in paths for place in (path, *PurePosixPath(path).parents)}
    return frozenset(each.id for each in environments if each.source.path in places)


def lies_in(environment: Environment, folders: tuple[str, ...]) -> bool:
    """Whether the environment's source is one of the folders or below it."""
    source = posixpath.normpath(environment.source.path)
    return any(folder in ("", ".", source) or source.startswith(folder + "/") for folder in folders)
