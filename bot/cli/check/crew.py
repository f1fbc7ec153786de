"""Processes that share the pieces of a checkup. One that is lost costs its piece of work alone.

Each process is given one piece at a time through a pipe of its own, so that it is always known what a lost one was
doing. Where the system can copy a process, the new ones have all that this one has loaded, and start at once.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any

from bot.cli.check.collector import calm_collector
from bot.flow.checkup import Outcome, Task, lost
from bot.jail import end_with_parent

__all__ = ["Crew"]

Work = Callable[[Task], Outcome]
Make = Callable[[], AbstractContextManager[Work]]
Tell = Callable[[Task], object]

PATIENCE = 600.0  # seconds that one piece may take; renders have limits of their own


class Member:
    """One process with its pipe, and what it is doing since when."""

    def __init__(self, make: Make) -> None:
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.pipe, other = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(make, other, os.getpid()), daemon=True)
        self.process.start()
        other.close()
        self.number: int | None = None
        self.since = 0.0

    def give(self, number: int, task: Task) -> None:
        """Have it do a task."""
        self.number, self.since = number, time.monotonic()
        self.pipe.send(task)

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Crew:
    """Up to `jobs` processes; with one job everything is done in this process. `make` is called once in each."""

    def __init__(self, make: Make, jobs: int, patience: float = PATIENCE) -> None:
        self._make, self._jobs, self._patience = make, jobs, patience
        self._members: list[Member] = []

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for member in self._members:
            member.process.kill()  # all at once: the system takes a moment to clear each away
        for member in self._members:
            member.end()

    def run(self, tasks: Sequence[Task], tell: Tell) -> list[Outcome]:
        """The outcomes of all tasks, in their order; `tell` hears of each that is done."""
        if self._jobs == 1:
            return list(self._alone(tasks, tell))
        outcomes: dict[int, Outcome] = {}
        waiting = deque(range(len(tasks)))
        while len(outcomes) < len(tasks):
            self._employ(waiting, tasks)
            for member, outcome in self._listen(tasks):
                assert member.number is not None
                outcomes[member.number] = outcome
                tell(tasks[member.number])
                member.number = None
        return [outcomes[number] for number in range(len(tasks))]

    def _alone(self, tasks: Sequence[Task], tell: Tell) -> Iterator[Outcome]:
        with self._make() as work:
            for task in tasks:
                yield done(work, task)
                tell(task)

    def _employ(self, waiting: deque[int], tasks: Sequence[Task]) -> None:
        """Give every process something to do, as long as there is something."""
        while waiting and len(self._members) < min(self._jobs, len(tasks)):
            self._members.append(Member(self._make))
            self._members[-1].give(number := waiting.popleft(), tasks[number])
        for member in self._members:
            if waiting and member.number is None:
                member.give(number := waiting.popleft(), tasks[number])

    def _listen(self, tasks: Sequence[Task]) -> Iterator[tuple[Member, Outcome]]:
        """Wait for the next answers; of a process that was lost, or took too long, what is to be said instead."""
        busy = [member for member in self._members if member.number is not None]
        ready = wait([member.pipe for member in busy], timeout=1.0)
        for member in busy:
            assert member.number is not None
            if member.pipe in ready:
                try:
                    yield member, member.pipe.recv()
                    continue
                except (EOFError, OSError):
                    member.process.join()
                    why = f"its process was ended ({ended(member.process.exitcode)})"
            elif time.monotonic() - member.since > self._patience:
                why = f"it took longer than {self._patience:g} s"
            else:
                continue
            self._members.remove(member)
            member.end()
            yield member, lost(tasks[member.number], why)


def ended(status: int | None) -> str:
    """How a process ended, for people."""
    if status is not None and status < 0:
        return signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    return f"status {status}"


def serve(make: Make, pipe: Connection, parent: int) -> None:
    """The life of a process: do what comes through the pipe until nothing comes any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    end_with_parent()
    if os.getppid() != parent:
        return
    calm_collector()
    with make() as work:
        while True:
            try:
                task = pipe.recv()
            except EOFError:
                return
            pipe.send(done(work, task))


def done(work: Work, task: Task) -> Outcome:
    """The outcome of a task; work that breaks is unknown. Nothing but the findings may reach standard output."""
    try:
        with redirect_stdout(sys.stderr):
            return work(task)
    except Exception as error:  # its text may quote anything, so only its type is told
        return lost(task, type(error).__name__)
