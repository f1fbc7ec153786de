"""Who counts: whether a person's approval is one under a rule, and if not, why."""

from collections.abc import Collection

from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule
from bot.model.gate import Verdict
from bot.model.identity import Person

__all__ = [
    "all_approvers", "approvers", "authorship", "enough", "explain_person", "named", "objection", "rules_of", "why_not",
]  # fmt: skip

EVERYONE = "everyone with write access"


def rules_of(facts: Facts) -> tuple[ApprovalRule, ...]:
    """The rules that must all hold. Facts without any fall back to the environment's own: none is not a free pass."""
    return tuple(dict.fromkeys(facts.rules)) or (facts.environment.approvals,)


def approvers(rule: ApprovalRule) -> tuple[str, ...]:
    """Whose approval a rule asks for, as `tidegate.yaml` writes them."""
    return rule.approvers or (EVERYONE,)


def all_approvers(facts: Facts) -> tuple[str, ...]:
    """Whose approval any of the rules asks for."""
    return tuple(dict.fromkeys(who for rule in rules_of(facts) for who in approvers(rule)))


def named(rule: ApprovalRule) -> str:
    """The approvers as words: `acme/sre or ana`."""
    return " or ".join(each.removeprefix("team:").removeprefix("user:") for each in approvers(rule))


def objection(facts: Facts, rule: ApprovalRule, person: Person) -> str:
    """Why this person's approval does not count under `rule`; "" if it does.

    Where no approval is required, one by anybody in standing may take the place of a plan that was shown, so authorship
    is no objection there: the merge itself would have been enough.
    """
    if person.bot:
        return "bots never count"
    standing = facts.standing.get(person.id, False)
    if standing is None:
        return "the membership could not be looked up, and what is not known does not count"
    if not standing:
        return f"approvals are asked of {named(rule)}"
    return authorship(facts, rule, person)


def authorship(facts: Facts, rule: ApprovalRule, person: Person) -> str:
    """Why this person, as an author of the change, cannot approve it under `rule`; "" if that is no objection."""
    if rule.author or rule.count == 0:
        return ""
    if person.id in facts.openers:
        return "who opened the change cannot approve it"
    if person.id in facts.authors:
        return "who wrote a part of the change cannot approve it"
    return ""


def enough(facts: Facts, rule: ApprovalRule, people: Collection[int], needed: int) -> bool:
    """Whether these people, all of whom count, are enough.

    An author without an account may be anybody, even an approver: then one who did not open the change is needed.
    """
    if len(people) < needed:
        return False
    return rule.count == 0 or not facts.strangers or any(each not in facts.openers for each in people)


def explain_person(facts: Facts, person: Person, rule: ApprovalRule) -> Verdict:
    """Whether the person's approval counts under `rule` (pass, fail, unknown), why, and who else could approve."""
    reason = objection(facts, rule, person)
    if not reason:
        return Verdict(rule="approver", state="pass", reason=f"an approval by {person.login} counts")
    unknown = not person.bot and facts.standing.get(person.id, False) is None
    return Verdict(
        rule="approver",
        state="unknown" if unknown else "fail",
        reason=f"an approval by {person.login} does not count: {reason}",
        who=approvers(rule),
        next=facts.command("approve"),
    )


def why_not(facts: Facts, person: Person) -> str:
    """Why this person's approval does not count under one of the rules, and who could approve; "" if it counts."""
    for rule in rules_of(facts):
        verdict = explain_person(facts, person, rule)
        if verdict.state != "pass":
            return f"{verdict.reason}; {remedy(rule, verdict)}"
    return ""


def remedy(rule: ApprovalRule, verdict: Verdict) -> str:
    """What to do after an approval that does not count."""
    if verdict.state == "unknown":
        return f"type `{verdict.next}` again in a while"
    others = "somebody else" if not rule.author and rule.count else "somebody"
    among = f"among {named(rule)}" if rule.approvers else EVERYONE.removeprefix("everyone ")
    return f"{others} {among} can type `{verdict.next}`"
