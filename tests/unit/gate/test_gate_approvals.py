"""Whose approval counts for which state: open pull requests by the whole digest, merged ones object by object."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from bot.gate import agreed_rule, decide, explain_person, who_agreed, why_not
from bot.gate.facts import Facts, Shown
from bot.model.environment import ApprovalRule
from bot.model.noun import Digest
from tests.unit.gate.conftest import Gate

MINUTE = timedelta(minutes=1)


def test_nothing_approved_waits_and_says_who_and_what(gate: Gate) -> None:
    verdict = decide(gate.facts())
    assert (verdict.state, verdict.reason) == ("wait", "0 of 1 approvals")
    assert verdict.who == ("team:acme/sre",)
    assert verdict.next == "/gate approve prod"


def test_the_prefix_of_the_configuration_is_used(gate: Gate) -> None:
    assert decide(gate.facts(prefix="/tide")).next == "/tide approve prod"


def test_one_approval_of_this_state_passes(gate: Gate) -> None:
    verdict = decide(gate.facts(approvals=(gate.approval(),)))
    assert (verdict.state, verdict.reason) == ("pass", "applies at once")


def test_an_approval_of_another_state_does_not_count_and_is_told(gate: Gate) -> None:
    verdict = decide(gate.facts(approvals=(gate.approval(digest="d1:old"),)))
    assert verdict.state == "wait"
    assert "ana approved another state" in gate.node(verdict, "approvals").children[0].reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"standing": {2: False}}, "approvals are asked of acme/sre"),
        ({"standing": {}}, "approvals are asked of acme/sre"),
        ({"standing": {2: None}}, "the membership could not be looked up"),
        ({"authors": frozenset({2})}, "who wrote a part of the change cannot approve it"),
        ({"openers": frozenset({2})}, "who opened the change cannot approve it"),
    ],
)
def test_who_does_not_count_is_refused_with_the_reason(gate: Gate, changes: dict[str, Any], words: str) -> None:
    facts = gate.facts(approvals=(gate.approval(),), **changes)
    verdict = decide(facts)
    assert verdict.state == "wait"
    assert f"ana does not count: {words}" in gate.node(verdict, "approvals").children[0].reason
    assert words in why_not(facts, gate.ANA)
    assert "/gate approve prod" in why_not(facts, gate.ANA)


def test_a_bot_never_counts_whatever_its_standing(gate: Gate) -> None:
    facts = gate.facts(approvals=(gate.approval(gate.BOT),), standing={4: True})
    assert decide(facts).state == "wait"
    assert "bots never count" in why_not(facts, gate.BOT)


def test_authors_count_where_the_rule_says_so(gate: Gate) -> None:
    rule = replace(gate.RULE, author=True)
    assert decide(gate.facts(approvals=(gate.approval(gate.OPENER),), rules=(rule,))).state == "pass"


def test_two_approvals_are_of_two_persons(gate: Gate) -> None:
    rules = (replace(gate.RULE, count=2),)
    twice = (gate.approval(at=1), gate.approval(at=2))
    assert decide(gate.facts(approvals=twice, rules=rules)).reason == "1 of 2 approvals"
    assert decide(gate.facts(approvals=(*twice, gate.approval(gate.EVE)), rules=rules)).state == "pass"


def test_every_rule_must_be_satisfied(gate: Gate) -> None:
    rules = (gate.RULE, replace(gate.RULE, count=2))
    assert decide(gate.facts(approvals=(gate.approval(),), rules=rules)).state == "wait"


def test_of_several_rules_the_one_that_lacks_most_is_told(gate: Gate) -> None:
    rules = (gate.RULE, replace(gate.RULE, count=3), replace(gate.RULE, count=2))
    assert decide(gate.facts(rules=rules)).reason == "0 of 3 approvals"


def test_without_rules_the_environments_own_one_holds(gate: Gate) -> None:
    assert decide(gate.facts(rules=())).state == "wait"


def test_a_review_counts_only_where_reviews_do(gate: Gate) -> None:
    review = (gate.approval(how="review"),)
    assert decide(gate.facts(approvals=review)).state == "pass"
    refused = decide(gate.facts(approvals=review, rules=(replace(gate.RULE, reviews=False),)))
    assert refused.state == "wait"
    assert "reviews do not count here" in gate.node(refused, "approvals").children[0].reason
    other = decide(gate.facts(approvals=(gate.approval(how="review", digest="d1:old"),)))
    assert "reviews do not count" not in gate.node(other, "approvals").children[0].reason


def test_naming_deletions_is_not_approving_the_rest(gate: Gate) -> None:
    doomed = gate.doomed()
    named = gate.approval(how="deletions", destroys=(doomed,))
    assert decide(gate.facts(doomed, approvals=(named,))).state == "wait"
    assert gate.node(decide(gate.facts(doomed, phase="merged", approvals=(named,))), "approvals").state == "wait"


def test_who_only_named_deletions_of_another_state_is_not_told_to_have_approved_it(gate: Gate) -> None:
    named = gate.approval(digest="d1:old", how="deletions", destroys=(gate.doomed(),))
    assert "ana" not in gate.node(decide(gate.facts(approvals=(named,))), "approvals").children[0].reason


def test_an_author_without_an_account_needs_somebody_else(gate: Gate) -> None:
    rule = replace(gate.RULE, author=True)
    facts = gate.facts(approvals=(gate.approval(gate.OPENER),), rules=(rule,), strangers=("x@example.org",))
    assert (decide(facts).state, decide(facts).reason) == ("wait", "an approval by somebody else")
    assert "x@example.org" in gate.node(decide(facts), "approvals").children[0].reason
    for others in ((gate.approval(),), (gate.approval(), gate.approval(gate.OPENER))):
        assert decide(replace(facts, approvals=others)).state == "pass"


def test_an_author_who_cannot_be_looked_up_does_not_say_which_plan_was_approved_last(gate: Gate) -> None:
    whole = gate.approval(gate.ANA, objects={gate.A: "o1:a2", gate.B: "o1:b2"})
    old = replace(gate.approval(gate.OPENER), desired=Digest("d1:old"), at=gate.NOON + timedelta(minutes=5))
    facts = merged(gate, approvals=(whole, old), standing={1: None, 2: True})
    assert decide(facts).state == decide(replace(facts, approvals=(whole,))).state == "pass"


def test_explained_for_one_person(gate: Gate) -> None:
    assert explain_person(gate.facts(), gate.ANA, gate.RULE).state == "pass"
    assert explain_person(gate.facts(), gate.OPENER, gate.RULE).state == "fail"
    assert explain_person(gate.facts(), gate.OPENER, gate.RULE).who == ("team:acme/sre",)
    unknown = gate.facts(standing={2: None})
    assert explain_person(unknown, gate.ANA, gate.RULE).state == "unknown"
    assert why_not(unknown, gate.ANA).endswith("does not count; type `/gate approve prod` again in a while")
    assert why_not(gate.facts(), gate.ANA) == ""
    assert why_not(gate.facts(), gate.OPENER) == (
        "an approval by bo does not count: who opened the change cannot approve it; "
        "somebody else among acme/sre can type `/gate approve prod`"
    )
    everyone = gate.facts(rules=(ApprovalRule(count=1),))
    assert why_not(everyone, gate.OPENER).endswith("somebody else with write access can type `/gate approve prod`")


def test_a_bot_is_refused_for_good_whatever_can_be_looked_up(gate: Gate) -> None:
    assert explain_person(gate.facts(standing={4: None}), gate.BOT, gate.RULE).state == "fail"


def test_who_counts_under_one_rule_only_is_refused(gate: Gate) -> None:
    others = replace(gate.RULE, author=True)
    assert "who opened the change" in why_not(gate.facts(rules=(others, gate.RULE)), gate.OPENER)


def test_where_authors_may_approve_somebody_of_the_approvers_is_asked(gate: Gate) -> None:
    free = gate.facts(rules=(replace(gate.RULE, count=0),), standing={2: False})
    authors = gate.facts(rules=(replace(gate.RULE, author=True),), standing={2: False})
    for facts in (free, authors):
        assert why_not(facts, gate.ANA).endswith("; somebody among acme/sre can type `/gate approve prod`")


def merged(gate: Gate, **more: Any) -> Facts:
    objects = {gate.A: "o1:a2", gate.B: "o1:b2"}
    defaults: dict[str, Any] = {
        "phase": "merged",
        "desired": gate.desired(objects),
        "applied": {gate.A: "o1:a1", gate.B: "o1:b1"},
    }
    return gate.facts(**{**defaults, **more})


def test_two_riders_that_touch_different_objects_need_no_third_approval(gate: Gate) -> None:
    first = gate.approval(number=1, digest="d1:x", objects={gate.A: "o1:a2"})
    second = gate.approval(number=2, digest="d1:y", objects={gate.B: "o1:b2"})
    assert decide(merged(gate, approvals=(first, second))).state == "pass"
    assert decide(merged(gate, approvals=(replace(first, at=second.at + MINUTE), second))).state == "pass"
    alone = decide(merged(gate, approvals=(first,)))
    assert alone.state == "wait"
    assert "missing for Deployment web/b" in gate.node(alone, "approvals").children[0].reason


def test_an_object_that_collided_is_not_approved_by_either(gate: Gate) -> None:
    first = gate.approval(number=1, digest="d1:x", objects={gate.A: "o1:a8", gate.B: "o1:b2"})
    second = gate.approval(number=2, digest="d1:y", objects={gate.A: "o1:a9"})
    assert decide(merged(gate, approvals=(first, second))).state == "wait"


def test_a_state_is_not_put_together_from_plans_that_a_rider_left(gate: Gate) -> None:
    left = gate.approval(digest="d1:x", at=1, objects={gate.A: "o1:a2", gate.B: "o1:b1x"})
    last = gate.approval(digest="d1:y", at=2, objects={gate.A: "o1:a3", gate.B: "o1:b2"})
    assert decide(merged(gate, approvals=(left, last))).state == "wait"
    again = gate.approval(digest="d1:z", at=3, objects={gate.A: "o1:a2", gate.B: "o1:b2"})
    given = (left, last, again)
    assert {decide(merged(gate, approvals=some)).state for some in permutations(given)} == {"pass"}


def test_of_two_plans_that_were_approved_in_one_second_one_is_the_last(gate: Gate) -> None:
    given = (
        gate.approval(digest="d1:x", objects={gate.A: "o1:a2"}),
        gate.approval(digest="d1:y", objects={gate.B: "o1:b2"}),
    )
    assert {decide(merged(gate, approvals=some)).reason for some in permutations(given)} == {"0 of 1 approvals"}
    missing = {
        gate.node(decide(merged(gate, approvals=some)), "approvals").children[0].reason for some in permutations(given)
    }
    assert len(missing) == 1


def test_a_stranger_does_not_say_which_plan_was_last(gate: Gate) -> None:
    good = gate.approval(objects={gate.A: "o1:a2", gate.B: "o1:b2"}, at=1)
    stranger = gate.approval(gate.BOT, digest="d1:y", at=2)
    unknown = gate.approval(gate.EVE, digest="d1:y", at=2)
    assert decide(merged(gate, approvals=(good, stranger))).state == "pass"
    assert decide(merged(gate, approvals=(good, unknown), standing={2: True, 3: False})).state == "pass"
    assert decide(merged(gate, approvals=(good, unknown), standing={2: True})).state == "pass"
    assert decide(merged(gate, approvals=(good, stranger), standing={2: True, 4: None})).state == "pass"
    assert decide(merged(gate, approvals=(good, unknown), standing={2: True, 3: None})).state == "wait"


def said(gate: Gate, facts: Facts) -> str:
    """What the first rule says of the approvals."""
    return gate.node(decide(facts), "approvals").children[0].reason


def test_a_reason_says_what_is_missing_and_nothing_else(gate: Gate) -> None:
    assert said(gate, gate.facts()) == "0 of 1 approvals from acme/sre"
    assert said(gate, gate.facts(rules=(replace(gate.RULE, reviews=False),))) == "0 of 1 approvals from acme/sre"
    assert said(gate, gate.facts(approvals=(gate.approval(),))) == "1 of 1 approvals"
    first = gate.approval(digest="d1:x", objects={gate.A: "o1:a2"})
    lacking = "0 of 1 approvals from acme/sre; missing for Deployment web/b"
    assert said(gate, merged(gate, approvals=(first,))) == lacking
    assert gate.node(decide(merged(gate)), "approvals").children[0].next == "/gate approve prod"
    whole = replace(first, objects={gate.A: Digest("o1:a2"), gate.B: Digest("o1:b2")})
    assert said(gate, merged(gate, approvals=(whole,))) == "every change is approved in exactly this form"


def test_of_those_who_approved_only_who_does_not_count_is_named(gate: Gate) -> None:
    rules = (replace(gate.RULE, count=3, reviews=False),)
    left = gate.approval(digest="d1:old")
    given = (left, gate.approval(), gate.approval(gate.EVE, digest="d1:old"), gate.approval(gate.EVE, how="review"))
    assert said(gate, gate.facts(approvals=(left, *given[1:2]), rules=rules)) == "1 of 3 approvals from acme/sre"
    assert said(gate, gate.facts(approvals=given, rules=rules)) == (
        "1 of 3 approvals from acme/sre; reviews do not count here"
    )


def test_a_reason_where_no_approval_is_required_speaks_of_no_authors(gate: Gate) -> None:
    shown = Shown(objects={gate.A: Digest("o1:a2")})
    facts = free(gate, shown=(shown,), strangers=("x@example.org",))
    assert said(gate, facts) == "not shown before the merge; missing for Deployment web/b"


@pytest.mark.parametrize(
    ("number", "words"),
    [(3, "Deployment web/c0, Deployment web/c1, Deployment web/c2"),
     (5, "Deployment web/c0, Deployment web/c1, Deployment web/c2 and 2 more")],
)  # fmt: skip
def test_three_objects_are_named_in_order_and_the_others_counted(gate: Gate, number: int, words: str) -> None:
    objects = {replace(gate.A, name=f"c{each}"): "o1:c" for each in reversed(range(number))}
    assert said(gate, merged(gate, desired=gate.desired(objects))).endswith(f"; missing for {words}")
    gone = [gate.doomed(replace(gate.A, name=f"c{each}")) for each in range(number)]
    same = merged(gate, desired=gate.desired({}), plan=gate.plan(*gone))
    assert said(gate, same).endswith(f"; missing for {words}")


def test_an_object_that_is_as_applied_needs_no_approval(gate: Gate) -> None:
    same = merged(gate, applied={gate.A: "o1:a2", gate.B: "o1:b2"})
    assert decide(same).state == "pass"


def test_count_two_is_per_object(gate: Gate) -> None:
    rules = (replace(gate.RULE, count=2),)
    both = {gate.A: "o1:a2", gate.B: "o1:b2"}
    approvals = (gate.approval(objects=both), gate.approval(gate.EVE, objects={gate.A: "o1:a2"}))
    verdict = decide(merged(gate, approvals=approvals, rules=rules))
    assert (verdict.state, verdict.reason) == ("wait", "1 of 2 approvals")


def test_a_rule_is_changed_by_those_whom_it_asks(gate: Gate) -> None:
    agreed = merged(gate, approvals=(gate.approval(digest="d1:same", objects={}),))
    assert agreed_rule(agreed, gate.RULE, Digest("d1:same"))
    assert not agreed_rule(agreed, gate.RULE, Digest("d1:other"))
    assert not agreed_rule(agreed, replace(gate.RULE, count=2), Digest("d1:same"))
    own = merged(gate, approvals=(gate.approval(gate.OPENER, digest="d1:same", objects={}),))
    assert not agreed_rule(own, gate.RULE, Digest("d1:same"))
    assert agreed_rule(own, ApprovalRule(), Digest("d1:same"))
    authors = replace(gate.RULE, author=True)
    assert agreed_rule(own, authors, Digest("d1:same"))
    assert not agreed_rule(replace(own, strangers=("x@example.org",)), authors, Digest("d1:same"))


def test_only_who_agreed_to_something_of_a_state_is_named(gate: Gate) -> None:
    left = gate.approval(gate.EVE, digest="d1:x", at=1, objects={gate.A: "o1:other"})
    last = gate.approval(at=2, objects={gate.A: "o1:a2"})
    assert who_agreed(merged(gate, approvals=(left,))) == ()
    assert who_agreed(merged(gate, approvals=(left, last))) == (gate.ANA,)
    own = gate.approval(gate.OPENER, at=3, objects={gate.A: "o1:a2"})
    assert who_agreed(merged(gate, approvals=(last, own))) == (gate.ANA,)
    doomed = gate.doomed()
    named = gate.approval(gate.EVE, how="deletions", objects={}, destroys=(doomed,))
    assert who_agreed(merged(gate, approvals=(named,), plan=gate.plan(doomed))) == (gate.EVE,)
    assert who_agreed(merged(gate, approvals=(named,))) == ()


def free(gate: Gate, **more: Any) -> Facts:
    return merged(gate, rules=(ApprovalRule(),), environment=gate.environment(approvals=ApprovalRule()), **more)


def test_without_required_approvals_what_was_shown_stands_in(gate: Gate) -> None:
    shown = Shown(objects={gate.A: Digest("o1:a2"), gate.B: Digest("o1:b2")})
    assert decide(free(gate, shown=(shown,))).state == "pass"
    verdict = decide(free(gate, shown=(Shown(objects={gate.A: Digest("o1:a2")}),)))
    assert (verdict.state, verdict.reason) == ("wait", "not shown before the merge")
    otherwise = Shown(objects={gate.A: Digest("o1:a2"), gate.B: Digest("o1:other")})
    assert decide(free(gate, shown=(otherwise,))).state == "wait"


def test_where_approvals_are_required_what_was_only_shown_is_not_approved(gate: Gate) -> None:
    doomed = gate.doomed()
    shown = Shown(
        objects={gate.A: Digest("o1:a2"), gate.B: Digest("o1:b2")}, destroys=frozenset({(doomed.id, doomed.uid)})
    )
    assert decide(merged(gate, shown=(shown,))).state == "wait"
    gone = merged(gate, shown=(shown,), desired=gate.desired({gate.A: "o1:a1"}), plan=gate.plan(doomed))
    assert {gate.node(decide(gone), rule).state for rule in ("approvals", "deletions")} == {"wait"}


def test_without_required_approvals_anybody_in_standing_may_approve_what_was_not_shown(gate: Gate) -> None:
    agreed = gate.approval(gate.OPENER, objects={gate.A: "o1:a2", gate.B: "o1:b2"})
    assert decide(free(gate, approvals=(agreed,))).state == "pass"
    assert decide(free(gate, approvals=(agreed,), standing={1: False})).state == "wait"


def test_without_required_approvals_an_author_without_an_account_is_no_obstacle(gate: Gate) -> None:
    agreed = gate.approval(gate.OPENER, objects={gate.A: "o1:a2", gate.B: "o1:b2"})
    assert decide(free(gate, approvals=(agreed,), strangers=("x@example.org",))).state == "pass"


def test_while_open_no_approval_is_asked_for_where_none_is_required(gate: Gate) -> None:
    verdict = decide(gate.facts(rules=(ApprovalRule(),)))
    assert verdict.state == "pass"


def test_a_merged_deletion_is_approved_by_its_uid(gate: Gate) -> None:
    doomed = gate.doomed()
    facts = merged(gate, desired=gate.desired({gate.A: "o1:a1"}), plan=gate.plan(doomed))
    assert decide(replace(facts, approvals=(gate.approval(destroys=(doomed,)),))).state == "pass"
    other = replace(doomed, uid="f1:other")
    assert decide(replace(facts, approvals=(gate.approval(destroys=(other,)),))).state == "wait"
    assert gate.node(decide(facts), "approvals").state == "wait"


def test_a_merged_deletion_needs_as_many_as_any_change(gate: Gate) -> None:
    doomed = gate.doomed()
    facts = merged(
        gate, desired=gate.desired({gate.A: "o1:a1"}), plan=gate.plan(doomed), rules=(replace(gate.RULE, count=2),)
    )
    plain, named = gate.approval(destroys=(doomed,)), gate.approval(gate.EVE, how="deletions", destroys=(doomed,))
    one = decide(replace(facts, approvals=(plain,)))
    assert {gate.node(one, rule).state for rule in ("approvals", "deletions")} == {"wait"}
    assert decide(replace(facts, approvals=(plain, named))).state == "pass"


def test_without_required_approvals_a_merged_deletion_was_shown_by_its_uid(gate: Gate) -> None:
    doomed = gate.doomed()
    facts = free(gate, desired=gate.desired({gate.A: "o1:a1"}), plan=gate.plan(doomed))
    other = Shown(objects={}, destroys=frozenset({(doomed.id, "f1:other")}))
    for shown in ((), (other,)):
        verdict = decide(replace(facts, shown=shown))
        assert {gate.node(verdict, rule).state for rule in ("approvals", "deletions")} == {"wait"}
    same = Shown(objects={}, destroys=frozenset({(doomed.id, doomed.uid)}))
    assert decide(replace(facts, shown=(same,))).state == "pass"
