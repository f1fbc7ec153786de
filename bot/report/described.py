"""What a change of `tidegate.yaml` says differently of environments that stay."""

from collections.abc import Sequence

from bot.model.environment import CONFIGURATION, Redescribed
from bot.report.changes import named
from bot.report.outline import Line, code, join, line, listing

__all__ = ["described_lines", "described_part"]


def described_part(described: Sequence[Redescribed]) -> Line:
    """`⚙ prod is described differently`, for a headline."""
    names = list(dict.fromkeys(name for each in described for name in each.environments))
    if not names:
        return line(f"⚙ changes {CONFIGURATION}")
    return line(f"⚙ {named(names)} {'is' if len(names) == 1 else 'are'} described differently")


def described_lines(described: Sequence[Redescribed], *, merged: bool = False) -> tuple[Line, ...]:
    """Which settings become what, in a line for each group of environments that change alike."""
    since = "Since" if merged else "After"
    return tuple(
        line(
            f"{since} the merge ", listing([line(name) for name in each.environments]) or code(CONFIGURATION),
            " have " if len(each.environments) > 1 else " has ", join([setting(*one) for one in each.settings], ", "),
        )
        for each in described
    )  # fmt: skip


def setting(key: str, before: str, after: str) -> Line:
    """`drift: revert → report`."""
    return line(code(key), f": {before or 'none'} → {after or 'none'}")
