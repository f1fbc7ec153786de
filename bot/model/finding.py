"""Findings: what a check or a renderer has to say."""

from typing import Literal

from bot.model.identity import ResourceId
from bot.model.noun import noun

__all__ = ["Finding"]


@noun
class Finding:
    """What a check or a renderer has to say. `unknown` means that it could not be evaluated: never a pass.

    `line` and `column` count from 1; 0 means the file as a whole. `fix` says what to do. `rule` names the policy or
    the kind of problem, where a check has several. `waived` says who answers for it until when; it is a notice then.
    """

    check: str
    level: Literal["error", "unknown", "warning", "notice"]
    message: str
    fix: str = ""
    resource: ResourceId | None = None
    path: str = ""
    line: int = 0
    column: int = 0
    rule: str = ""
    waived: str = ""

    @property
    def kind(self) -> str:
        """`schemas`, or `policies/no-latest-tag`."""
        return f"{self.check}/{self.rule}" if self.rule else self.check

    @property
    def order(self) -> tuple[str, int, int, str, str, str]:
        """What findings are sorted by: place, then what is said."""
        return self.path, self.line, self.column, self.check, self.rule, self.message
