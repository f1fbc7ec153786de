"""The approvals that a state needs: of the whole digest while the pull request is open, object by object afterwards."""

from bot.gate.consent import agreed_object, agreed_state, current, let_destroy, shown_destroyed, shown_object
from bot.gate.facts import Facts
from bot.gate.people import approvers, enough, named, objection, rules_of
from bot.model.environment import ApprovalRule
from bot.model.gate import Verdict
from bot.model.identity import Person
from bot.model.resource import Desired, ResourceId

__all__ = ["approvals"]

NAMED_IN_REASON = 3


def approvals(facts: Facts) -> Verdict:
    """One child per rule; all of them must be satisfied."""
    if facts.environment.apply == "never" or facts.desired is None:
        return Verdict(rule="approvals", state="skip", reason="nothing to approve")
    children = tuple(one_rule(facts, rule, facts.desired) for rule in rules_of(facts))
    waiting = [(rule, each) for rule, each in zip(rules_of(facts), children, strict=True) if each.state == "wait"]
    if not waiting:
        return Verdict(rule="approvals", state="pass", reason=children[0].reason, children=children)
    return Verdict(
        rule="approvals",
        state="wait",
        reason=min((summary(facts, rule) for rule, _ in waiting), key=lambda each: (each[0] - each[1], each[1]))[2],
        who=tuple(dict.fromkeys(who for _, each in waiting for who in each.who)),
        next=facts.command("approve"),
        children=children,
    )


def summary(facts: Facts, rule: ApprovalRule) -> tuple[int, int, str]:
    """(approvals given, approvals needed, both in words) for the least approved part of the state."""
    if rule.count == 0:
        return 0, 1, "not shown before the merge"
    if facts.phase == "open":
        given = len(agreed_state(current(facts, rule)))
    else:
        given = min((len(people) for _, people in unapproved(facts, rule)), default=rule.count)
    by_number = given < rule.count or not facts.strangers
    return given, rule.count, f"{given} of {rule.count} approvals" if by_number else "an approval by somebody else"


def one_rule(facts: Facts, rule: ApprovalRule, desired: Desired) -> Verdict:
    """Whether one rule is satisfied."""
    if rule.count == 0 and facts.phase == "open":
        return Verdict(rule="approval", state="pass", reason="no approval is required")
    if facts.phase == "open":
        people = agreed_state(current(facts, rule))
        done, missing = enough(facts, rule, people, rule.count), ""
    else:
        lacking = unapproved(facts, rule)
        done, missing = not lacking, listing([id for id, _ in lacking])
    words = summary(facts, rule)[2]
    if done:
        reason = words if facts.phase == "open" else "every change is approved in exactly this form"
        return Verdict(rule="approval", state="pass", reason=reason)
    reasons = [f"{words} from {named(rule)}" if rule.count else words]
    if missing:
        reasons.append(f"missing for {missing}")
    if facts.strangers and rule.count:
        reasons.append(
            f"written in part by {', '.join(facts.strangers)}, which is no account here: "
            "somebody who did not open the change must be among the approvers"
        )
    reasons += discounted(facts, rule, desired)
    return Verdict(
        rule="approval", state="wait", reason="; ".join(reasons), who=approvers(rule), next=facts.command("approve")
    )


def unapproved(facts: Facts, rule: ApprovalRule) -> list[tuple[ResourceId, frozenset[int]]]:
    """Every object that differs from the applied state and lacks approvals, with those who agreed to it."""
    assert facts.desired is not None
    counting, applied = current(facts, rule), facts.applied or {}
    lacking = []
    for id, digest in sorted(facts.desired.objects.items(), key=lambda item: str(item[0])):
        if applied.get(id) == digest or (rule.count == 0 and shown_object(facts, id, digest)):
            continue
        people = agreed_object(counting, id, digest)
        if not enough(facts, rule, people, max(rule.count, 1)):
            lacking.append((id, people))
    targets = facts.plan.destroys if facts.plan else frozenset()
    for target in sorted(targets, key=str):
        people = let_destroy(counting, target)
        shown = rule.count == 0 and shown_destroyed(facts, target)
        if not shown and not enough(facts, rule, people, max(rule.count, 1)):
            lacking.append((target[0], people))
    return lacking


def listing(ids: list[ResourceId]) -> str:
    """The first few objects by name, and how many more there are."""
    first = ", ".join(str(each) for each in ids[:NAMED_IN_REASON])
    return f"{first} and {len(ids) - NAMED_IN_REASON} more" if len(ids) > NAMED_IN_REASON else first


def discounted(facts: Facts, rule: ApprovalRule, desired: Desired) -> list[str]:
    """For everybody whose approval of this state does not count: who, and why."""
    given = [each for each in facts.approvals if each.how != "deletions"]
    if facts.phase == "open":
        left = {each.by.id: each.by for each in given if each.desired != desired.digest}
        given = [each for each in given if each.desired == desired.digest]
    else:
        left = {}
    people: dict[int, Person] = {each.by.id: each.by for each in given}
    objections = [(person.login, objection(facts, rule, person)) for _, person in sorted(people.items())]
    reasons = [f"{login} does not count: {why}" for login, why in objections if why]
    reasons += [f"{person.login} approved another state" for id, person in sorted(left.items()) if id not in people]
    if not rule.reviews and any(each.how == "review" for each in facts.approvals):
        reasons.append("reviews do not count here")
    return reasons
