"""The check `policies`."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import ClassVar, Literal

from bot.check.policies.words import CHECK
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding

__all__ = ["Policies"]

SECONDS = 30.0
"""Processor time that the policies of one environment may take, all objects together."""


class Policies:
    """Judges every object that is made, changed or deleted, by the policies of the protected base.

    An expression that has no result is `unknown`, or a warning where its policy could not have been more than that.
    Safe to run from several tasks at once. `today` tells the day that waivers are held against, UTC.
    """

    name = CHECK
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(self, today: Callable[[], date] = lambda: datetime.now(UTC).date(), seconds: float = SECONDS) -> None:
        self.today, self.seconds = today, seconds

    def apart(self, environment: Environment) -> bool:
        """Not where there are policies: one may look at a parameter or a namespace beside the object."""
        return not environment.policies

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """First what is wrong with the policies, then object by object in the order given, each one's by line."""
        return self.findings(examined)

    def findings(self, examined: Examined) -> list[Finding]:
        """What `run` answers; takes the processor's time."""
        if not examined.environment.policies:
            return []
        # imported late, with the engine of the policies: a check that has none starts sooner
        from bot.check.policies.session import Session

        return Session(examined, self.today(), self.seconds).findings()
