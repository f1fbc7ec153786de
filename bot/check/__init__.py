"""Checks: resources or changes → findings.

Banned here: reading the cluster, the forge or git. A check that cannot run says `unknown`, never nothing.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding

__all__ = ["Apart", "Check"]


class Check(Protocol):
    """One kind of check over the desired resources of an environment."""

    @property
    def name(self) -> str:
        """The name that findings carry."""
        ...

    @property
    def subject(self) -> Literal["desired", "plan"]:
        """What it looks at; a plan check without a plan is `unknown`."""
        ...

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """What is wrong, in order of file and line. Findings never quote a value of a Secret."""
        ...


@runtime_checkable
class Apart(Protocol):
    """A check that may be given an environment in parts: what it says of an object does not depend on the others.

    A custom resource comes together with its definition, if there is one anywhere.
    """

    def apart(self, environment: Environment) -> bool:
        """Whether that holds for this environment."""
        ...
