"""What a person asks `tidegate check` for."""

import re
from pathlib import Path
from typing import Annotated

import typer

from bot.model.noun import noun

__all__ = ["FORMATS", "CheckRequest", "minor"]

FORMATS = ("text", "json", "sarif", "junit", "github")
OUTPUT = "Where to write it instead of standard output."


@noun
class CheckRequest:
    """Render and check every environment of the working tree, without a server.

    Without a tidegate.yaml: what `tidegate init` would propose. What could not be evaluated counts as failing.

    Exit codes: 0 nothing that fails, 2 findings that fail, 1 it could not run.
    """

    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Only environments that read these.")
    ] = None
    repository: Annotated[Path, typer.Option("--repo", "-C", metavar="DIR", help="The git repository.")] = Path()
    environments: Annotated[
        list[str] | None, typer.Option("--environment", "-e", metavar="NAME", help="Only this one; repeatable.")
    ] = None
    since: Annotated[
        str, typer.Option("--changed-since", metavar="REV", help="Only what the changes since REV concern.")
    ] = ""
    version: Annotated[
        str, typer.Option("--kubernetes-version", metavar="1.NN", help="The version of Kubernetes to check for.")
    ] = ""
    config: Annotated[
        Path | None, typer.Option("--config", "-c", metavar="FILE", help="A server's settings: its programs, targets.")
    ] = None
    format: Annotated[str, typer.Option("--format", "-f", metavar="|".join(FORMATS), help="How to say it.")] = "text"
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help=OUTPUT)] = None
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=0, help="Processes; 0 is one for each processor.")
    ] = 0
    level: Annotated[
        str, typer.Option("--level", metavar="error|warning", help="What fails: errors, or warnings too.")
    ] = "error"

    @property
    def form(self) -> str:
        """The format that was asked for."""
        return "json" if self.as_json else self.format

    @property
    def failing(self) -> tuple[str, ...]:
        """The levels that fail."""
        return ("error", "unknown", "warning") if self.level == "warning" else ("error", "unknown")

    def problem(self) -> str:
        """What is wrong with the options; "" where nothing is."""
        if self.format not in FORMATS:
            return f"--format {self.format!r} is none of {', '.join(FORMATS)}"
        if self.level not in ("error", "warning"):
            return f"--level {self.level!r} is none of error, warning"
        if self.version and not re.fullmatch(r"v?1\.\d{1,2}(\.\d+)?", self.version, re.ASCII):
            return f"--kubernetes-version {self.version!r} is no version; write one such as 1.36"
        if self.version:
            from bot.settings import KUBERNETES  # imported late: it takes a while, and is seldom needed

            if minor(self.version) not in KUBERNETES:
                return f"--kubernetes-version {self.version!r} is none of {', '.join(KUBERNETES)}"
        return ""


def minor(version: str) -> str:
    """`1.36` of `v1.36.2`."""
    return ".".join(version.removeprefix("v").split(".")[:2])
