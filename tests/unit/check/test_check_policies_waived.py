"""Waivers of the configuration and of an object itself: what they name, until when, and why one does not count."""

from dataclasses import replace
from datetime import date

import pytest

from bot.model.environment import Waiver
from tests.support.policies_given import WEB, binding, judged, levels, policy

WAIVER = Waiver(policy="few", reason="a sale", owner="ana", expires=date(2027, 1, 1))


def test_a_waiver_makes_it_a_notice_until_its_last_day() -> None:
    (found,) = judged(policy() + binding(), waivers=(WAIVER,))
    assert (found.level, found.waived) == ("notice", "by ana until 2027-01-01: a sale")
    (found,) = judged(policy() + binding(), waivers=(replace(WAIVER, expires=date(2026, 12, 31)),))
    assert (found.level, found.waived) == ("error", "")
    assert "the waiver of ana in tidegate.yaml ended on 2026-12-31" in found.message


@pytest.mark.parametrize(
    ("objects", "counts"),
    [
        (("Deployment/web",), True),
        (("Deployment/shop/web",), True),
        (("Deployment/*",), True),
        (("*/shop/w*",), True),
        (("Deployment/other/web", "Deployment/webb"), False),
        (("Deployment/*/web",), True),
        (("deployment/web",), False),
    ],
)
def test_a_waiver_names_objects(objects: tuple[str, ...], counts: bool) -> None:
    assert levels(policy() + binding(), waivers=(replace(WAIVER, objects=objects),)) == [
        "notice" if counts else "error"
    ]


def test_a_waiver_of_another_policy_does_not_count() -> None:
    assert levels(policy() + binding(), waivers=(replace(WAIVER, policy="other"),)) == ["error"]


def annotated(text: str) -> str:
    return WEB.replace("  labels:", f'  annotations: {{tidegate.dev/waive.few: "{text}"}}\n  labels:')


def test_an_object_carries_its_waiver() -> None:
    (found,) = judged(policy() + binding(), objects=annotated("a sale; really; owner=ana; until=2027-01-01"))
    assert (found.level, found.waived) == ("notice", "by ana until 2027-01-01: a sale; really")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a sale; owner=ana; until=2026-12-31", "it ended on 2026-12-31"),
        ("a sale; owner=ana", "lacks a reason, an owner or a last day"),
        ("owner=ana; until=2030-01-01", "lacks a reason"),
        ("a sale; owner=; until=2030-01-01", "lacks a reason, an owner"),
        ("a sale; owner=ana; until=2030-02-31", "its last day is no day"),
        ("a sale; owner=ana; until=20300101", "its last day is no day"),
        ("", "lacks a reason"),
    ],
)
def test_a_waiver_that_does_not_count_says_why(text: str, message: str) -> None:
    (found,) = judged(policy() + binding(), objects=annotated(text))
    assert (found.level, found.waived) == ("error", "")
    assert message in found.message


def test_what_could_not_be_evaluated_is_not_waived() -> None:
    assert levels(policy("object.nope == 1") + binding(), waivers=(WAIVER,)) == ["unknown"]
