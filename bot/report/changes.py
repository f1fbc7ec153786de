"""A plan's changes as people read them: counts, kinds of danger, and a diff per object."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from bot.document import dump
from bot.model.gate import Assessment
from bot.model.plan import Action, Cause, Change, Plan
from bot.report.escape import has_invisible
from bot.report.outline import Block, Line, Piece, code, join, line, strong

__all__ = [
    "DANGEROUS", "block", "by_danger", "consequence", "count_line", "diff_lines", "elsewhere_line", "from_elsewhere",
    "from_here", "hides_something", "named", "place", "plural", "short_digest", "verb", "whence",
]  # fmt: skip

MOST_NAMES = 4
DANGEROUS = (Action.DELETE, Action.REPLACE, Action.ADOPT)
ORDER = list(Action)

COUNTED = {
    Action.CREATE: "new",
    Action.UPDATE: "changed",
    Action.ADOPT: "adopted",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}

VERBS = {
    Action.CREATE: "is new",
    Action.UPDATE: "changes",
    Action.ADOPT: "is adopted",
    Action.REPLACE: "is deleted and made anew",
    Action.DELETE: "is deleted",
    Action.UNCHANGED: "stays as it is",
}

ELSEWHERE = {Cause.PENDING: "merged earlier, not applied yet", Cause.DRIFT: "changed by hand"}
"""What is said of changes that the pull request does not bring."""

CONSEQUENCES = {
    "Namespace": "and everything in it",
    "CustomResourceDefinition": "and every object of its kind",
    "PersistentVolume": "and the data on it",
    "PersistentVolumeClaim": "and its volume with it",
    "StatefulSet": "and its pods with it",
}

LONGEST_DIFF = 4000
"""Lines of both sides together that are still compared; the time of a comparison grows faster than its length."""


def plural(number: int, singular: str) -> str:
    """`1 object`, `2 objects`."""
    return f"{number} {singular}{'' if number == 1 else 's'}"


def named(environments: Sequence[str]) -> str:
    """`staging, prod`, `5 environments`."""
    return ", ".join(environments) if len(environments) <= MOST_NAMES else plural(len(environments), "environment")


def short_digest(digest: str) -> str:
    """A digest as people compare it: its scheme and eight digits."""
    scheme, _, rest = digest.partition(":")
    return f"{scheme}:{rest[:8]}" if rest else digest[:8]


def from_here(plan: Plan | None) -> tuple[Change, ...]:
    """The changes that the pull request itself brings, most dangerous first."""
    causes = (Cause.PULL_REQUEST, Cause.NONE)
    return by_danger(each for each in (plan.effective if plan else ()) if each.cause in causes)


def from_elsewhere(plan: Plan | None) -> tuple[Change, ...]:
    """The changes that applying would make besides: of other merged pull requests, and of what somebody's hand did."""
    causes = (Cause.PENDING, Cause.DRIFT)
    return by_danger(each for each in (plan.effective if plan else ()) if each.cause in causes)


def by_danger(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Deletions first; the order among equals is kept."""
    return tuple(sorted(changes, key=lambda each: ORDER.index(each.action)))


def count_line(changes: Sequence[Change]) -> Line:
    """`2 new, 1 changed, **1 deleted**`, or `–`."""
    parts: list[Line] = []
    for action, word in COUNTED.items():
        number = sum(each.action is action for each in changes)
        if number:
            parts.append((strong(f"{number} {word}"),) if action in DANGEROUS else line(f"{number} {word}"))
    return join(parts, ", ") or line("–")


def elsewhere_line(changes: Sequence[Change]) -> Line:
    """`1 pending, 1 drifted`, or `–`; what is destroyed is told apart."""
    parts: list[Line] = []
    for cause, word in ((Cause.PENDING, "pending"), (Cause.DRIFT, "drifted")):
        mine = [each for each in changes if each.cause is cause]
        if mine:
            parts.append(line(f"{len(mine)} {word}"))
    doomed = sum(each.action in (Action.DELETE, Action.REPLACE) for each in changes)
    if doomed:
        parts.append((Piece(text="of which "), strong(f"{doomed} deleted")))
    return join(parts, ", ") or line("–")


def verb(change: Change) -> str:
    """What happens to the object."""
    return "is made again" if is_missing(change) else VERBS[change.action]


def whence(change: Change) -> str:
    """Where a change comes from that the pull request does not bring; "" for its own."""
    return "removed by hand" if is_missing(change) else ELSEWHERE.get(change.cause, "")


def is_missing(change: Change) -> bool:
    """Whether somebody's hand took the object away."""
    return (change.action, change.cause) == (Action.CREATE, Cause.DRIFT)


def consequence(change: Change) -> str:
    """What goes with the object when it is destroyed, as the end of a sentence; "" if nothing more than itself."""
    extra = CONSEQUENCES.get(change.id.kind)
    return f", {extra}" if extra else ""


def place(path: str, row: int) -> Line:
    """Where something is written: file and line."""
    if not path:
        return ()
    return (code(f"{path}:{row}" if row else path),)


def block(change: Change) -> Block:
    """One object with its diff."""
    title = [line(strong(str(change.id)), f" {verb(change)}")]
    if change.conflict:
        title.append(line(f"in the way: {change.conflict}"))
    if other := whence(change):
        title.append(line(other))
    if change.origin:
        title.append(place(change.origin.path, change.origin.line))
    diff, length = diff_lines(change)
    return Block(title=join(title), diff=diff, length=length)


def diff_lines(change: Change) -> tuple[tuple[str, ...], int]:
    """The unified diff of the masked values, each line with its mark, and how many lines were too many to compare."""
    before, after = dumped(change.before), dumped(change.after)
    if change.action is Action.REPLACE:
        return (*(f"-{each}" for each in before), *(f"+{each}" for each in after)), 0
    if not before or not after:
        return (*(f"-{each}" for each in before), *(f"+{each}" for each in after)), 0
    if len(before) + len(after) > LONGEST_DIFF:
        return tuple(f"@@ {each.path} @@" for each in change.fields), len(before) + len(after)
    found = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
    return tuple(found), 0


def dumped(value: Any) -> list[str]:
    """A masked value as the lines of a YAML document; none where there is no object."""
    if value is None:
        return []
    text = dump(value)
    return text.rstrip("\n").split("\n")


def hides_something(value: Any) -> bool:
    """Whether a value holds a character that cannot be seen or that changes how others are seen."""
    if isinstance(value, str):
        return has_invisible(value.replace("\r\n", "\n"))
    if isinstance(value, dict):
        return any(hides_something(each) for pair in value.items() for each in pair)
    return isinstance(value, list | tuple) and any(hides_something(each) for each in value)


def danger(assessment: Assessment) -> tuple[int, int, str]:
    """A key that puts the most dangerous environment first: what it destroys, what is wrong with it, its name."""
    doomed = len(assessment.plan.destroys) if assessment.plan else 0
    wrong = sum(each.level in ("error", "unknown") for each in assessment.findings)
    return -doomed, -wrong, assessment.environment.id.name
