"""What was applied and renders differently with other programs: held until the difference is agreed to."""

import pytest

from bot.gate import decide
from bot.gate.facts import Facts
from bot.model.gate import Verdict
from tests.unit.gate.conftest import Gate

CHANGED = "kustomize v5.7.1 → v5.8.2"


def child(facts: Facts, rule: str = "toolchain") -> Verdict:
    return next(each for each in decide(facts).children if each.rule == rule)


def test_another_render_of_what_was_applied_waits_and_says_since_when(gate: Gate) -> None:
    facts = gate.facts(phase="merged", upgraded=CHANGED)
    assert child(facts).state == "wait"
    assert f"renders differently since {CHANGED}" in decide(facts).reason
    assert "drift is not reverted" in decide(facts).reason


def test_who_agreed_to_the_difference_has_agreed_to_the_programs(gate: Gate) -> None:
    facts = gate.facts(phase="merged", upgraded=CHANGED, approvals=(gate.approval(),))
    assert child(facts, "approvals").state == "pass"
    assert child(facts).state == "pass"
    assert decide(facts).state == "pass"


@pytest.mark.parametrize("phase", ["open", "merged"])
def test_the_same_render_says_nothing(gate: Gate, phase: str) -> None:
    assert child(gate.facts(phase=phase)).state == "pass"


def test_an_environment_that_is_never_applied_does_not_wait_for_it(gate: Gate) -> None:
    facts = gate.facts(phase="merged", upgraded=CHANGED, environment=gate.environment(apply="never"))
    assert child(facts).state == "pass"
