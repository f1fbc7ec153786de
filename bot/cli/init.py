"""`tidegate init`: a first tidegate.yaml from what the repository holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.model.environment import CONFIGURATION
from bot.model.noun import noun

if TYPE_CHECKING:
    from bot.config.propose import Proposal

__all__ = ["InitRequest"]

MOST = 12  # of what was skipped; --verbose shows the rest


@noun
class InitRequest:
    """Write a first tidegate.yaml: an environment for each overlay, chart and folder of manifests that is found.

    What was left out is said with the reason. Targets are guesses: their names are the environments'.

    Exit codes: 0 done, 1 nothing was found, or there is a tidegate.yaml already.
    """

    repository: Annotated[Path, typer.Option("--repo", "-C", metavar="DIR", help="The git repository.")] = Path()
    show: Annotated[bool, typer.Option("--print", help="Print it, and write nothing.")] = False
    force: Annotated[bool, typer.Option("--force", help="Replace the tidegate.yaml that is there.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say everything that was left out.")] = False

    def run(self) -> int:
        """Find, write, say. InputError: there is nothing, or a file already."""
        import asyncio  # imported late: it takes longest of all that this needs, and other commands import this too

        top, text, said = asyncio.run(self.proposed())
        if self.show:
            typer.echo(text, nl=False)
        else:
            (top / CONFIGURATION).write_text(text, encoding="utf-8")
        for line in said:
            typer.echo(line, err=self.show)
        return 0

    async def proposed(self) -> tuple[Path, str, list[str]]:
        """The repository's folder, the file's text, and what to say of it."""
        from bot.cli.local import meaning
        from bot.cli.names import refuse_misnamed
        from bot.config.propose import EVERYTHING, candidates, propose
        from bot.errors import InputError
        from bot.git.local import LocalRepository

        repository = await LocalRepository.find(self.repository)
        place = repository.top / CONFIGURATION
        if place.is_symlink() or place.is_dir():
            raise InputError(f"{CONFIGURATION} is no file of its own, which is never read; remove it")
        if place.exists() and not (self.force or self.show):
            raise InputError(f"{CONFIGURATION} is there already; look with --print, replace it with --force")
        tree = await repository.working_tree()
        refuse_misnamed(tree)
        found = propose(await repository.load(tree, candidates(tree)), EVERYTHING)
        if not found.environments:
            raise InputError(
                "no overlay, chart or folder of manifests was found; `tidegate schema` describes what to write"
            )
        meaning(found.text.encode(), repository, tree)
        return repository.top, found.text, [*self.said(found), *self.skipped(found.skipped)]

    def said(self, found: "Proposal") -> Iterator[str]:
        """The environments, and what to do now."""
        from bot.report.changes import plural

        number = plural(len(found.environments), "environment")
        yield f"{CONFIGURATION} {'would have' if self.show else 'has'} {number}:"
        for pattern in found.patterns:
            yield f"  {pattern.name}: {pattern.path} ({plural(len(pattern.environments), 'folder')})"
        together = {name for pattern in found.patterns for name in pattern.environments}
        for name, path in found.environments.items():
            if name not in together:
                yield f"  {name}: {path or '.'}"
        if found.patterns:
            yield "A name with {…} stands for each folder that its path matches, those that are added later too."
        yield "Targets are guesses, named as the environments: the server's settings must define them, or change them."
        yield "Every environment is applied after a merge with one approval, its first time too, and drift is put back:"
        yield "look at `apply`, `first_apply`, `drift` and `approvals`."
        yield "Then: tidegate check"

    def skipped(self, reasons: tuple[str, ...]) -> Iterator[str]:
        """What was left out."""
        if reasons:
            yield f"Left out ({len(reasons)}):"
        shown = reasons if self.verbose else reasons[:MOST]
        yield from (f"  {each}" for each in shown)
        if len(shown) < len(reasons):
            yield f"  and {len(reasons) - len(shown)} more, which --verbose shows"
