"""Running the demo: put the stage up, tell what to try, or play the story."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import typer

from bot.cli.demo.own import read_own
from bot.cli.demo.stage import Stage, put_up, sample_overlays
from bot.cli.demo.walk.browser import Broken
from bot.cli.demo.walk.own import own_steps
from bot.cli.demo.walk.run import play
from bot.cli.demo.walk.story import STEPS
from bot.errors import InputError
from bot.model.noun import noun

__all__ = ["Wish", "run_demo"]


@noun
class Wish:
    """What was asked for on the command line."""

    walk: bool
    repository: Path | None
    state: Path | None
    fresh: bool
    port: int


def run_demo(wish: Wish) -> int:
    """Run it; the exit status."""
    folder = state_folder(wish)
    if wish.repository is not None:
        asyncio.run(read_own(wish.repository))  # what cannot be used is said before a folder is made or emptied for it
    try:
        if folder.exists():
            require_ours(folder)
            if wish.fresh or wish.walk:
                shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        raise InputError(f"{folder}: cannot be used: {error.strerror}; name another with --state DIR") from None
    try:
        return asyncio.run(run(wish, folder))
    except Broken as error:
        raise InputError(f"the demo could not go on: {error}") from None


MARK = ".tidegate-demo"


def state_folder(wish: Wish) -> Path:
    """Where everything lies: what was named, or a folder of the user's cache for each way of running it."""
    if wish.state is not None:
        return wish.state.resolve()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = "walk" if wish.walk else "demo"
    return cache / "tidegate" / (f"{name}-{wish.repository.resolve().name}" if wish.repository else name)


def require_ours(folder: Path) -> None:
    """InputError: the folder holds something that the demo did not make; it is never removed."""
    if any(folder.iterdir()) and not (folder / MARK).exists():
        raise InputError(f"{folder} holds something that the demo did not make; name another with --state DIR")


async def run(wish: Wish, folder: Path) -> int:
    """Put the stage up, then play or wait for Ctrl-C."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    typer.echo(f"state: {folder} (start over with --fresh)")
    sample = sample_overlays() if kustomize() else None
    if sample and not wish.repository:
        typer.echo("the sample repository builds its overlays with kustomize")
    async with put_up(folder, wish.repository, wish.port, typer.echo, sample=sample) as stage:
        work = asyncio.create_task(walk(stage, wish) if wish.walk else invite(stage, stop))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not work.done():
            work.cancel()
            typer.echo("ending; start again to go on where this was" if not wish.walk else "the walk was stopped")
            return 1 if wish.walk else 0
        status, closing = work.result()
    if closing:
        typer.echo(closing)  # the last line, after everything that the server says when it stops
    return status


def kustomize() -> bool:
    """Whether a program is there that builds overlays; the sample repository has plain folders otherwise."""
    return any(shutil.which(name) for name in ("kustomize", "kubectl"))


async def walk(stage: Stage, wish: Wish) -> tuple[int, str]:
    """Play the story that fits the repository; the exit status and the closing line."""
    await stage.install()
    steps = own_steps(stage.environments) if wish.repository else STEPS
    return await play(stage.place, stage.tokens, steps, typer.echo)


async def invite(stage: Stage, stop: asyncio.Event) -> tuple[int, str]:
    """Say where everything is and what to try, then wait."""
    number = await stage.open_first()
    for line in stage.invitation(number):
        typer.echo(line)
    await stop.wait()
    return 0, ""
