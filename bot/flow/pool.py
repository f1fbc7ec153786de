"""Rendering and checking in processes of their own: off the event loop, and out of reach of what may go wrong there."""

import asyncio
import gc
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future
from multiprocessing import forkserver
from typing import Any, TypeVar

import structlog

from bot.errors import InputError, RenderError, TemporaryError
from bot.flow.evaluate import Changes, Evaluator, Files, Render, unevaluated
from bot.flow.turns import Turns
from bot.jail import end_with_parent
from bot.model.environment import CONFIGURATION
from bot.model.examined import Examined
from bot.model.identity import RepositoryId
from bot.model.noun import noun
from bot.model.plan import Change, Finding
from bot.model.resource import Rendered

__all__ = ["Pool"]

T = TypeVar("T")
GRACE = 30.0
"""Seconds beyond its time that work is waited for: one that was killed at the wrong moment can keep all others from
answering for ever."""

OFFSPRING = "bot.flow.offspring"

log = structlog.get_logger(__name__)


class Lost(Exception):
    """The process that did the work ended, or was ended after its time; the text says which."""


@noun
class Refusal:
    """A renderer's error, in a form that travels between processes."""

    findings: tuple[Finding, ...] = ()
    message: str = ""


class Pool:
    """An `Evaluator` of up to `processes` processes, which are started by the first work and kept warm.

    A piece of work that takes longer than `seconds`, or kills its process, is lost alone: what it was to find out is
    unknown, and another process takes its place. `make` is called once in each process. Where the system can copy a
    process, all are copies of one that has imported the module `warm`: they share its memory, and start at once.
    """

    def __init__(self, make: Callable[[], Evaluator], processes: int, seconds: float, warm: str = "") -> None:
        self._make, self._processes, self._seconds, self._warm = make, processes, seconds, warm
        self._turns = Turns(processes)
        self._pool: Any = None
        self._ending: list[asyncio.Future[None]] = []

    async def render(self, turn: RepositoryId, work: Render) -> Rendered:
        """See `Evaluator`. A process that is lost is a RenderError with one `unknown` finding."""
        try:
            answer = await self._do(turn, render, work)
        except Lost as error:
            raise RenderError([lost(work, str(error))]) from None
        if isinstance(answer, Refusal):
            raise RenderError(answer.findings) if answer.findings else InputError(answer.message)
        return answer

    async def check(self, turn: RepositoryId, examined: Examined) -> Sequence[Finding]:
        """See `Evaluator`."""
        try:
            return await self._do(turn, check, examined)
        except Lost as error:
            return [unevaluated("checks", examined, str(error))]

    async def files(self, turn: RepositoryId, work: Files) -> Sequence[Finding]:
        """See `Evaluator`."""
        try:
            return await self._do(turn, files, work)
        except Lost as error:
            fix = "it is tried again by itself; if it stays so, look at the schemas that `schemas` names"
            message = f"files could not be validated: {error}"
            return [Finding(check="schemas", level="unknown", message=message, fix=fix, path=CONFIGURATION)]

    async def conceal(self, turn: RepositoryId, work: Changes) -> Sequence[Change]:
        """See `Evaluator`."""
        try:
            return await self._do(turn, conceal, work) if work.changes else ()
        except Lost as error:
            raise TemporaryError(str(error)) from None

    async def _do(self, turn: RepositoryId, function: Callable[[RepositoryId, Any], T], work: Any) -> T:
        async with self._turns.turn(turn):
            for _ in range(2):
                try:
                    return await self._try(turn, function, work)
                except BrokenExecutor:
                    # processes that were ended while they did nothing take the others along, and work that comes then
                    log.warning("all processes lost", repository=str(turn))
        raise Lost("its process was ended")

    async def _try(self, turn: RepositoryId, function: Callable[[RepositoryId, Any], T], work: Any) -> T:
        from pebble import ProcessExpired  # imported late: a server that has nothing to do stays small

        pool = self._started()
        try:
            async with asyncio.timeout(self._seconds + GRACE) as patience:
                return await asyncio.wrap_future(scheduled(pool, function, (turn, work), self._seconds))
        except TimeoutError:
            log.warning("work took too long", repository=str(turn), seconds=self._seconds)
            if patience.expired():
                self._give_up(pool)
            raise Lost(f"it took longer than {self._seconds:g} s") from None
        except ProcessExpired as error:
            log.warning("process lost", repository=str(turn), status=error.exitcode)
            raise Lost("its process was ended") from None

    def _started(self) -> Any:
        if self._pool is not None and not self._pool.active:
            self._give_up(self._pool)
        if self._pool is None:
            from pebble import ProcessPool

            self._pool = ProcessPool(
                max_workers=self._processes, initializer=begin, initargs=(self._make,), context=self._context(),
            )  # fmt: skip
        return self._pool

    def _give_up(self, pool: Any) -> None:
        """End what is left of a pool, beside other work; the next work starts another one."""
        if pool is self._pool:
            self._pool = None
            self._ending.append(asyncio.ensure_future(asyncio.to_thread(end, pool)))

    def _context(self) -> Any:
        if sys.platform != "linux":
            return multiprocessing.get_context("spawn")
        # not copies of this process, which has threads, but of one that is made for it
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([OFFSPRING, *filter(None, [self._warm])])
        forkserver.ensure_running()  # by this thread, which lasts: the kernel ends it with the thread that started it
        return context

    async def close(self) -> None:
        """End the processes; what they were doing is lost."""
        if self._pool is not None:
            self._give_up(self._pool)
        await asyncio.gather(*self._ending)


