"""The check `rego`."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar, Literal

from bot.check.discreet import hide, one_line, secrets_of
from bot.check.rego.gather import Bundle, gather
from bot.check.rego.program import Broken, evaluate
from bot.check.rego.verdicts import NAME, findings
from bot.check.waivers import settled, today_utc
from bot.errors import TreeError
from bot.jail import Jail, Limits, Program, relocated
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding

__all__ = ["Rego"]

INSTALL = "install conftest (or opa) where the server runs, or name it under `render.programs` in the server's settings"


class Rego:
    """Evaluates every `*.rego` below the environment's policy folders, by one run of a program for all objects.

    `programs` are names or paths, of which the first that is there is used: conftest, then opa. A policy sees one
    object at a time as `input`, as with `conftest test`. Without a program, with a policy that does not compile, and
    with a program that was ended, the answer is an `unknown` finding.
    """

    name = NAME
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(
        self, jail: Jail, programs: Sequence[str] = ("conftest", "opa"), limits: Limits | None = None,
        today: Callable[[], date] = today_utc,
    ) -> None:  # fmt: skip
        self._jail, self._programs, self._limits, self._today = jail, tuple(programs), limits or Limits(), today
        self._program: Program | None = None

    @property
    def program(self) -> Program | None:
        """The program, looked for when it is needed and not there, or not what it was, any more."""
        self._program = relocated(self._program, *self._programs)
        return self._program

    def apart(self, environment: Environment) -> bool:
        """Not where there may be policies: one run of the program is for all objects."""
        return not any(not each.startswith("builtin:") for each in environment.policies)

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """What the policies say, by object, namespace and rule."""
        if not examined.resources or examined.policies is None:
            return []
        try:
            bundle = gather(examined.environment, examined.policies)
            if not bundle.modules:
                return []
            program = self.program
            if program is None:
                raise Broken("Rego policies were not evaluated: there is no conftest and no opa", INSTALL)
            if not bundle.namespaces:
                return settled([silent(bundle)], examined.environment, self._today())
            bodies = [each.body for each in examined.resources]
            records = await evaluate(self._jail, program, self._limits, bundle, bodies)
        except TreeError as error:
            return settled([unknown(examined, Broken(str(error)))], examined.environment, self._today())
        except Broken as error:
            return settled([unknown(examined, error)], examined.environment, self._today())
        return settled(findings(records, examined.resources), examined.environment, self._today(), examined.resources)


def silent(bundle: Bundle) -> Finding:
    """Rego that nobody would ask for anything."""
    return Finding(
        check=NAME, level="notice", message="no Rego rule is called deny, violation or warn, so none judges anything",
        fix="give one such a name, as deny_latest, or remove the files", path=one_line(bundle.modules[0].path),
        line=1, column=1,
    )  # fmt: skip


def unknown(examined: Examined, error: Broken) -> Finding:
    """Why the environment's Rego policies could not be evaluated, at the policy that is to blame where one is."""
    secret = [text for each in examined.resources for text in secrets_of(each)]
    return Finding(
        check=NAME, level="unknown", message=hide(error.message, secret), fix=error.fix,
        path=one_line(error.path or examined.environment.source.path), line=error.line, column=1 if error.line else 0,
    )  # fmt: skip
