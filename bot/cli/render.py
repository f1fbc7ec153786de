"""`tidegate render`: what environments render to."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

# Typer carries a copy of click and exports only some of its errors.
from typer._click.exceptions import UsageError

from bot.model.noun import noun
from bot.model.resource import Resource

__all__ = ["RenderRequest"]

FORMATS = ("yaml", "json")
FOLDER = "Write a folder per environment instead of printing."


@noun
class RenderRequest:
    """Print what environments render to, as manifests of the working tree.

    Values of Secrets are masked, so what is printed of them cannot be applied; --show-secrets shows them.

    Exit codes: 0 done, 1 something does not render.
    """

    repository: Annotated[Path, typer.Option("--repo", "-C", metavar="DIR", help="The git repository.")] = Path()
    environments: Annotated[
        list[str] | None, typer.Option("--environment", "-e", metavar="NAME", help="Only this one; repeatable.")
    ] = None
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="A server's settings: its programs, targets.")
    ] = None
    output: Annotated[Path | None, typer.Option("--output-dir", "-o", metavar="DIR", help=FOLDER)] = None
    format: Annotated[str, typer.Option("--format", "-f", metavar="yaml|json", help="How to write it.")] = "yaml"
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Do not mask the values of Secrets.")] = False

    def run(self) -> int:
        """Render and write. UsageError: no such format. What does not render is said, and the rest is written."""
        if self.format not in FORMATS:
            raise UsageError(f"--format {self.format!r} is none of {', '.join(FORMATS)}")
        import asyncio  # imported late: it takes longest of all that this needs, and other commands import this too

        with redirect_stdout(sys.stderr):  # what is logged is no manifest
            rendered, problems = asyncio.run(self.rendered())
        if self.output is not None:
            for name, resources in rendered.items():
                for other in self.save(self.output / name, resources):
                    typer.echo(
                        f"note: {other}: no object is written to this file; remove it if it is an old one", err=True
                    )
        else:
            self.show(rendered)
        for problem in problems:
            typer.echo(f"error: {problem}", err=True)
        return 1 if problems else 0

    def show(self, rendered: Mapping[str, Sequence[Resource]]) -> None:
        """Everything on standard output: documents, or one list."""
        if self.format == "json":
            items = [self.value(each) for resources in rendered.values() for each in resources]
            typer.echo(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2, ensure_ascii=False))
            return
        for name, resources in rendered.items():
            for each in resources:
                typer.echo(f"---\n# Source: {origin(each)} ({name})\n{self.text(each)}", nl=False)

    async def rendered(self) -> tuple[dict[str, tuple[Resource, ...]], list[str]]:
        """The resources of every environment that renders, and a line for each problem of the others."""
        from bot.cli.check.gather import gather
        from bot.cli.check.request import CheckRequest
        from bot.cli.check.tools import tools_of
        from bot.errors import RenderError
        from bot.flow.together import render_all
        from bot.report.escape import visible

        request = CheckRequest(repository=self.repository, environments=self.environments)
        tools = tools_of(self.config)
        gathered = await gather(request, tools)
        found: dict[str, tuple[Resource, ...]] = {}
        problems: list[str] = []
        subject = gathered.subject
        async for environment, result in render_all(tools, subject.load, subject.head, subject.environments):
            name = environment.id.name
            if isinstance(result, RenderError):
                problems += [f"{name}: {each.path}:{each.line}: {each.message}" for each in result.findings]
            else:
                found[name] = result.resources
        return found, [visible(each) for each in problems]

    def value(self, resource: Resource) -> Any:
        """The manifest, a Secret's values masked unless they were asked for."""
        from bot.diff import masked

        return resource.body if self.show_secrets else masked(resource.body)

    def text(self, resource: Resource) -> str:
        """The manifest in the form that was asked for."""
        from bot.document import dump

        value = self.value(resource)
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n" if self.format == "json" else dump(value)

    def save(self, folder: Path, resources: Sequence[Resource]) -> list[str]:
        """One file per object; which others of that form are there. InputError: the folder cannot be written to."""
        from bot.errors import InputError
        from bot.report.escape import visible
        from bot.target.directory.names import file_name

        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = set(folder.glob(f"*.{self.format}"))
            for each in resources:
                path = folder / (file_name(each.id).removesuffix(".yaml") + f".{self.format}")
                if self.show_secrets:  # they are nobody else's to read
                    path.touch()
                    path.chmod(0o600)
                path.write_text(self.text(each), encoding="utf-8")
                others.discard(path)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written to: {error.strerror}") from None
        return sorted(visible(str(each)) for each in others)


def origin(resource: Resource) -> str:
    """The file and line that an object comes from, for a comment."""
    from bot.report.escape import visible

    place = resource.origin
    return visible(f"{place.path}:{place.line}").replace("\n", "\\n") if place else "made by the renderer"
