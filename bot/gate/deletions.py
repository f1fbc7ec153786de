"""What may be destroyed: a few ordinary objects with the approval of the state, everything else only by name."""

from bot.gate.consent import current, let_destroy, shown_destroyed
from bot.gate.facts import Facts
from bot.gate.people import all_approvers, enough, rules_of
from bot.gate.state import plural
from bot.model.environment import ApprovalRule
from bot.model.gate import Verdict
from bot.model.groups import OWN_GROUPS
from bot.model.plan import Action, Change, Plan

__all__ = ["allowance", "always_asked", "deletions"]

MOST = 5
"""Objects that an approval of the state may destroy within 24 hours, however large the inventory is."""

ASKED_KINDS = frozenset(
    {
        "APIService",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "Namespace",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "StatefulSet",
        "ValidatingWebhookConfiguration",
    }
)


def allowance(inventory: int, destroyed: int) -> int:
    """How many more objects may go without being named: at most five and 20 % (rounded up), less what went already."""
    return max(0, min(MOST, -(-inventory // 5)) - destroyed)


def always_asked(change: Change) -> bool:
    """Whether destroying this object takes more with it than itself, or nobody here knows what it takes."""
    if change.id.kind in ASKED_KINDS or change.id.group not in OWN_GROUPS:
        return True
    metadata = change.before.get("metadata") if isinstance(change.before, dict) else None
    return isinstance(metadata, dict) and bool(metadata.get("finalizers"))


def deletions(facts: Facts) -> Verdict:
    """Whether everything that the plan destroys may be destroyed; one child per object that may not."""
    targets = facts.plan.destroys if facts.plan else frozenset()
    doomed = [each for each in facts.plan.changes if (each.id, each.uid) in targets] if facts.plan else []
    if facts.environment.apply == "never" or facts.plan is None or not doomed:
        return Verdict(rule="deletions", state="skip", reason="nothing is destroyed")
    refused = missing(facts, facts.plan, doomed)
    if not refused:
        return Verdict(rule="deletions", state="pass", reason=f"{plural(len(doomed), 'deletion')} approved")
    return Verdict(
        rule="deletions",
        state="wait",
        reason=f"{plural(len(refused), 'deletion')} to approve",
        who=tuple(dict.fromkeys(who for each in refused for who in each.who)),
        next="\n".join(dict.fromkeys(each.next for each in refused)),
        children=refused,
    )


def missing(facts: Facts, plan: Plan, doomed: list[Change]) -> tuple[Verdict, ...]:
    """A node for every object whose destruction is not approved as it must be."""
    unnamed = [each for each in doomed if not consented(facts, each, by_name=True)]
    allowed = allowance(plan.inventory, facts.destroyed)
    beyond = sum(not always_asked(each) for each in unnamed) > allowed
    refused = []
    for change in unnamed:
        if always_asked(change):
            refused.append(refusal(facts, change, "is only destroyed when it is approved by name", by_name=True))
        elif beyond:
            limit = f"is one of more than the {allowed} objects that may go without being approved by name"
            refused.append(refusal(facts, change, limit, by_name=True))
        elif not consented(facts, change, by_name=False):
            reason = "is destroyed, which a review does not approve" if reviewed(facts) else "is destroyed"
            refused.append(refusal(facts, change, reason, by_name=False))
    return tuple(refused)


def consented(facts: Facts, change: Change, *, by_name: bool) -> bool:
    """Whether every rule has enough people who let exactly this object go."""
    return all(consented_by(facts, rule, change, by_name=by_name) for rule in rules_of(facts))


def consented_by(facts: Facts, rule: ApprovalRule, change: Change, *, by_name: bool) -> bool:
    """The same for one rule. Where no approval is required, a plan that showed the deletion stands for one."""
    target = (change.id, change.uid)
    if rule.count == 0 and not by_name and (facts.phase == "open" or shown_destroyed(facts, target)):
        return True
    return enough(facts, rule, let_destroy(current(facts, rule), target, by_name=by_name), max(1, rule.count))


def reviewed(facts: Facts) -> bool:
    """Whether a review agreed to this state."""
    digest = facts.desired.digest if facts.desired else None
    return any(each.how == "review" and each.desired == digest for each in facts.approvals)


def refusal(facts: Facts, change: Change, reason: str, *, by_name: bool) -> Verdict:
    """The node for one object."""
    verb = "approve-deletions" if by_name else "approve"
    action = "replaced" if change.action is Action.REPLACE else "deleted"
    return Verdict(
        rule="deletion",
        state="wait",
        reason=f"{change.id} ({action}) {reason}",
        who=all_approvers(facts),
        next=facts.command(verb),
    )
