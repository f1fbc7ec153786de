"""Rendering and checking, the work that takes the processor's time: what it is, apart from where it is done."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Protocol

from bot.check import Apart, Check
from bot.check.leaks import LEAST_KNOWN, MOST_BYTES, quiet
from bot.check.schemas.files import validate_files
from bot.diff import conceal, pieces
from bot.errors import TemporaryError
from bot.model.environment import Configuration, Environment, Source
from bot.model.examined import Examined
from bot.model.identity import RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Sha, noun
from bot.model.plan import Change, Finding
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render import Renderer
from bot.scanner.scan import Scanner, left_until

__all__ = ["Changes", "Evaluator", "Files", "InProcess", "Render", "unevaluated"]

MOST_SECONDS = 20.0
"""How long the changes of a plan may be scanned for secrets."""


@noun
class Render:
    """One render: which renderer, and all that it is told. `tree` holds everything that it reads."""

    renderer: str
    tree: Tree
    source: Source
    kubernetes: Kubernetes


@noun
class Files:
    """Files to validate, with everything loaded that this needs. See `bot.check.files.validate_files`."""

    configuration: Configuration
    tree: Tree
    schemas: Tree
    only: frozenset[str]


@noun
class Changes:
    """Changes that somebody is to see, and the contents of the files that their objects were made of, by blob."""

    changes: tuple[Change, ...]
    files: Mapping[Sha, bytes] = field(repr=False, default_factory=dict)


class Evaluator(Protocol):
    """Does the work. `turn` is the repository on whose behalf: none keeps the others waiting."""

    async def render(self, turn: RepositoryId, work: Render) -> Rendered:
        """What the renderer yields. RenderError and the other InputErrors: as the renderer says."""
        ...

    async def check(self, turn: RepositoryId, examined: Examined) -> Sequence[Finding]:
        """All findings of all checks; a check that breaks is `unknown`, never a pass."""
        ...

    async def files(self, turn: RepositoryId, work: Files) -> Sequence[Finding]:
        """What is wrong with files that have a schema; what is lost is `unknown`, never a pass."""
        ...

    async def conceal(self, turn: RepositoryId, work: Changes) -> Sequence[Change]:
        """The changes without what a scanner finds in them or in the files. TemporaryError: it could not look."""
        ...

    async def close(self) -> None:
        """Nothing more is asked."""
        ...


class InProcess:
    """Does it here and now: for commands, and inside of each process of a pool.

    Nothing else is done meanwhile, so that what takes the processor's time needs no thread (with one, a large check
    took a tenth longer).
    """

    def __init__(self, renderers: Sequence[Renderer], checks: Sequence[Check]) -> None:
        self._renderers = {each.name: each for each in renderers}
        self._checks = tuple(checks)

    async def render(self, turn: RepositoryId, work: Render) -> Rendered:
        """See `Evaluator`."""
        del turn
        return await self._renderers[work.renderer].render(work.tree, work.source, work.kubernetes)

    async def check(self, turn: RepositoryId, examined: Examined) -> Sequence[Finding]:
        """See `Evaluator`."""
        del turn
        findings: list[Finding] = []
        for each in self._checks:
            try:
                findings += await each.run(examined)
            except Exception as error:  # a check may break in any way, and none of them may look like a pass
                import structlog  # imported when it is needed: commands start quickly

                structlog.get_logger(__name__).error("check broke", check=each.name, error=type(error).__name__)
                findings.append(unevaluated(each.name, examined, type(error).__name__))
        return quiet(findings, examined, Scanner())

    def apart(self, environment: Environment) -> bool:
        """Whether every check may be given this environment in parts."""
        return all(isinstance(each, Apart) and each.apart(environment) for each in self._checks)

    async def files(self, turn: RepositoryId, work: Files) -> Sequence[Finding]:
        """See `Evaluator`."""
        del turn
        return validate_files(work.configuration, work.tree, schemas=work.schemas, only=work.only)

    async def conceal(self, turn: RepositoryId, work: Changes) -> Sequence[Change]:
        """See `Evaluator`."""
        del turn
        return concealed(work) if work.changes else ()

    async def close(self) -> None:
        """There is nothing to end."""


def concealed(work: Changes) -> list[Change]:
    """The changes without what the scanner finds, whatever a repository's policies make of such finds.

    What stands beside a value tells that it is a key, and may be in a file alone: a chart's values have other names
    than the object that is made of them.
    """
    scanner = Scanner()
    scanner.load()  # before the clock runs
    until = time.monotonic() + MOST_SECONDS

    def find(data: bytes) -> list[str]:
        return scanner.texts(data, left_until(until))

    try:
        seen = (value for data in work.files.values() if len(data) <= MOST_BYTES for value in find(data))
        known = {piece for value in seen for piece in pieces(value) if len(piece) >= LEAST_KNOWN}
        return [conceal(each, find, known) for each in work.changes]
    except TimeoutError:
        raise TemporaryError(f"it took longer than {MOST_SECONDS:g} s") from None


def unevaluated(check: str, examined: Examined, why: str) -> Finding:
    """A check that gave no answer."""
    return Finding(
        check=check, level="unknown", message=f"the check {check} could not be evaluated ({why})",
        fix="look at the server's log; nothing is applied before it can be evaluated",
        path=examined.environment.source.path,
    )  # fmt: skip
