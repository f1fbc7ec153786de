"""Judging an environment in one piece, as where a check has to see all of its objects."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from bot.app import offline_tools
from bot.flow.assess import Tools
from bot.model.plan import Finding

__all__ = ["in_one"]


class Together:
    """A check that does not say that it may be given an environment in parts, and finds nothing."""

    name = "together"
    subject: ClassVar[Literal["desired"]] = "desired"

    async def run(self, examined: object) -> Sequence[Finding]:
        """Nothing."""
        return ()


def in_one() -> Tools:
    """The tools of a command, and such a check."""
    tools = offline_tools()
    tools.evaluator._checks += (Together(),)  # type: ignore[attr-defined]
    return tools
