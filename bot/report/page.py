"""The value that the page with a pull request's whole plan is made from; nothing is cut there."""

from collections.abc import Sequence
from typing import Any, Protocol

from bot.model.identity import PullRequestId
from bot.model.noun import Digest, Sha
from bot.model.plan import Change, Plan
from bot.report.changes import by_danger, diff_lines, short_digest, verb, whence
from bot.report.escape import visible

__all__ = ["PublishedPlan", "plan_page"]

CLASSES = {"+": "add", "-": "remove", "@": "place"}


class PublishedPlan(Protocol):
    """A plan as it was shown in a thread: the state it leads to, and the head that it was made for."""

    @property
    def digest(self) -> Digest:
        """The desired state's digest."""
        ...

    @property
    def plan(self) -> Plan:
        """The plan, masked."""
        ...

    @property
    def head(self) -> Sha:
        """The pull request's head."""
        ...


def plan_page(id: PullRequestId, published: Sequence[PublishedPlan]) -> dict[str, Any]:
    """`{title, plans: [{environment, digest, head, changes: [{name, action, cause, words, diff: [(class, line)]}]}]}`.

    Text is raw but for what cannot be seen; the template escapes HTML. `words` say action and cause to people. The
    class is `add`, `remove`, `place` or "".
    """
    return {"title": f"{id.repository.path}#{id.number}", "plans": [plan_value(each) for each in published]}


def plan_value(published: PublishedPlan) -> dict[str, Any]:
    """One environment's plan."""
    return {
        "environment": visible(published.plan.environment.name),
        "digest": short_digest(published.digest),
        "head": published.head,
        "changes": [change_value(each) for each in by_danger(published.plan.effective)],
    }


def change_value(change: Change) -> dict[str, Any]:
    """One object."""
    lines, left_out = diff_lines(change)
    shown = [*lines, f"@@ {left_out} lines, too many to compare @@"] if left_out else lines
    return {
        "name": visible(str(change.id)),
        "action": str(change.action),
        "cause": str(change.cause),
        "words": " · ".join(filter(None, (verb(change), whence(change), change.conflict))),
        "diff": [(CLASSES.get(each[:1], ""), visible(each)) for each in shown],
    }
