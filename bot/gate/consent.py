"""What people agreed to: the approvals that count, and who agreed to an object's form or to its destruction."""

from collections.abc import Iterable

from bot.gate.facts import Facts
from bot.gate.people import authorship, enough, objection, rules_of
from bot.model.environment import ApprovalRule
from bot.model.gate import Approval
from bot.model.identity import Person, PullRequestId
from bot.model.noun import Digest
from bot.model.resource import ResourceId

__all__ = [
    "agreed_object",
    "agreed_rule",
    "agreed_state",
    "current",
    "let_destroy",
    "shown_destroyed",
    "shown_object",
    "who_agreed",
]

Target = tuple[ResourceId, str]


def current(facts: Facts, rule: ApprovalRule) -> tuple[Approval, ...]:
    """The approvals that count under `rule`, for the state in question.

    Open: those for exactly the desired digest. Merged: those for each rider's last approved plan, so that a state which
    a rider left behind is not put together from old approvals. An approver whose standing is unknown does not count,
    but still tells which plan was approved last.
    """
    heard = [each for each in facts.approvals if is_heard(facts, rule, each)]
    if facts.phase == "open":
        wanted = facts.desired.digest if facts.desired else None
        heard = [each for each in heard if each.desired == wanted]
    else:
        last = last_plans(heard)
        heard = [each for each in heard if last[each.pull_request] == each.desired]
    return tuple(each for each in heard if not objection(facts, rule, each.by))


def is_heard(facts: Facts, rule: ApprovalRule, approval: Approval) -> bool:
    """Whether the approval counts, or would if its writer's standing could be looked up."""
    if approval.how == "review" and not rule.reviews:
        return False
    unknown = not approval.by.bot and facts.standing.get(approval.by.id, False) is None
    if unknown:
        return not authorship(facts, rule, approval.by)
    return not objection(facts, rule, approval.by)


def last_plans(approvals: Iterable[Approval]) -> dict[PullRequestId, Digest]:
    """For each rider the digest of the plan that was approved last."""
    last: dict[PullRequestId, Approval] = {}
    for each in approvals:
        known = last.get(each.pull_request)
        if known is None or (known.at, known.desired) < (each.at, each.desired):
            last[each.pull_request] = each
    return {pull: approval.desired for pull, approval in last.items()}


def agreed_state(approvals: Iterable[Approval]) -> frozenset[int]:
    """Who agreed to the whole state. Naming deletions alone is not agreeing to the rest."""
    return frozenset(each.by.id for each in approvals if each.how != "deletions")


def agreed_rule(facts: Facts, rule: ApprovalRule, digest: Digest) -> bool:
    """Whether those whom `rule` asks agreed to a merged change that left the state at `digest`: to its rules."""
    people = agreed_state(each for each in current(facts, rule) if each.desired == digest)
    return enough(facts, rule, people, rule.count)


def who_agreed(facts: Facts) -> tuple[Person, ...]:
    """Who agreed to something of the state in question: to an object in its form, or to a destruction."""
    objects = facts.desired.objects if facts.desired else {}
    destroys = facts.plan.destroys if facts.plan else frozenset()
    people: dict[int, Person] = {}
    for each in (approval for rule in rules_of(facts) for approval in current(facts, rule)):
        if any(objects.get(id) == digest for id, digest in each.objects.items()) or each.destroys & destroys:
            people.setdefault(each.by.id, each.by)
    return tuple(people.values())


def agreed_object(approvals: Iterable[Approval], id: ResourceId, digest: Digest) -> frozenset[int]:
    """Who agreed that the object is to have exactly this form."""
    return frozenset(each.by.id for each in approvals if each.how != "deletions" and each.objects.get(id) == digest)


def let_destroy(approvals: Iterable[Approval], target: Target, *, by_name: bool = False) -> frozenset[int]:
    """Who agreed to the destruction of exactly this object: by any command, or by a command that names deletions.

    A review is a button about code and never destroys.
    """
    how = ("deletions",) if by_name else ("command", "deletions")
    return frozenset(each.by.id for each in approvals if each.how in how and target in each.destroys)


def shown_object(facts: Facts, id: ResourceId, digest: Digest) -> bool:
    """Whether a rider's last plan showed the object in exactly this form."""
    return any(each.objects.get(id) == digest for each in facts.shown)


def shown_destroyed(facts: Facts, target: Target) -> bool:
    """Whether a rider's last plan showed that exactly this object is destroyed."""
    return any(target in each.destroys for each in facts.shown)
