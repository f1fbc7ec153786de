"""The check `own`: every check that an operator installed, each in a process of its own."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cached_property
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, ClassVar, Literal

from bot.check.discreet import hide, one_line, secrets_of
from bot.check.own import child
from bot.check.waivers import settled, today_utc
from bot.errors import ProgramError
from bot.jail import Jail, Job, Limits, Program, locate
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource

__all__ = ["OwnChecks"]

NAME = "own"
MOST = 1000  # findings of one check; more of them help nobody
FIELDS = frozenset({"message", "level", "resource", "at", "rule", "fix"})
LEVELS = ("error", "warning", "notice")
FIX = "ask whoever wrote this check what to do"
BROKEN = "tell whoever wrote this check; nothing is applied before it can be evaluated"
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
"""Where a Python that is not linked statically finds its libraries."""


class OwnChecks:
    """Runs what is installed under the entry-point group `tidegate.checks` among `paths` (the server's own packages).

    Each check gets the objects as JSON, an empty environment, and no network; it is ended after `limits.seconds`. One
    that breaks, hangs, or answers with anything but findings is an `unknown` finding.
    """

    name = NAME
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(
        self, jail: Jail, limits: Limits | None = None, paths: Sequence[str] | None = None,
        today: Callable[[], date] = today_utc,
    ) -> None:  # fmt: skip
        self._jail, self._limits, self._today = jail, limits or Limits(), today
        self._paths = tuple(each for each in (sys.path if paths is None else paths) if each and Path(each).is_dir())

    @cached_property
    def installed(self) -> tuple[str, ...]:
        """The names of the entry points, in order; they are looked for once."""
        found = {
            each.name
            for one in distributions(path=list(self._paths))
            for each in one.entry_points.select(group=child.GROUP)
        }
        return tuple(sorted(found))

    @cached_property
    def python(self) -> Program | None:
        """The Python that runs this."""
        return locate(sys.executable)

    @cached_property
    def readable(self) -> tuple[Path, ...]:
        """What the process has to read: Python, the packages, and the libraries that Python is linked with."""
        read = (sys.base_prefix, sys.prefix, child.__file__, *self._paths, *LIBRARIES)
        return tuple(path for path in map(Path, read) if path.exists())

    def apart(self, environment: Environment) -> bool:
        """Not where there is such a check: it is to see all objects."""
        del environment
        return not self.installed

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """What the checks say, check by check, each in its own order."""
        found: list[Finding] = []
        for name in self.installed if examined.resources else ():
            found += await self.said_by(name, examined)
        return settled(found, examined.environment, self._today(), examined.resources)

    async def said_by(self, name: str, examined: Examined) -> list[Finding]:
        """What one check says."""
        try:
            answer = json.loads(await self.answer(name, examined.resources))
            if "error" in answer:
                return [unknown(name, examined.environment, f"broke ({one_line(str(answer['error']))})")]
            return findings(name, answer["findings"], examined.resources)
        except ProgramError as error:
            return [unknown(name, examined.environment, f"was stopped: {error}")]
        except (ValueError, LookupError, TypeError, RecursionError):
            return [unknown(name, examined.environment, "answered with something that is not a list of findings")]

    async def answer(self, name: str, resources: Iterable[Resource]) -> bytes:
        """What the process printed. ProgramError: it was stopped, or could not be started."""
        if self.python is None:
            raise ProgramError("there is no Python to run it")
        with tempfile.TemporaryDirectory(prefix="tidegate-own-") as scratch:
            job = Job(
                program=self.python, arguments=("-I", "-S", "-B", child.__file__, name, *self._paths),
                folder=Path(scratch), inputs=self.readable, scratch=Path(scratch),
                stdin=json.dumps([each.body for each in resources]).encode(), limits=self._limits,
            )  # fmt: skip
            return (await self._jail.run(job)).output


def findings(name: str, said: Any, resources: Sequence[Resource]) -> list[Finding]:
    """The findings of one check. ValueError, TypeError, LookupError: they are not of the shape that they must have."""
    if not isinstance(said, list) or len(said) > MOST:
        raise ValueError(f"not a list of at most {MOST}")
    secret = [text for each in resources for text in secrets_of(each)] if said else []
    return [finding(name, each, resources, secret) for each in said]


def finding(name: str, said: Any, resources: Sequence[Resource], secret: Sequence[str]) -> Finding:
    """One of them, at its place, with nothing in it of any Secret."""
    if not isinstance(said, dict) or not said.keys() <= FIELDS:
        raise ValueError("no finding")
    message, rule, fix = (said.get(key, "") for key in ("message", "rule", "fix"))
    level, index, at = said.get("level", "error"), said.get("resource"), said.get("at", [])
    sound = all(isinstance(each, str) for each in (message, rule, fix)) and message.strip() and level in LEVELS
    placed = index is None or (type(index) is int and 0 <= index < len(resources))
    if not sound or not placed or not all(type(each) in (str, int) for each in at):
        raise ValueError("no finding")
    resource = resources[index] if index is not None else None
    origin = resource.origin if resource else None
    line, column = (origin.locate(tuple(at)) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    about = f"{resource.id}: " if resource else ""
    return Finding(
        check=NAME, level=level, message=about + hide(message, secret),
        fix=hide(fix, secret) if fix.strip() else FIX, resource=resource.id if resource else None,
        rule=one_line(name) + (f".{hide(rule, secret)}" if rule else ""),
        path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip


def unknown(name: str, environment: Environment, why: str) -> Finding:
    """A check that gave no answer, which is never taken for agreement."""
    return Finding(
        check=NAME, level="unknown", message=f"the check {one_line(name)} {why}", fix=BROKEN, rule=one_line(name),
        path=environment.source.path,
    )  # fmt: skip
