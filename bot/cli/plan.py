"""`tidegate plan`: what a change does to each environment, from a local repository alone."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import typer

from bot.app import offline_tools
from bot.cli.local import read_configuration
from bot.cli.names import no_environment, no_revision, refuse_misnamed
from bot.cli.terminal import coloured
from bot.diff import redescribed
from bot.errors import ConfigurationError, InputError, TreeError
from bot.flow.offline import Revisions, preview
from bot.git.local import LocalRepository
from bot.model.environment import CONFIGURATION, Configuration, Redescribed
from bot.model.gate import Comparison
from bot.model.noun import noun
from bot.model.tree import Tree
from bot.report.text import to_json, to_markdown, to_text

__all__ = ["Request", "run_plan"]

UNCHANGED, WRONG, CHANGED = 0, 1, 2


@noun
class Request:
    """Which repository and revisions; `head` "" is the working tree; no environments are all of them."""

    repository: Path
    base: str
    head: str
    environments: tuple[str, ...]


def run_plan(request: Request, format: str) -> int:
    """Plan, print, and answer with the exit status."""
    with redirect_stdout(sys.stderr):  # what is logged is no plan
        comparison = asyncio.run(compared(request))
    if format == "json":
        typer.echo(json.dumps(to_json(comparison), indent=2))
    elif format == "markdown":
        typer.echo(to_markdown(comparison))
    else:
        typer.echo(to_text(comparison, coloured()))
    return status(comparison)


def status(comparison: Comparison) -> int:
    """0 unchanged, 2 changes, 1 something is wrong or could not be evaluated."""
    assessments = comparison.assessments
    if any(each.head is None or any(f.level in ("error", "unknown") for f in each.findings) for each in assessments):
        return WRONG
    changed = any(each.plan and each.plan.effective for each in assessments)
    return CHANGED if changed or comparison.leaving or comparison.described else UNCHANGED


async def compared(request: Request) -> Comparison:
    """The two revisions compared; where some environments were asked for, nothing is told of others.

    InputError: the repository, a revision or an environment is not there.
    """
    repository = await LocalRepository.find(request.repository)
    base = await revision(repository, request.base)
    head = await revision(repository, request.head) if request.head else await repository.working_tree()
    after = await read_configuration(repository, head)
    if after is None:
        refuse_misnamed(head)
        raise InputError(f"{CONFIGURATION} is not there; `tidegate init` writes a first one")
    known = {each.id.name for each in after.environments}
    for name in request.environments:
        if name not in known:
            raise no_environment(name, known)
    before = await read_base(repository, base, request.base)
    revisions = Revisions(base=base, head=head, before=before, after=after, load=repository.load)
    leaving = () if request.environments else (before or Configuration()).gone_in(after)
    described = redescribed(before, after)
    wanted = frozenset(request.environments)
    assessments = await preview(offline_tools(), revisions, wanted, after.prefix)
    told = about(described, wanted) if wanted else described
    return Comparison(assessments=assessments, leaving=leaving, described=told)


def about(described: Sequence[Redescribed], wanted: frozenset[str]) -> tuple[Redescribed, ...]:
    """What is said differently of some environments."""
    named = (replace(each, environments=tuple(n for n in each.environments if n in wanted)) for each in described)
    return tuple(each for each in named if each.environments)


async def revision(repository: LocalRepository, name: str) -> Tree:
    """The tree of a revision. InputError: there is none; what was probably meant is said."""
    try:
        return await repository.tree(name)
    except TreeError:
        raise
    except InputError as error:
        here = await read_configuration(repository, await repository.working_tree())
        known = {each.id.name for each in here.environments} if here else set()
        raise no_revision(error, name, known, empty=await repository.is_empty()) from None


async def read_base(repository: LocalRepository, tree: Tree, name: str) -> Configuration | None:
    """The configuration of what is compared with. InputError: it cannot be used; that it is this one's is said."""
    try:
        return await read_configuration(repository, tree)
    except ConfigurationError as error:
        first = error.findings[0]
        why = f"line {first.line}: {first.message}"
        raise InputError(
            f"{CONFIGURATION} of {name} cannot be used ({why}); compare with another revision, or use `tidegate check`"
        ) from None
