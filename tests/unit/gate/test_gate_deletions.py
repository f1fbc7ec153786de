"""What may be destroyed: within the allowance with the state's approval, beyond it and for some kinds only by name."""

from dataclasses import replace

import pytest

from bot.gate import decide
from bot.gate.deletions import allowance, always_asked
from bot.gate.facts import Shown
from bot.model.environment import ApprovalRule
from bot.model.plan import Action, Change
from bot.model.resource import ResourceId
from tests.unit.gate.conftest import Gate


@pytest.mark.parametrize(
    ("inventory", "destroyed", "left"),
    [(0, 0, 0), (1, 0, 1), (5, 0, 1), (6, 0, 2), (25, 0, 5), (1_000, 0, 5), (1_000, 4, 1), (1_000, 9, 0)],
)
def test_allowance(inventory: int, destroyed: int, left: int) -> None:
    assert allowance(inventory, destroyed) == left


@pytest.mark.parametrize(
    ("type", "asked"),
    [
        ("Namespace", True),
        ("CustomResourceDefinition.apiextensions.k8s.io", True),
        ("PersistentVolume", True),
        ("PersistentVolumeClaim", True),
        ("StatefulSet.apps", True),
        ("APIService.apiregistration.k8s.io", True),
        ("MutatingWebhookConfiguration.admissionregistration.k8s.io", True),
        ("ValidatingWebhookConfiguration.admissionregistration.k8s.io", True),
        ("Certificate.cert-manager.io", True),
        ("Gateway.gateway.networking.k8s.io", True),
        ("Thing.custom", True),
        ("Deployment.apps", False),
        ("ConfigMap", False),
        ("CronJob.batch", False),
        ("HorizontalPodAutoscaler.autoscaling", False),
        ("PodDisruptionBudget.policy", False),
        ("Ingress.networking.k8s.io", False),
        ("Role.rbac.authorization.k8s.io", False),
    ],
)
def test_always_asked_kinds(gate: Gate, type: str, asked: bool) -> None:
    assert always_asked(gate.doomed(ResourceId(type=type, name="x"))) is asked


def test_objects_with_finalizers_are_always_asked(gate: Gate) -> None:
    assert always_asked(gate.doomed(before={"metadata": {"finalizers": ["x"]}}))
    assert not always_asked(gate.doomed(before={"metadata": {"finalizers": []}}))


def test_the_approval_of_the_state_covers_an_ordinary_deletion(gate: Gate) -> None:
    doomed = gate.doomed()
    assert decide(gate.facts(doomed, approvals=(gate.approval(destroys=(doomed,)),))).state == "pass"


def test_a_replacement_is_a_deletion_too(gate: Gate) -> None:
    doomed = gate.doomed(action=Action.REPLACE)
    (node,) = gate.node(decide(gate.facts(doomed, approvals=(gate.approval(),))), "deletions").children
    assert (node.state, node.reason) == ("wait", "Deployment web/b (replaced) is destroyed")
    assert decide(gate.facts(doomed, approvals=(gate.approval(destroys=(doomed,)),))).state == "pass"


def test_a_review_never_covers_destruction(gate: Gate) -> None:
    doomed = gate.doomed()
    given = (gate.approval(how="review", destroys=(doomed,)), gate.approval(gate.EVE, destroys=()))
    verdict = decide(gate.facts(doomed, approvals=given))
    assert verdict.state == "wait"
    assert "a review does not approve" in gate.node(verdict, "deletions").children[0].reason
    assert verdict.next == "/gate approve prod"


def volume(gate: Gate) -> Change:
    return gate.doomed(ResourceId(type="PersistentVolumeClaim", name="data", scope="db"), "f1:v")


def test_a_volume_is_only_destroyed_by_name(gate: Gate) -> None:
    doomed = volume(gate)
    plain = gate.approval(destroys=(doomed,))
    verdict = decide(gate.facts(doomed, approvals=(plain,)))
    assert verdict.state == "wait"
    assert verdict.next == "/gate approve-deletions prod"
    named = gate.approval(how="deletions", destroys=(doomed,))
    assert decide(gate.facts(doomed, approvals=(plain, named))).state == "pass"
    again = replace(doomed, uid="f1:new")
    assert decide(gate.facts(again, approvals=(plain, named))).state == "wait"


def test_who_does_not_count_names_nothing(gate: Gate) -> None:
    doomed = volume(gate)
    plain = gate.approval(destroys=(doomed,))
    named = gate.approval(gate.OPENER, how="deletions", destroys=(doomed,))
    assert decide(gate.facts(doomed, approvals=(plain, named))).state == "wait"


