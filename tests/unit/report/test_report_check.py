"""The check: when it may be green, and what its title and annotations say."""

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.model.environment import ApprovalRule
from bot.model.gate import Assessment, State, Verdict
from bot.model.plan import Action, Cause
from bot.model.report import Answer
from bot.report.check_run import check_of
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


def changing(build: Build, *names: str, action: Action = Action.UPDATE, **more: Any) -> tuple[Assessment, ...]:
    """Environments with one change each, which nobody has to approve."""
    return tuple(
        build.assessment(
            each, [build.change(action=action)], environment=build.environment(each, approvals=ApprovalRule()), **more
        )
        for each in names
    )


@pytest.mark.parametrize(
    ("action", "said"),
    [(Action.REPLACE, "prod +1 -1"), (Action.ADOPT, "prod ~1"), (Action.UNCHANGED, "prod unchanged")],
)
def test_the_title_counts_every_action(build: Build, action: Action, said: str) -> None:
    assert check_of(build.story(assessments=changing(build, "prod", action=action))).title == said


@pytest.mark.parametrize(("count", "rest"), [(4, ""), (5, " · 1 more environment"), (9, " · 5 more environments")])
def test_the_title_names_the_first_environments(build: Build, count: int, rest: str) -> None:
    parts = changing(build, *(f"e{number}" for number in range(count)))
    assert check_of(build.story(assessments=parts)).title == f"e0 ~1 · e1 ~1 · e2 ~1 · e3 ~1{rest}"


def test_the_title_tells_what_a_first_configuration_would_change(build: Build) -> None:
    assert check_of(build.story("unconfigured", preview=changing(build, "qa"))).title == "qa ~1"
    assert check_of(build.story("unconfigured")).title == "affects no environment: there is no tidegate.yaml"


def test_a_title_is_a_line_of_bearable_length(build: Build) -> None:
    title = check_of(build.story(leaving=tuple(f"{number}\n" + "e" * 100 for number in range(4)))).title
    assert (len(title), "\n" in title) == (200, False)


def test_the_title_counts_what_is_wrong(build: Build) -> None:
    assert check_of(build.story(findings=(build.finding(),))).title == "1 error"
    findings = [build.finding("unknown")]
    (part,) = changing(build, "prod", findings=findings, rendered=False)
    assert check_of(build.story(assessments=(part,))).title == "prod not planned · 1 could not be evaluated"


def test_the_title_counts_environments_that_wait_for_approval(build: Build) -> None:
    parts = tuple(build.assessment(name, [build.change()]) for name in ("prod", "staging"))
    title = check_of(build.story(assessments=parts)).title
    assert title == "prod ~1 · staging ~1 · 2 environments wait for approval"


def test_after_the_merge_the_title_says_where_each_environment_stands(build: Build) -> None:
    standings = (Standing(environment="staging", state="applied"), Standing(environment="prod", state="waiting"))
    part = build.assessment(changes=[build.change()])
    title = check_of(build.story("merged", standings=standings, assessments=(part,))).title
    assert title == "staging applied · prod waiting · 0 of 1 approvals"
    assert check_of(build.story("merged")).title == "merged"


def test_the_check_holds_what_changes_apart_and_nothing_that_only_a_thread_needs(build: Build) -> None:
    answer = Answer(by="bo", command="/gate plan", accepted=True, text="Planned again.", at=build.NOON)
    story = replace(build.busy(), preview=(build.assessment("qa", [build.change()]),), answers=(answer,))
    check = check_of(story)
    assert check.text.startswith("### What changes\n")
    assert [f"<summary>{name}:" in check.text for name in ("prod", "staging", "qa")] == [True, True, True]
    assert "<details>" not in check.summary
    assert "this comment" not in check.summary
    assert "Planned again." not in check.summary
    assert check.url == build.LINKS["plan"]
    assert f"[full plan]({check.url})" in check.text
    assert check_of(build.story()).text == ""


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


def test_every_finding_is_annotated_in_one_order(build: Build) -> None:
    first, second, third, fourth, fifth = (
        build.finding(level, path=path, line=line, message=message)
        for level, path, line, message in (
            ("unknown", "z", 1, "m"), ("notice", "a", 2, "n"), ("notice", "a", 2, "m"), ("notice", "a", 3, "a"),
            ("notice", "b", 1, "a"),
        )
    )  # fmt: skip
    previewed = build.assessment("qa", findings=[first])
    story = build.story(
        assessments=(build.assessment(findings=[third, third, fifth]),), preview=(previewed,), findings=(fourth, second)
    )
    found = [(each.level, each.path, each.line, each.title) for each in check_of(story).annotations]
    assert found == [
        ("failure", "z", 1, "no-latest-tag (qa)"), ("notice", "a", 2, "no-latest-tag (prod)"),
        ("notice", "a", 2, "no-latest-tag"), ("notice", "a", 3, "no-latest-tag"),
        ("notice", "b", 1, "no-latest-tag (prod)"),
    ]  # fmt: skip


def test_an_annotation_names_the_rule_and_the_waiver_and_has_an_end(build: Build) -> None:
    waived = build.finding("notice", rule="probes", waived="by ana until 2030-01-31: migration", message="x" * 9_000)
    (found,) = check_of(build.story(findings=(waived, replace(waived, path="")))).annotations
    assert (found.title, len(found.message)) == ("probes", 4_000)
    (found,) = check_of(build.story(findings=(replace(waived, message="m"),))).annotations
    assert found.message.endswith("m\nwaived by ana until 2030-01-31: migration")


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
