"""The verdict: every rule's answer as a tree, and one answer over all of them."""

from collections.abc import Sequence

from bot.gate import state, timing
from bot.gate.approvals import approvals
from bot.gate.deletions import deletions
from bot.gate.facts import Facts
from bot.model.gate import State, Verdict

__all__ = ["decide"]

RULES = (
    state.render,
    state.checks,
    state.target,
    state.descent,
    state.toolchain,
    approvals,
    deletions,
    timing.order,
    timing.first_apply,
    timing.apply,
    timing.hold,
    timing.partial,
)
"""In the order in which a person should act."""

AFTER_MERGE = ("first_apply", "apply")
"""Rules whose command is refused while the pull request is open."""

BLOCKING: tuple[State, ...] = ("fail", "unknown", "wait")


def decide(facts: Facts) -> Verdict:
    """Judge a state by every rule.

    The root's state is the worst of its children (fail, unknown, wait), else pass; a child that is `skip` says nothing.
    An environment that is never applied from here has nothing to wait for or to pass: its root is `skip` unless
    something is wrong. The root's reason is a few words for a table; its `next` holds commands, one per line, that can
    be typed now.
    """
    children = tuple(rule(facts) for rule in RULES)
    blocking = [each for each in children if each.state in BLOCKING]
    worst = next((one for one in BLOCKING if any(each.state == one for each in blocking)), None)
    if worst is None:
        applies = next(each for each in children if each.rule == "apply")
        settled: State = "skip" if applies.state == "skip" else "pass"
        return Verdict(rule="gate", state=settled, reason=applies.reason, children=children)
    usable = [each for each in blocking if facts.phase == "merged" or each.rule not in AFTER_MERGE]
    return Verdict(
        rule="gate",
        state=worst,
        reason=" · ".join(each.reason for each in in_words(blocking)),
        who=merge([who for each in blocking for who in each.who]),
        next="\n".join(merge([line for each in usable for line in each.next.split("\n") if line])),
        children=children,
    )


def in_words(blocking: Sequence[Verdict]) -> list[Verdict]:
    """The order that reads best in one line: what to wait for without doing anything comes before what to do.

    A first apply on command says all that `apply` would say again.
    """
    rules = {each.rule for each in blocking}
    kept = [each for each in blocking if not (each.rule == "apply" and "first_apply" in rules)]
    return sorted(kept, key=lambda each: (BLOCKING.index(each.state), each.rule != "order"))


def merge(parts: Sequence[str]) -> tuple[str, ...]:
    """The parts without repetition, in order."""
    return tuple(dict.fromkeys(parts))
