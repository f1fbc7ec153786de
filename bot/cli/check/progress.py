"""How far a checkup is, on a terminal's standard error; nothing anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.flow.checkup import Task

__all__ = ["progress"]

Tell = Callable[[Task], object]
QUIET = 0.5  # seconds; what is done sooner needs no bar


def untold(tasks: Sequence[Task]) -> Tell:
    """Where nobody looks."""
    del tasks
    return id


@contextmanager
def progress() -> Iterator[Callable[[Sequence[Task]], Tell]]:
    """Gives a function that is told all tasks, and answers with one that is told each that is done."""
    if not sys.stderr.isatty():
        yield untold
        return
    # Without its own thread, since processes are copied while it is shown.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    began, shown = time.monotonic(), 0.0

    def start(tasks: Sequence[Task]) -> Tell:
        number = bar.add_task("checking", total=len(tasks))

        def tell(task: Task) -> None:
            nonlocal shown
            bar.update(number, advance=1, description=f"checking {task.environment}")
            now = time.monotonic()
            if now - began > QUIET and now - shown > 0.1:
                bar.start()
                bar.refresh()
                shown = now

        return tell

    try:
        yield start
    finally:
        bar.stop()
