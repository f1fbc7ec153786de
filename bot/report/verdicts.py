"""Reading a verdict: what waits, what blocks, and in which words."""

from collections.abc import Sequence

from bot.model.gate import Assessment, Verdict

__all__ = ["CONSENT", "PATIENT", "blocked", "child", "state", "waits"]

CONSENT = ("approvals", "deletions")
"""Rules that wait for somebody to agree."""

PATIENT = (*CONSENT, "order", "first_apply", "apply", "hold")
"""Rules whose waiting is the normal course of things: agreement, order and time."""


def state(assessment: Assessment) -> str:
    """The root's state; an environment without a verdict is unknown, never a pass."""
    return assessment.verdict.state if assessment.verdict else "unknown"


def child(assessment: Assessment, rule: str) -> Verdict | None:
    """The rule's node, if it has one."""
    children: Sequence[Verdict] = assessment.verdict.children if assessment.verdict else ()
    return next((each for each in children if each.rule == rule), None)


def waits(assessment: Assessment) -> tuple[Verdict, ...]:
    """The rules that wait; what needs nobody (order) comes first. A first apply says what `apply` would say again."""
    children: Sequence[Verdict] = assessment.verdict.children if assessment.verdict else ()
    found = [each for each in children if each.state == "wait"]
    if any(each.rule == "first_apply" for each in found):
        found = [each for each in found if each.rule != "apply"]
    return tuple(sorted(found, key=lambda each: each.rule != "order"))


def blocked(assessment: Assessment, *, consent_too: bool = False) -> bool:
    """Whether more than agreement, order or time keeps the state from being applied; `consent_too`: or agreement."""
    if state(assessment) not in ("pass", "wait", "skip"):
        return True
    if any(each.level in ("error", "unknown") for each in assessment.findings):
        return True
    waiting = [each.rule for each in waits(assessment)]
    return any(rule not in PATIENT or (consent_too and rule in CONSENT) for rule in waiting)
