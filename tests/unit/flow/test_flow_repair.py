"""When drift is put back by itself: only where that was asked for, and nothing that binds a repair is against it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.flow.assess import Assessed
from bot.flow.environment import is_to_be_repaired
from bot.flow.offline import Sketch
from bot.model.environment import Environment, Source
from bot.model.gate import Assessment, Verdict
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest
from bot.model.plan import Action, Cause, Change, Plan
from bot.model.resource import ResourceId

SHOP = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=SHOP, name="prod"), source=Source(path="envs"), target="prod", apply="on-merge",
    drift="revert",
)  # fmt: skip
DRIFT = Change(id=ResourceId(type="ConfigMap", name="a"), action=Action.UPDATE, cause=Cause.DRIFT)
RULES = ("render", "checks", "target", "hold", "deletions", "approvals", "order", "first_apply", "apply")


def assessed(environment: Environment = ENVIRONMENT, changes: tuple[Change, ...] = (DRIFT,), **rules: Any) -> Assessed:
    """An assessment with drift, whose rules pass unless said otherwise."""
    plan = Plan(
        environment=environment.id, desired=Digest("d1:a"), destination="prod", changes=changes, inventory=1,
        at=datetime(2030, 1, 31, tzinfo=UTC),
    )  # fmt: skip
    children = tuple(Verdict(rule=rule, state=rules.get(rule, "pass"), reason="") for rule in RULES)
    verdict = Verdict(rule="all", state="wait", reason="", children=children)
    assessment = Assessment(environment=environment, base=None, head=None, plan=plan, verdict=verdict)
    return Assessed(assessment=assessment, saved=Sketch(plan))


def test_drift_is_put_back_where_that_is_asked_for() -> None:
    assert is_to_be_repaired(assessed())


@pytest.mark.parametrize("drift", ["off", "report"])
def test_it_is_only_looked_at_elsewhere(drift: str) -> None:
    assert not is_to_be_repaired(assessed(replace(ENVIRONMENT, drift=drift)))  # type: ignore[arg-type]


def test_an_environment_that_is_never_applied_to_is_not_repaired() -> None:
    assert not is_to_be_repaired(assessed(replace(ENVIRONMENT, apply="never")))


def test_there_is_nothing_to_do_without_drift() -> None:
    assert not is_to_be_repaired(assessed(changes=(replace(DRIFT, action=Action.UNCHANGED),)))
    assert not is_to_be_repaired(replace(assessed(), saved=None))


@pytest.mark.parametrize("rule", ["render", "checks", "target", "hold", "deletions"])
@pytest.mark.parametrize("state", ["fail", "unknown", "wait"])
def test_what_binds_a_repair_too_stops_it(rule: str, state: str) -> None:
    assert not is_to_be_repaired(assessed(ENVIRONMENT, (DRIFT,), **{rule: state}))


@pytest.mark.parametrize("rule", ["approvals", "order", "first_apply", "apply"])
def test_neither_approval_nor_order_nor_time_stops_it(rule: str) -> None:
    assert is_to_be_repaired(assessed(ENVIRONMENT, (DRIFT,), **{rule: "wait"}))
