"""`tidegate check` from the request to the exit status."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import typer

from bot.cli.check.collector import calm_collector
from bot.cli.check.crew import Crew
from bot.cli.check.gather import gather
from bot.cli.check.progress import progress
from bot.cli.check.request import CheckRequest
from bot.cli.check.tools import tools_of
from bot.cli.check.write import write
from bot.errors import ConfigurationError
from bot.flow.assess import Tools
from bot.flow.checkup import Checkup, Outcome, Task, checkup, perform
from bot.flow.together import cores
from bot.git.local import LocalRepository
from bot.model.checked import Checked

__all__ = ["CheckRequest", "run_check"]

GOOD, WRONG, FINDINGS = 0, 1, 2


def run_check(request: CheckRequest, loading: Thread) -> int:
    """Check, write what was found, and answer with the exit status: 0 nothing that fails, 2 something.

    `loading` ends when what the checks need is loaded: a process is only copied when no other thread runs in it.
    """
    # one folder for all processes, since those of a crew are killed and clean up nothing
    with TemporaryDirectory(prefix="tidegate-", ignore_cleanup_errors=True) as scratch:
        return check_in(Path(scratch), request, loading)


def check_in(scratch: Path, request: CheckRequest, loading: Thread) -> int:
    """The same, with a folder for what is laid out."""
    began = time.monotonic()
    tools = tools_of(request.config, request.version, scratch)
    calm_collector()  # once more: what was imported since then need not be looked through at the end either
    try:
        gathered = asyncio.run(gather(request, tools))
    except ConfigurationError as error:
        top = asyncio.run(LocalRepository.find(request.repository)).top
        checked = Checked(environments=(), files=tuple(error.findings))
    else:
        recipe = Recipe(request, scratch, tools, gathered.subject)
        top, checked = gathered.top, examine(request, recipe, loading)
        checked = replace(checked, unaffected=gathered.unaffected)
        if not gathered.subject.written:
            typer.echo("there is no tidegate.yaml; this is about what `tidegate init` would propose", err=True)
    write(request, checked, top, time.monotonic() - began)
    return FINDINGS if any(each.level in request.failing for each in checked.findings) else GOOD


def examine(request: CheckRequest, recipe: "Recipe", loading: Thread) -> Checked:
    """The checkup itself, by as many processes as were asked for."""
    with progress() as tell, Crew(recipe, request.jobs or cores()) as crew:

        def run_all(tasks: Sequence[Task]) -> Sequence[Outcome]:
            loading.join()
            return crew.run(tasks, tell(tasks))

        return checkup(recipe.tools, recipe.subject, run_all)


class Recipe:
    """Makes the function that does tasks, in whatever process it is called.

    A process that was not copied from this one gets the request and the folder, and reads the repository again.
    """

    def __init__(self, request: CheckRequest, scratch: Path, tools: Tools, subject: Checkup) -> None:
        self._request, self._scratch, self.tools, self.subject = request, scratch, tools, subject

    def __reduce__(self) -> tuple[Callable[[CheckRequest, Path], "Recipe"], tuple[CheckRequest, Path]]:
        return again, (self._request, self._scratch)

    @contextmanager
    def __call__(self) -> Iterator[Callable[[Task], Outcome]]:
        """The function, with an event loop of its own."""
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            yield lambda task: loop.run_until_complete(perform(self.tools, self.subject, task))


def again(request: CheckRequest, scratch: Path) -> Recipe:
    """The recipe in a process that has nothing yet."""
    tools = tools_of(request.config, request.version, scratch)
    return Recipe(request, scratch, tools, asyncio.run(gather(request, tools)).subject)
