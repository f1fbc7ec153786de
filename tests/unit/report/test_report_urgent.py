"""What is read first: every kind of thing, the most dangerous first, each in whole words."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.model.gate import Assessment
from bot.model.plan import Action, Cause, Change, Finding
from bot.report.outline import Line
from bot.report.urgent import minor_findings, urgent
from tests.unit.report.conftest import Build

WAIVED = "by ana until 2030-01-31: migration"


def words(text: Line) -> str:
    """A line without its styles."""
    return "".join(each.text for each in text)


def said(assessments: Sequence[Assessment], general: Sequence[Finding] = ()) -> list[str]:
    """Everything to read first, as words."""
    return [words(each.text) for each in urgent(assessments, general)]


def of(build: Build, change: Change) -> list[str]:
    """What is said of one change."""
    return said([build.assessment(changes=[change])])


def test_the_most_dangerous_is_read_first(build: Build) -> None:
    kinds = (Action.ADOPT, Action.REPLACE, Action.DELETE)
    changes = [build.change(build.thing(name=each.value), each) for each in kinds]
    changes += [build.change(build.thing(name="sly"), after=build.body(image="a\u202e")), build.change(conflict="full")]
    findings = [
        build.finding("notice", waived=WAIVED), build.finding("warning"), build.finding("unknown"), build.finding()
    ]  # fmt: skip
    found = said([build.assessment(changes=changes, findings=findings)])
    assert [each[0] for each in found] == ["🗑", "♻", "🤝", "❌", "❓", "✋", "⚠", "🔏", "⚠"]
    assert "cannot be seen" in found[-1]


def test_the_environment_that_loses_most_comes_first(build: Build) -> None:
    doomed = [build.change(build.thing(name=each), Action.DELETE) for each in "ab"]
    found = said([build.assessment("dev", doomed[:1]), build.assessment("qa", doomed)])
    assert [each.split()[1] for each in found] == ["qa", "qa", "dev"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action.DELETE, "🗑 prod Deployment web/api is deleted"),
        (Action.REPLACE, "♻ prod Deployment web/api is deleted and made anew"),
        (Action.ADOPT, "🤝 prod Deployment web/api is there already and is adopted"),
    ],
)
def test_what_happens_to_an_object_is_said_with_its_place_and_cause(
    build: Build, action: Action, expected: str
) -> None:
    place = "envs/prod/api.yaml:14"
    assert of(build, build.change(action=action)) == [f"{expected} · {place}"]
    assert of(build, build.change(action=action, origin=None)) == [expected]
    assert of(build, build.change(action=action, cause=Cause.DRIFT)) == [f"{expected} · not from here · {place}"]
    earlier = build.change(action=action, cause=Cause.PENDING)
    assert of(build, earlier) == [f"{expected} · merged earlier, not from here · {place}"]


def test_an_object_in_the_way_blocks_also_where_nothing_is_done_to_it(build: Build) -> None:
    change = build.change(action=Action.UNCHANGED, conflict="is not ours", origin=None)
    (item,) = urgent([build.assessment(changes=[change])])
    assert (words(item.text), item.blocks) == ("✋ prod Deployment web/api: is not ours", frozenset({"prod"}))


def test_a_name_that_hides_something_is_flagged(build: Build) -> None:
    gone, flagged = of(build, build.change(build.thing(name="a\u202e"), Action.DELETE))
    assert ("is deleted" in gone, "holds characters that cannot be seen" in flagged) == (True, True)


def test_a_finding_repeats_nothing(build: Build) -> None:
    found = build.finding(message="Deployment web/api has no probe", fix="")
    assert said([build.assessment(findings=[found, found])]) == [
        "❌ prod no-latest-tag: Deployment web/api has no probe · overlays/prod/api.yaml:22"
    ]
    assert said([], [replace(found, check="policies", rule="probes", path="", resource=None)]) == [
        "❌ probes: Deployment web/api has no probe"
    ]


def test_a_waiver_of_what_is_not_touched_is_a_notice_and_a_warning_is_none(build: Build) -> None:
    findings = [build.finding("notice", waived=WAIVED), build.finding("warning")]
    part = build.assessment(changes=[build.change(action=Action.UNCHANGED)], findings=findings)
    assert [each[0] for each in said([part])] == ["⚠"]
    assert [words(each)[0] for each in minor_findings([part])] == ["🔏"]