def test_two_are_asked_to_name_where_two_are_asked_to_approve(gate: Gate) -> None:
    doomed = volume(gate)
    people = (gate.ANA, gate.EVE)
    plain = tuple(gate.approval(each, destroys=(doomed,)) for each in people)
    named = tuple(gate.approval(each, how="deletions", destroys=(doomed,)) for each in people)
    rules = (replace(gate.RULE, count=2),)
    assert decide(gate.facts(doomed, approvals=(*plain, named[0]), rules=rules)).state == "wait"
    assert decide(gate.facts(doomed, approvals=(*plain, *named), rules=rules)).state == "pass"


def test_every_rule_must_let_it_go(gate: Gate) -> None:
    doomed = gate.doomed()
    rules = (replace(gate.RULE, author=True), gate.RULE)
    mine = gate.approval(gate.OPENER, destroys=(doomed,))
    review = gate.approval(how="review", destroys=(doomed,))
    verdict = decide(gate.facts(doomed, rules=rules, approvals=(mine, review)))
    assert gate.node(verdict, "approvals").state == "pass"
    assert gate.node(verdict, "deletions").state == "wait"
    assert decide(gate.facts(doomed, rules=rules, approvals=(mine, gate.approval(destroys=(doomed,))))).state == "pass"


def test_what_is_always_asked_for_takes_nothing_of_the_allowance(gate: Gate) -> None:
    doomed, ordinary = volume(gate), gate.doomed()
    plain = gate.approval(destroys=(doomed, ordinary))
    verdict = decide(gate.facts(doomed, ordinary, approvals=(plain,), inventory=5))
    (asked,) = gate.node(verdict, "deletions").children
    assert asked.reason.startswith("PersistentVolumeClaim db/data (deleted) is only destroyed when")


def test_nothing_is_asked_where_nothing_is_ever_applied(gate: Gate) -> None:
    never = gate.environment(apply="never")
    assert gate.node(decide(gate.facts(volume(gate), environment=never)), "deletions").state == "skip"


def test_a_review_of_another_state_is_not_blamed(gate: Gate) -> None:
    review = gate.approval(how="review", digest="d1:old")
    (node,) = gate.node(decide(gate.facts(gate.doomed(), approvals=(review,))), "deletions").children
    assert node.reason.endswith("is destroyed")


def several(gate: Gate, number: int) -> list[Change]:
    return [gate.doomed(ResourceId(type="ConfigMap", name=f"c{i}"), f"f1:{i}") for i in range(number)]


def test_beyond_the_allowance_each_is_named(gate: Gate) -> None:
    six = several(gate, 6)
    plain = gate.approval(destroys=six)
    verdict = decide(gate.facts(*six, approvals=(plain,)))
    assert verdict.reason == "6 deletions to approve"
    assert verdict.next == "/gate approve-deletions prod"
    one = gate.approval(how="deletions", destroys=six[:1])
    assert decide(gate.facts(*six, approvals=(plain, one))).state == "pass", "what was named does not count"
    assert decide(gate.facts(*six[:5], approvals=(plain,))).state == "pass"


def test_what_went_in_the_last_day_counts(gate: Gate) -> None:
    two = several(gate, 2)
    plain = gate.approval(destroys=two)
    assert decide(gate.facts(*two, approvals=(plain,), destroyed=3)).state == "pass"
    assert decide(gate.facts(*two, approvals=(plain,), destroyed=4)).state == "wait"


def test_everything_at_once_is_never_destroyed_by_a_plain_approval(gate: Gate) -> None:
    all_of_it = several(gate, 3)
    facts = gate.facts(*all_of_it, inventory=3, approvals=(gate.approval(destroys=all_of_it),))
    assert decide(facts).state == "wait"


def test_without_required_approvals_what_was_shown_may_go_within_the_allowance(gate: Gate) -> None:
    doomed = gate.doomed()
    rules, applied = (ApprovalRule(),), {gate.A: "o1:a2", gate.B: "o1:b1"}
    facts = gate.facts(doomed, phase="merged", rules=rules, applied=applied)
    shown = Shown(objects={}, destroys=frozenset({(doomed.id, doomed.uid)}))
    assert decide(facts).state == "wait"
    assert decide(replace(facts, phase="open")).state == "pass", "the merge will stand for it"
    assert decide(replace(facts, shown=(shown,))).state == "pass"
    gone = volume(gate)
    shown = Shown(objects={}, destroys=frozenset({(gone.id, gone.uid)}))
    assert decide(replace(facts, plan=gate.plan(gone), shown=(shown,))).state == "wait"
