"""What is to be checked: the working tree, the environments that were asked for, and what it is compared with."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.cli.check.request import CheckRequest
from bot.cli.local import meaning, read_configuration
from bot.cli.names import no_environment, refuse_misnamed
from bot.config.propose import EVERYTHING, candidates, propose
from bot.errors import InputError, TreeError
from bot.flow.affected import changed, changed_paths, reading
from bot.flow.assess import Tools
from bot.flow.checkup import Checkup
from bot.git.local import LocalRepository
from bot.model.environment import CONFIGURATION, Configuration, Environment
from bot.model.noun import noun
from bot.model.tree import Tree

__all__ = ["Gathered", "gather"]


@noun
class Gathered:
    """The subject of a checkup, with the repository's folder and the names of environments that were left out."""

    top: Path
    subject: Checkup
    configuration: Configuration
    unaffected: tuple[str, ...] = ()


async def gather(request: CheckRequest, tools: Tools) -> Gathered:
    """Read the repository. InputError: it, a revision, an environment or a path is not there.

    ConfigurationError: its tidegate.yaml cannot be used.
    """
    repository = await LocalRepository.find(request.repository)
    head, (base, hidden) = await asyncio.gather(repository.working_tree(), base_of(repository, request))
    configuration, written = await configured(repository, head)
    environments = chosen(configuration, request.environments or [])
    if request.since and base is not None:
        head = await repository.compared(head, base)
    before, broken_before = await earlier(repository, base)
    subject = Checkup(
        environments=environments, head=head, load=repository.load, base=base,
        before=before, broken_before=hidden or broken_before, written=written, configuration=configuration,
        files=frozenset() if request.environments else frozenset(head.entries),
    )  # fmt: skip
    every = subject.environments
    if request.since and base is not None:
        same = subject.before is not None and subject.before.schemas == configuration.schemas
        files = subject.files & changed_paths(base, head) if same else subject.files
        subject = replace(subject, environments=await changed(tools, subject, base), files=files)
    if wanted := request.paths:
        places = tuple(relative(repository.top, path) for path in wanted)
        for path, place in zip(wanted, places, strict=True):
            if not head.has(place):
                named = configuration.environment(str(path)) is not None
                hint = f"; for the environment of that name type `tidegate check -e {path}`" if named else ""
                raise InputError(f"{path}: git knows no such file or folder here{hint}")
        below = frozenset(entry.path for place in places for entry in head.under(place))
        environments = await reading(tools, subject, places)
        subject = replace(subject, environments=environments, files=subject.files & below)
    left_out = tuple(each.id.name for each in every if each not in subject.environments)
    return Gathered(top=repository.top, subject=subject, configuration=configuration, unaffected=left_out)


async def configured(repository: LocalRepository, tree: Tree) -> tuple[Configuration, bool]:
    """The configuration of the working tree, or the one that `init` would write; and whether it is written."""
    found = await read_configuration(repository, tree)
    if found is not None:
        return found, True
    refuse_misnamed(tree)
    proposed = propose(await repository.load(tree, candidates(tree)), EVERYTHING)
    if not proposed.environments:
        raise InputError(
            f"there is no {CONFIGURATION}, and no overlay, chart or folder of manifests that could be an environment; "
            f"name the repository's folder with --repo DIR, or write a {CONFIGURATION} (`tidegate schema` describes it)"
        )
    return meaning(proposed.text.encode(), repository, tree), False


async def base_of(repository: LocalRepository, request: CheckRequest) -> tuple[Tree | None, bool]:
    """The revision to compare with, and whether there is one that cannot be looked at.

    A repository without a commit has none; there, everything is new.
    """
    revision = request.since or "HEAD"
    try:
        return await repository.tree(revision), False
    except InputError as error:
        empty = revision == "HEAD" and await repository.is_empty()
        if request.since and isinstance(error, TreeError):
            raise
        if request.since and not empty:
            hint = "name a branch, a tag or a commit of this clone, such as origin/main"
            raise InputError(f"{error}; {hint}") from None
        return None, not empty


async def earlier(repository: LocalRepository, base: Tree | None) -> tuple[Configuration | None, bool]:
    """The base's configuration, None where it has none that can be used; and whether it has one that cannot."""
    try:
        return (await read_configuration(repository, base) if base else None), False
    except InputError:
        return None, True


def chosen(configuration: Configuration, names: Sequence[str]) -> tuple[Environment, ...]:
    """The environments of those names, or all. InputError: there is none of a name."""
    known = {each.id.name: each for each in configuration.environments}
    for name in names:
        if name not in known:
            raise no_environment(name, known)
    return tuple(each for name, each in known.items() if not names or name in names)


def relative(top: Path, path: Path) -> str:
    """A path of this machine as the repository's. InputError: it is outside."""
    try:
        place = Path(os.path.realpath(path)).relative_to(top).as_posix()
    except ValueError:
        raise InputError(f"{path}: is not in the repository; name another one with --repo DIR") from None
    return "" if place == "." else place
