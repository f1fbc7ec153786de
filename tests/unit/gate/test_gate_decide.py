"""The whole verdict: the worst rule wins, what could not be evaluated never passes, every refusal explains itself."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gate import decide
from bot.gate.facts import Facts, Upstream
from bot.model.environment import ApprovalRule
from bot.model.gate import Hold, Verdict
from bot.model.identity import Person
from bot.model.noun import Digest
from bot.model.plan import Action, Change, Finding
from tests.unit.gate.conftest import Gate

ERROR = Finding(check="schema", level="error", message="wrong", fix="put it right", path="a.yaml", line=3)
UNKNOWN = replace(ERROR, level="unknown")
NOWHERE, SILENT = replace(ERROR, check="target"), replace(UNKNOWN, check="target")


def good(gate: Gate, **more: Any) -> Facts:
    return gate.facts(**{"approvals": (gate.approval(),), **more})


def test_rules_are_in_the_order_in_which_a_person_acts(gate: Gate) -> None:
    rules = [each.rule for each in decide(good(gate)).children]
    assert rules == [
        "render", "checks", "target", "descent", "toolchain", "approvals", "deletions", "order",
        "first_apply", "apply", "hold", "partial",
    ]  # fmt: skip


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no render": ({"desired": None, "plan": None, "findings": (ERROR,)}, "fail", "does not render · 1 error"),
    "nothing rendered": ({"desired": None, "plan": None}, "unknown", "could not be rendered"),
    "renderer silent": ({"desired": None, "plan": None, "findings": (UNKNOWN,)}, "unknown", "could not be rendered"),
    "target silent": ({"desired": None, "plan": None, "findings": (SILENT,)}, "unknown", "its target cannot be used"),
    "no target": ({"desired": None, "plan": None, "findings": (NOWHERE,)}, "fail", "its target cannot be used"),
    "error": ({"findings": (ERROR,)}, "fail", "1 error"),
    "unknown": ({"findings": (UNKNOWN,)}, "unknown", "1 could not be checked"),
    "no plan": ({"plan": None}, "unknown", "could not be planned"),
    "forced": ({"forced": True}, "wait", "history was rewritten"),
    "order": ({"after": (Upstream(name="staging", state="waiting"),)}, "wait", "after staging"),
    "order unknown": ({"after": (Upstream(name="staging", state="unknown"),)}, "unknown", "after staging"),
    "first": ({"applied": None}, "wait", "first apply on command"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_reason_to_stop(gate: Gate, case: str) -> None:
    changes, state, words = CASES[case]
    verdict = decide(good(gate, **changes))
    assert verdict.state == state
    assert verdict.reason.startswith(words)


def test_who_rewrote_history_is_told_what_to_push(gate: Gate) -> None:
    (node,) = gate.node(decide(good(gate, forced=True)), "descent").children
    assert node.reason.endswith("push a commit that descends from it")


def test_a_plan_of_another_state_is_no_plan(gate: Gate) -> None:
    assert decide(good(gate, plan=gate.plan(digest="d1:other"))).state == "unknown"


def test_an_object_in_the_way_waits(gate: Gate) -> None:
    blocked = Change(id=gate.A, action=Action.CREATE, conflict="a file of that name is not ours")
    verdict = decide(good(gate, plan=gate.plan(blocked)))
    assert (verdict.state, verdict.reason) == ("wait", "1 object in the way")
    assert "a file of that name is not ours" in gate.node(verdict, "target").children[0].reason


def test_adopting_is_not_silent(gate: Gate) -> None:
    assert decide(good(gate, plan=gate.plan(Change(id=gate.A, action=Action.ADOPT)))).state == "wait"


def test_an_environment_of_after_that_nobody_told_about_is_unknown(gate: Gate) -> None:
    assert decide(good(gate, environment=gate.environment(after=("staging",)))).state == "unknown"
    healthy = (Upstream(name="staging", state="healthy"),)
    assert decide(good(gate, environment=gate.environment(after=("staging",)), after=healthy)).state == "pass"


def test_a_hold_stops_everything_and_names_who_and_how_to_end_it(gate: Gate) -> None:
    verdict = decide(good(gate, held=Hold(by="ana", reason="sale", at=gate.NOON)))
    assert (verdict.state, verdict.reason) == ("wait", "held by ana: sale")
    assert decide(good(gate, held=Hold(by="ana", reason="", at=gate.NOON))).reason == "held by ana"
    assert verdict.next == "/gate release prod"
    assert verdict.who == ("team:acme/sre",)
    earlier = ApprovalRule(count=0, approvers=("team:acme/former",))
    both = (gate.environment().approvals, earlier)
    held = decide(good(gate, held=Hold(by="ana", reason="sale", at=gate.NOON), rules=both))
    assert gate.node(held, "hold").who == ("team:acme/sre",)  # those who are let release it


@pytest.mark.parametrize("phase", ["open", "merged"])
def test_the_first_apply_is_asked_for_after_the_merge(gate: Gate, phase: str) -> None:
    verdict = decide(good(gate, applied=None, phase=phase))
    assert verdict.state == "wait"
    assert verdict.next == ("/gate apply prod" if phase == "merged" else "")
    assert gate.node(verdict, "first_apply").next == "/gate apply prod"
    assert verdict.who == ("everyone with write access",)
    assert decide(good(gate, applied=None, phase=phase, asked=Person(id=2, login="ana"))).state == "pass"


def test_the_first_apply_may_follow_the_merge(gate: Gate) -> None:
    assert decide(good(gate, applied=None, environment=gate.environment(first_apply="on-merge"))).state == "pass"


def test_on_command_waits_until_asked(gate: Gate) -> None:
    env = gate.environment(apply="on-command")
    verdict = decide(good(gate, environment=env, phase="merged"))
    assert (verdict.reason, verdict.next) == ("applies on command", "/gate apply prod")
    assert verdict.who == ("everyone with write access",)
    assert decide(good(gate, environment=env, asked=gate.ANA)).state == "pass"
    assert decide(good(gate, environment=env, applied=None)).reason == "first apply on command"


def test_never_is_not_a_pass(gate: Gate) -> None:
    verdict = decide(gate.facts(environment=gate.environment(apply="never")))
    assert verdict.state == "skip"
    assert verdict.reason == "only planned, never applied from here"
    assert decide(gate.facts(environment=gate.environment(apply="never"), findings=(ERROR,))).state == "fail"
    waits = {"applied": None, "after": (Upstream(name="staging", state="waiting"),)}
    assert decide(gate.facts(environment=gate.environment(apply="never"), **waits)).state == "skip"


def test_repairing_what_was_applied_waits_for_nobody_where_drift_is_reverted(gate: Gate) -> None:
    facts = gate.facts(phase="merged", applied={gate.A: "o1:a2"}, after=(Upstream(name="staging", state="waiting"),))
    env = gate.environment(apply="on-command", drift="revert")
    assert decide(replace(facts, environment=env)).state == "pass"
    assert decide(replace(facts, environment=replace(env, drift="report"))).state == "wait"
    held = Hold(by="ana", reason="", at=gate.NOON)
    assert decide(replace(facts, environment=env, held=held)).state == "wait"
    proposed = replace(facts, environment=env, phase="open", approvals=(gate.approval(),))
    assert decide(proposed).state == "wait", "a pull request repairs nothing"
    for applied in ({gate.A: Digest("o1:a1")}, {}, None):
        other = decide(replace(facts, environment=env, applied=applied, approvals=(gate.approval(),)))
        assert {gate.node(other, rule).state for rule in ("order", "apply")} == {"wait"}


def test_a_partial_apply_is_told_and_blocks_nothing(gate: Gate) -> None:
    verdict = decide(good(gate, partial=True))
    assert verdict.state == "pass"
    assert "stopped half-way" in gate.node(verdict, "partial").reason
    assert gate.node(decide(good(gate)), "partial").state == "skip"


def test_commands_are_merged_and_what_needs_nobody_is_named_first(gate: Gate) -> None:
    volume = gate.doomed(replace(gate.B, type="PersistentVolumeClaim"))
    verdict = decide(gate.facts(volume, after=(Upstream(name="staging", state="waiting"),)))
    assert verdict.reason == "after staging · 0 of 1 approvals · 1 deletion to approve"
    assert verdict.next.split("\n") == ["/gate approve prod", "/gate approve-deletions prod"]


def test_a_command_that_several_rules_ask_for_is_told_once(gate: Gate) -> None:
    verdict = decide(gate.facts(gate.doomed(), gate.doomed(gate.A)))
    assert (verdict.next, verdict.who) == ("/gate approve prod", ("team:acme/sre",))
    deletions = gate.node(verdict, "deletions")
    assert (deletions.next, deletions.who) == ("/gate approve prod", ("team:acme/sre",))


def test_findings_carry_place_and_remedy(gate: Gate) -> None:
    (found,) = gate.node(decide(good(gate, findings=(ERROR,))), "checks").children
    assert found == Verdict(rule="schema", state="fail", reason="wrong (a.yaml:3); put it right")


WORSE: list[dict[str, Any]] = [
    {"findings": (ERROR,)},
    {"findings": (UNKNOWN,)},
    {"forced": True},
    {"desired": None},
    {"plan": None},
    {"after": (Upstream(name="x", state="waiting"),)},
    {"after": (Upstream(name="x", state="unknown"),)},
    {"applied": None},
    {"destroyed": 99},
    {"standing": {}},
]

states = st.fixed_dictionaries(
    {
        "rules": st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), min_size=1, max_size=2),
        "given": st.lists(
            st.tuples(
                st.integers(1, 5),
                st.sampled_from(["command", "review", "deletions"]),
                st.sampled_from(["d1:new", "d1:old"]),
                st.integers(0, 3),
                st.booleans(),
            ),
            max_size=6,
        ),
        "standing": st.dictionaries(st.integers(1, 5), st.sampled_from([True, False, None])),
        "authors": st.frozensets(st.integers(1, 5)),
        "openers": st.frozensets(st.integers(1, 5), min_size=1),
        "strangers": st.booleans(),
        "phase": st.sampled_from(["open", "merged"]),
        "doomed": st.sampled_from(["", "Deployment.apps", "PersistentVolumeClaim"]),
    }
)


def build(gate: Gate, drawn: dict[str, Any]) -> Facts:
    """Facts from drawn values: each approval is (person, how, digest, second, whether it names the deletion)."""
    doomed = gate.doomed(replace(gate.B, type=drawn["doomed"])) if drawn["doomed"] else None
    destroys = (doomed,) if doomed else ()
    given = tuple(
        gate.approval(
            Person(id=person, login=f"p{person}"), digest=digest, how=how, at=at, destroys=destroys if names else ()
        )
        for person, how, digest, at, names in drawn["given"]
    )
    rules = tuple(replace(gate.RULE, count=count, author=author, reviews=r) for count, author, r in drawn["rules"])
    return gate.facts(
        *destroys, approvals=given, rules=rules, standing=drawn["standing"], authors=drawn["authors"],
        openers=drawn["openers"], strangers=("x@example.org",) if drawn["strangers"] else (), phase=drawn["phase"],
    )  # fmt: skip


@given(drawn=states, worse=st.sampled_from(WORSE))
def test_nothing_bad_added_ever_makes_a_pass(gate: Gate, drawn: dict[str, Any], worse: dict[str, Any]) -> None:
    facts = build(gate, drawn)
    if decide(facts).state != "pass":
        assert decide(replace(facts, **worse)).state != "pass"


@given(drawn=states, finding=st.sampled_from([ERROR, UNKNOWN]))
def test_a_blocking_finding_never_passes(gate: Gate, drawn: dict[str, Any], finding: Finding) -> None:
    assert decide(replace(build(gate, drawn), findings=(finding,))).state in ("fail", "unknown")


@given(drawn=states, data=st.data())
def test_an_approval_taken_away_never_makes_a_pass(gate: Gate, drawn: dict[str, Any], data: st.DataObject) -> None:
    """Within one plan per rider: taking back the approval of a newer plan makes the older one the last one approved."""
    drawn["given"] = [(*each[:2], "d1:new", *each[3:]) for each in drawn["given"]]
    facts = build(gate, drawn)
    if facts.approvals and decide(facts).state == "wait":
        gone = data.draw(st.integers(0, len(facts.approvals) - 1))
        left = facts.approvals[:gone] + facts.approvals[gone + 1 :]
        assert decide(replace(facts, approvals=left)).state == "wait"


@given(drawn=states, data=st.data())
def test_the_order_of_approvals_is_irrelevant(gate: Gate, drawn: dict[str, Any], data: st.DataObject) -> None:
    facts = build(gate, drawn)
    shuffled = tuple(data.draw(st.permutations(facts.approvals)))
    assert decide(replace(facts, approvals=shuffled)).state == decide(facts).state


@given(drawn=states)
def test_asking_for_more_approvals_never_helps(gate: Gate, drawn: dict[str, Any]) -> None:
    facts = build(gate, drawn)
    more = tuple(replace(each, count=each.count + 1) for each in facts.rules)
    if all(each.count for each in facts.rules) and decide(facts).state == "wait":
        assert decide(replace(facts, rules=more)).state == "wait"


@given(drawn=states)
def test_authors_and_openers_never_count(gate: Gate, drawn: dict[str, Any]) -> None:
    drawn["rules"] = [(max(1, count), False, reviews) for count, _, reviews in drawn["rules"]]
    facts = build(gate, drawn)
    mine = facts.authors | facts.openers
    others = tuple(each for each in facts.approvals if each.by.id not in mine)
    assert decide(facts).state == decide(replace(facts, approvals=others)).state


@given(drawn=states)
def test_whatever_waits_says_why(gate: Gate, drawn: dict[str, Any]) -> None:
    verdict = decide(build(gate, drawn))
    assert verdict.reason
    for each in verdict.children:
        assert each.reason
        if each.rule in ("approvals", "deletions") and each.state == "wait":
            assert each.who
            assert each.next.startswith("/gate approve")
