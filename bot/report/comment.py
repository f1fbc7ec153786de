"""The comments in a thread: the one that is kept current, and how our own are told from everybody else's."""

import re
from collections.abc import Sequence

from bot.model.forge import Limits, Remark
from bot.report.compose import compose
from bot.report.markdown import to_markdown
from bot.report.story import Story

__all__ = ["MARKER", "comment_of", "find_own", "outcome_marker"]

MARKER = "<!-- tidegate:plan -->"
"""The first line of the comment that shows the plan; an HTML comment, which readers do not see."""


def outcome_marker(key: str) -> str:
    """The first line of the outcome comment with that key."""
    safe = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9:._-]", "-", key))
    return f"<!-- tidegate:outcome:{safe} -->"


def comment_of(story: Story, limits: Limits) -> str:
    """The whole plan comment, at most `limits.comment` characters; the same story always yields the same text."""
    return to_markdown(compose(story), limits.comment, marker=MARKER)


def find_own(remarks: Sequence[Remark], marker: str) -> tuple[Remark, ...]:
    """Our own remarks that begin with the marker, oldest first. Somebody else's that carries it is not ours."""
    own = [each for each in remarks if each.own and each.body.split("\n", 1)[0].strip() == marker]
    return tuple(sorted(own, key=lambda each: each.at))
