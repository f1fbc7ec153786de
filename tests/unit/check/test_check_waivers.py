"""How a broken policy counts: levels by name, waivers by object and day."""

from dataclasses import replace
from datetime import date

import pytest

from bot.check.waivers import settle, settled
from bot.model.environment import Environment, PolicyLevel, Waiver
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId

TODAY = date(2026, 5, 1)
FOUND = Finding(
    check="rego", level="error", message="m", rule="main.deny",
    resource=ResourceId(type="Deployment.apps", name="web", scope="shop"),
)  # fmt: skip
WAIVER = Waiver(policy="main.deny", reason="it  moves\nsoon", owner="ana", expires=TODAY)


def test_without_rules_a_finding_stays_as_it_is(environment: Environment) -> None:
    assert settle(FOUND, environment, TODAY) == FOUND


@pytest.mark.parametrize(
    ("levels", "level"),
    [
        ({"main.deny": "warning"}, "warning"),
        ({"rego": "warning"}, "warning"),
        ({"rego": "off", "main.deny": "error"}, "error"),
        ({"main.warn": "off"}, "error"),
    ],
)
def test_a_level_is_given_by_rule_or_by_check(
    environment: Environment, levels: dict[str, PolicyLevel], level: str
) -> None:
    found = settle(FOUND, replace(environment, policy_levels=levels), TODAY)
    assert found is not None
    assert found.level == level


def test_off_leaves_it_out(environment: Environment) -> None:
    assert settled([FOUND, replace(FOUND, rule="x")], replace(environment, policy_levels={"x": "off"}), TODAY) == [
        FOUND
    ]


def test_what_is_unknown_is_neither_waived_nor_lowered(environment: Environment) -> None:
    unknown = replace(FOUND, level="unknown")
    given = replace(environment, policy_levels={"rego": "warning"}, waivers=(WAIVER,))
    assert settle(unknown, given, TODAY) == unknown


def test_a_waiver_makes_a_notice_and_says_whose(environment: Environment) -> None:
    found = settle(FOUND, replace(environment, waivers=(WAIVER,)), TODAY)
    assert found is not None
    assert (found.level, found.waived) == ("notice", "by ana until 2026-05-01: it moves soon")


def test_a_waiver_ends_with_its_day(environment: Environment) -> None:
    found = settle(FOUND, replace(environment, waivers=(WAIVER,)), date(2026, 5, 2))
    assert found == replace(FOUND, message="m (the waiver of ana in tidegate.yaml ended on 2026-05-01)")


@pytest.mark.parametrize(
    ("pattern", "counts"),
    [
        ("Deployment/web", True),
        ("Deployment/shop/web", True),
        ("Deployment/*", True),
        ("Deployment/s*/w*", True),
        ("*/web", True),
        ("Deployment/other/web", False),
        ("Deployment/w", False),
        ("Service/web", False),
        ("*", False),
        ("Deploymen./web", False),
    ],
)
def test_a_waiver_is_for_the_objects_it_names(environment: Environment, pattern: str, counts: bool) -> None:
    found = settle(FOUND, replace(environment, waivers=(replace(WAIVER, objects=(pattern,)),)), TODAY)
    assert found is not None
    assert bool(found.waived) is counts


def test_a_waiver_for_objects_is_not_for_what_has_none(environment: Environment) -> None:
    nowhere = replace(FOUND, resource=None)
    assert settle(nowhere, replace(environment, waivers=(replace(WAIVER, objects=("*/*",)),)), TODAY) == nowhere


def test_a_waiver_of_another_policy_does_not_count(environment: Environment) -> None:
    assert settle(FOUND, replace(environment, waivers=(replace(WAIVER, policy="main"),)), TODAY) == FOUND


def test_an_annotation_of_the_object_is_a_waiver_where_the_object_is_given(environment: Environment) -> None:
    assert FOUND.resource is not None
    note = {"tidegate.dev/waive.main.deny": "it moves; owner=ana; until=2026-05-01"}
    resource = Resource(id=FOUND.resource, body={"metadata": {"annotations": note}})
    (found,) = settled([FOUND], environment, TODAY, [resource])
    assert (found.level, found.waived) == ("notice", "by ana until 2026-05-01: it moves")
    assert settled([FOUND], environment, TODAY) == [FOUND]
