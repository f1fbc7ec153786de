"""What the state itself must be: rendered, checked, planned without conflict, a descendant of the applied."""

from bot.gate.approvals import approvals
from bot.gate.facts import Facts
from bot.model.gate import Verdict
from bot.model.plan import Action, Finding

__all__ = ["checks", "descent", "plural", "render", "target", "toolchain"]


NO_TARGET = "its target cannot be used"


def render(facts: Facts) -> Verdict:
    """Whether there is a state at all. An absent one is a failure or an unknown, never an empty state."""
    if facts.desired is not None:
        return Verdict(rule="render", state="pass", reason=f"{len(facts.desired.resources)} objects")
    lost = any(each.check == "target" for each in facts.findings)  # then nothing was rendered for it
    if any(each.level == "error" for each in facts.findings):
        return Verdict(rule="render", state="fail", reason=NO_TARGET if lost else "does not render")
    return Verdict(rule="render", state="unknown", reason=NO_TARGET if lost else "could not be rendered")


def checks(facts: Facts) -> Verdict:
    """Whether anything was found that must be put right; one child per finding that blocks."""
    errors = [each for each in facts.findings if each.level == "error"]
    unknown = [each for each in facts.findings if each.level == "unknown"]
    children = tuple(finding(each) for each in (*errors, *unknown))
    if errors:
        return Verdict(rule="checks", state="fail", reason=plural(len(errors), "error"), children=children)
    if unknown:
        return Verdict(rule="checks", state="unknown", reason=f"{len(unknown)} could not be checked", children=children)
    if facts.desired is None:
        return Verdict(rule="checks", state="skip", reason="there is nothing to check")
    return Verdict(rule="checks", state="pass", reason="nothing found")


def finding(found: Finding) -> Verdict:
    """One finding as a node, with its place and remedy."""
    place = f" ({found.path}:{found.line})" if found.path and found.line else f" ({found.path})" if found.path else ""
    fix = f"; {found.fix}" if found.fix else ""
    return Verdict(
        rule=found.check, state="fail" if found.level == "error" else "unknown", reason=f"{found.message}{place}{fix}"
    )


def target(facts: Facts) -> Verdict:
    """Whether the target may do what the plan says, and whether the plan is of this very state."""
    if facts.desired is None:
        return Verdict(rule="target", state="skip", reason="there is nothing to plan")
    if facts.plan is None:
        return Verdict(rule="target", state="unknown", reason="could not be planned")
    if facts.plan.desired != facts.desired.digest:
        return Verdict(rule="target", state="unknown", reason="the plan is of another state")
    children = tuple(
        Verdict(rule="object", state="wait", reason=f"{change.id}: {obstacle}")
        for change in facts.plan.changes
        if (obstacle := change.conflict or (ADOPTION if change.action is Action.ADOPT else ""))
    )
    if children:
        reason = plural(len(children), "object") + " in the way"
        return Verdict(rule="target", state="wait", reason=reason, children=children)
    return Verdict(rule="target", state="pass", reason="the target can do this")


ADOPTION = "is there already and belongs to nobody; remove it, or take it out of git"


def descent(facts: Facts) -> Verdict:
    """Whether the state follows the applied one in the branch's history."""
    if not facts.forced:
        return Verdict(rule="descent", state="pass", reason="follows the applied revision")
    return Verdict(
        rule="descent",
        state="wait",
        reason="history was rewritten",
        children=(
            Verdict(
                rule="ancestor",
                state="wait",
                reason="the branch no longer contains the applied revision; push a commit that descends from it",
            ),
        ),
    )


def toolchain(facts: Facts) -> Verdict:
    """Whether what was applied renders the same with the programs of today; the difference is to be approved."""
    if not facts.upgraded:
        return Verdict(rule="toolchain", state="pass", reason="renders as before")
    if approvals(facts).state in ("pass", "skip"):
        return Verdict(rule="toolchain", state="pass", reason=f"agreed to as it renders since {facts.upgraded}")
    reason = f"renders differently since {facts.upgraded}; until that is agreed to, drift is not reverted"
    return Verdict(rule="toolchain", state="wait", reason=reason)


def plural(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
