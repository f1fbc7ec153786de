"""The check: when it may be green, and what its title and annotations say."""

from dataclasses import replace
from typing import cast

import pytest

from bot.model.environment import ApprovalRule
from bot.model.gate import Assessment, State, Verdict
from bot.model.plan import Cause
from bot.report import check_of
from bot.report.story import Phase, Standing
from tests.unit.report.conftest import Build


def waiting(build: Build, rule: str, state: State = "wait") -> Assessment:
    """An assessment in which exactly one rule waits."""
    part = build.assessment(changes=[build.change()], environment=build.environment(approvals=ApprovalRule()))
    children = tuple(each for each in cast(Verdict, part.verdict).children if each.rule != rule)
    root = Verdict(
        rule="gate", state=state, reason=rule, children=(*children, Verdict(rule=rule, state=state, reason=rule))
    )
    return replace(part, verdict=root)


@pytest.mark.parametrize("rule", ["approvals", "deletions", "order", "first_apply", "apply", "hold"])
def test_waiting_for_people_order_or_time_is_green(build: Build, rule: str) -> None:
    assert check_of(build.story(assessments=(waiting(build, rule),))).conclusion == "success"


@pytest.mark.parametrize("rule", ["target", "descent", "something new"])
def test_any_other_waiting_is_red(build: Build, rule: str) -> None:
    assert check_of(build.story(assessments=(waiting(build, rule),))).conclusion == "failure"


@pytest.mark.parametrize("state", ["fail", "unknown"])
def test_failed_and_unknown_rules_are_red(build: Build, state: State) -> None:
    assert check_of(build.story(assessments=(waiting(build, "approvals", state),))).conclusion == "failure"


@pytest.mark.parametrize(
    ("rule", "conclusion"), [("approvals", "failure"), ("deletions", "failure"), ("order", "success")]
)
def test_missing_approvals_are_red_where_the_configuration_says_so(build: Build, rule: str, conclusion: str) -> None:
    story = build.story(assessments=(waiting(build, rule),), check="approvals")
    assert check_of(story).conclusion == conclusion
    assert check_of(replace(story, phase="merged")).conclusion == "success"
    anew = build.story(preview=(waiting(build, rule),), former=(waiting(build, rule),), check="approvals")
    assert check_of(anew).conclusion == conclusion
    assert check_of(replace(anew, former=())).conclusion == "success"


@pytest.mark.parametrize("level", ["error", "unknown"])
def test_a_finding_is_red_whatever_the_verdict_says(build: Build, level: str) -> None:
    part = replace(waiting(build, "order"), findings=(build.finding(level),))
    assert check_of(build.story(assessments=(part,))).conclusion == "failure"
    assert check_of(build.story(preview=(part,))).conclusion == "failure"
    assert check_of(build.story(findings=(build.finding(level),))).conclusion == "failure"


@pytest.mark.parametrize("level", ["warning", "notice"])
def test_a_warning_is_green(build: Build, level: str) -> None:
    part = replace(waiting(build, "order"), findings=(build.finding(level),))
    assert check_of(build.story(assessments=(part,))).conclusion == "success"


def test_no_verdict_is_red(build: Build) -> None:
    part = replace(build.assessment(), verdict=None)
    assert check_of(build.story(assessments=(part,))).conclusion == "failure"


@pytest.mark.parametrize(
    ("phase", "conclusion"),
    [
        ("planning", None),
        ("open", "success"),
        ("elsewhere", "success"),
        ("unconfigured", "success"),
        ("conflict", "failure"),
        ("fork", "failure"),
        ("misconfigured", "failure"),
        ("unreadable", "failure"),
        ("closed", "failure"),
    ],
)
def test_every_phase_has_its_conclusion(build: Build, phase: Phase, conclusion: str | None) -> None:
    check = check_of(build.story(phase))
    assert check.conclusion == conclusion
    assert check.head == build.HEAD
    assert check.title
    assert check.summary


def test_a_failed_apply_is_red(build: Build) -> None:
    failed = Standing(environment="prod", state="failed", detail="disk full")
    check = check_of(build.story("merged", standings=(failed,)))
    assert check.conclusion == "failure"
    assert check.title == "prod failed"


def test_the_title_counts_what_the_pull_request_does(build: Build) -> None:
    assert check_of(build.busy()).title == (
        "staging +2 ~1 · prod +2 ~1 -1 · 1 error · 0 of 1 approvals · 1 deletion to approve"
    )
    drift = build.assessment(changes=[build.change(cause=Cause.DRIFT)])
    assert check_of(build.story(assessments=(drift,))).title.startswith("prod unchanged")
    assert check_of(build.story()).title == "affects no environment"


def test_annotations_are_at_file_and_line_failures_first(build: Build) -> None:
    findings = [build.finding("notice", line=3), build.finding("error", line=0), build.finding("warning")]
    check = check_of(build.story(assessments=(build.assessment(findings=findings),)))
    assert [(each.level, each.line) for each in check.annotations] == [("failure", 1), ("warning", 22), ("notice", 3)]
    assert check.annotations[0].message == "Deployment web/api: the image ends in :latest\npin a digest"
    assert check.annotations[0].title == "no-latest-tag (prod)"
    named = build.finding(message="Deployment web/api has no probe", fix="")
    (once,) = check_of(build.story(assessments=(build.assessment(findings=[named]),))).annotations
    assert once.message == "Deployment web/api has no probe"


def test_the_same_finding_is_annotated_once_and_never_more_than_a_request_holds(build: Build) -> None:
    findings = [build.finding(line=number) for number in range(1, 80)]
    parts = tuple(build.assessment(name, findings=findings) for name in ("prod", "staging"))
    annotations = check_of(build.story(assessments=parts)).annotations
    assert len(annotations) == 50
    assert annotations[0].title == "no-latest-tag (prod, staging)"


def test_a_path_that_cannot_be_shown_is_left_to_the_text(build: Build) -> None:
    findings = [build.finding(path="a\nb.yaml"), build.finding(path="a\u202eb.yaml"), build.finding(path="")]
    check = check_of(build.story(assessments=(build.assessment(findings=findings),)))
    assert check.annotations == ()
    assert "a\\nb.yaml" in check.summary


def test_what_github_would_cut_is_cut_by_bytes(build: Build) -> None:
    before, after = ({"data": {"value": sign * 150}} for sign in "éü")
    changes = [build.change(build.thing(name=f"a{number}"), before=before, after=after) for number in range(300)]
    findings = [build.finding(message="ü" * 150, line=number) for number in range(300)]
    check = check_of(build.story(assessments=(build.assessment(changes=changes, findings=findings),)))
    assert 50_000 < len(check.text.encode()) <= 60_000
    assert 25_000 < len(check.summary.encode()) <= 30_000