def scheduled(pool: Any, function: Callable[..., T], arguments: tuple[Any, ...], seconds: float) -> "Future[T]":
    """Work that was given to a pool. BrokenExecutor: the pool broke in this moment."""
    try:
        future: Future[T] = pool.schedule(function, args=arguments, timeout=seconds)
    except RuntimeError as error:
        raise BrokenExecutor from error
    return future


def end(pool: Any) -> None:
    """End the processes of a pool and its threads."""
    pool.stop()
    pool.join()


def lost(work: Render, why: str) -> Finding:
    """A render that gave no answer."""
    return Finding(
        check="render", level="unknown", message=f"{work.source.path} could not be rendered: {why}",
        fix="it is tried again by itself; if it stays so, look at the server's log and at what is there",
        path=work.source.path,
    )  # fmt: skip


class Child:
    """What a process of the pool works with: made once, used for every piece of work."""

    evaluator: Evaluator
    runner: asyncio.Runner


def begin(make: Callable[[], Evaluator]) -> None:
    """Make ready in a new process, which ends when the server does."""
    end_with_parent()
    gc.set_threshold(50_000, 20, 50)
    Child.evaluator, Child.runner = make(), asyncio.Runner()
    gc.freeze()


def render(turn: RepositoryId, work: Render) -> Rendered | Refusal:
    """One render, in a process of the pool."""
    try:
        return Child.runner.run(Child.evaluator.render(turn, work))
    except RenderError as error:
        return Refusal(findings=error.findings)
    except InputError as error:
        return Refusal(message=str(error))


def check(turn: RepositoryId, examined: Examined) -> list[Finding]:
    """All checks, in a process of the pool."""
    return list(Child.runner.run(Child.evaluator.check(turn, examined)))


def files(turn: RepositoryId, work: Files) -> list[Finding]:
    """Files against their schemas, in a process of the pool."""
    return list(Child.runner.run(Child.evaluator.files(turn, work)))


def conceal(turn: RepositoryId, work: Changes) -> list[Change]:
    """Changes without what a scanner finds in them, in a process of the pool."""
    return list(Child.runner.run(Child.evaluator.conceal(turn, work)))
