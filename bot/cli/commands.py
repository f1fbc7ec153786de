"""The commands with their options and help texts; each is carried out by a module of its own, imported when used."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

# Typer carries a copy of click and exports only some of its errors.
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError

from bot import __version__
from bot.cli.check.command import check
from bot.cli.check.request import CheckRequest
from bot.cli.init import InitRequest
from bot.cli.options import command_of
from bot.cli.render import RenderRequest
from bot.errors import ConfigurationError, SettingsError, TidegateError
from bot.logs import lossy

__all__ = ["run"]

app = typer.Typer(
    name="tidegate",
    help="A GitOps pull-request bot: you approve a state, and exactly that state is applied.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
config = typer.Typer(help="Look at the server's settings.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(config, name="config")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The server's settings.")]
DEFAULT_CONFIG = Path("server.yaml")


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"tidegate {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """A GitOps pull-request bot: you approve a state, and exactly that state is applied."""


@app.command(short_help="Run the server.")
def serve(file: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the server: receive webhooks, plan in pull requests, apply what was approved, keep it there."""
    from bot.server import serve as run_server

    raise typer.Exit(run_server(file))


@config.command("check", short_help="Say what the settings mean, or what is wrong with them.")
def config_check(file: ConfigFile = DEFAULT_CONFIG) -> None:
    """Read the settings as `serve` would, and say what they mean or, a line each, what is wrong with them."""
    from bot.app import make_kubernetes
    from bot.settings import load

    settings = load(file)
    make_kubernetes(settings)
    typer.echo(f"{file}: good. Serves on {settings.listen}, reached at {settings.public_url}.")
    for name in settings.forges:
        typer.echo(f"forge {name}: webhooks go to {settings.public_url}/webhook/{name}")
    for name, target in settings.targets.items():
        typer.echo(f"target {name}: {target.kind} {target.path}")
    for rule in settings.repositories:
        typer.echo(f"repositories {rule.match}: may deploy to {', '.join(rule.targets) or 'no target'}")


@app.command(short_help="Show offline what a change does to each environment.")
def plan(
    base: Annotated[str, typer.Argument(metavar="BASE", help="Revision to compare with.")] = "HEAD",
    head: Annotated[
        str, typer.Argument(metavar="HEAD", help="Revision to plan; the working tree when not given.")
    ] = "",
    repository: Annotated[Path, typer.Option("--repo", "-C", metavar="DIR", help="The git repository.")] = Path(),
    environment: Annotated[
        list[str] | None, typer.Option("--environment", "-e", metavar="NAME", help="Only this one; repeatable.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", metavar="text|markdown|json", help="How to say it.")
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Show offline what a change does to each environment: two revisions, or a revision and the working tree.

    Exit codes: 0 nothing changes, 2 something changes, 1 there are errors or it cannot be planned.
    """
    from bot.cli.plan import Request, run_plan

    wanted = "json" if as_json else format
    if wanted not in ("text", "markdown", "json"):
        raise UsageError(f"--format {format!r} is none of text, markdown, json")
    request = Request(repository=repository, base=base, head=head, environments=tuple(environment or ()))
    raise typer.Exit(run_plan(request, wanted))


app.command("check", short_help="Render and check every environment, without a server.")(
    command_of(CheckRequest, check)
)
app.command("render", short_help="Print what environments render to.")(command_of(RenderRequest, RenderRequest.run))
app.command("init", short_help="Write a first tidegate.yaml from what the repository holds.")(
    command_of(InitRequest, InitRequest.run)
)


@app.command()
def schema() -> None:
    """Print the JSON Schema of tidegate.yaml, for editors."""
    import json

    from bot.config import schema as published

    typer.echo(json.dumps(published(), indent=2))


@app.command(short_help="Try everything on this machine.")
def demo(
    walk: Annotated[bool, typer.Option("--walk", help="Play the story without a person, then end.")] = False,
    repository: Annotated[
        Path | None,
        typer.Option("--repo", metavar="DIR", help="Your own git repository; it is cloned, never written to."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="Where everything lies [default: the user's cache folder]."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over.")] = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65534, help="First of two ports; 0 picks free ones.")
    ] = 0,
) -> None:
    """Try everything on this machine: a small forge, the server, a repository, and a pull request to play with."""
    from bot.cli.demo import Wish, run_demo

    raise typer.Exit(run_demo(Wish(walk=walk, repository=repository, state=state, fresh=fresh, port=port)))


def open_output() -> None:
    """Have both outputs take any text: UTF-8 in every locale, as JSON and XML are; nobody's where they are closed.

    What standard error cannot hold, as on a full disk, is no reason to withhold what was found.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.stderr = lossy(sys.stderr)


def forget_output() -> None:
    """Let go what could not be written: Python tries again as it ends, and ends with a status of its own."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit status. Usage errors and everything that goes wrong are 1, in one line each."""
    open_output()
    try:
        result = app(args=list(arguments), standalone_mode=False)
        return result if isinstance(result, int) else 0
    except NoArgsIsHelpError as error:
        typer.echo(error.format_message())
        return 1
    except UsageError as error:
        hint = error.ctx.command_path if error.ctx else "tidegate"
        typer.echo(f"error: {error.format_message()}\nTry `{hint} --help`.", err=True)
        return 1
    except SettingsError as error:
        for line in error.lines:
            typer.echo(f"error: {line}", err=True)
        return 1
    except ConfigurationError as error:
        for each in error.findings:
            typer.echo(f"error: {each.path}:{each.line}:{each.column}: {each.message}", err=True)
        return 1
    except (TidegateError, ClickException) as error:
        typer.echo(f"error: {error}", err=True)
        return 1
    except OSError as error:  # a full disk, a folder that may only be read
        place = f"{error.filename}: " if error.filename else ""
        typer.echo(f"error: {place}{error.strerror or error}", err=True)
        forget_output()
        return 1
