"""What is to be done for an environment: every step that there is in words that are right, and no other."""

from dataclasses import replace
from typing import cast

import pytest

from bot.model.environment import ApprovalRule
from bot.model.forge import Limits
from bot.model.gate import Assessment, State, Verdict
from bot.model.plan import Action
from bot.report.comment import comment_of
from bot.report.steps import numbers
from bot.report.story import Story
from tests.unit.report.conftest import Build

LIMITS = Limits(comment=65_536, check_text=65_535, annotations=50)
EVERYONE = "everyone with write access"


def steps(story: Story) -> list[str]:
    """The lines of what to do, without the words that all begin with."""
    found = [each for each in comment_of(story, LIMITS).splitlines() if each.startswith("**To apply ")]
    return [each.removeprefix("**To apply ") for each in found]


def one(build: Build, assessment: Assessment) -> str:
    """What is to be done for `prod`."""
    (line,) = steps(build.story(assessments=(assessment,)))
    return line.removeprefix("prod:** ")


def free(build: Build, **more: object) -> Assessment:
    """`prod` with a change that nobody has to approve."""
    environment = build.environment(approvals=ApprovalRule(), first_apply="on-merge")
    return build.assessment(**{"changes": [build.change()], "environment": environment, **more})


def judged(assessment: Assessment, *nodes: Verdict, state: State = "wait") -> Assessment:
    """The same with these answers of the gate in place of its own."""
    own = cast(Verdict, assessment.verdict)
    rules = {each.rule for each in nodes}
    children = (*(each for each in own.children if each.rule not in rules), *nodes)
    return replace(assessment, verdict=replace(own, state=state, reason="as it is", children=children))


@pytest.mark.parametrize("level", ["error", "unknown"])
def test_what_blocks_is_named_by_its_number(build: Build, level: str) -> None:
    assert one(build, free(build, findings=[build.finding(level)])) == "fix 1 · merge"


@pytest.mark.parametrize("level", ["warning", "notice"])
def test_what_does_not_block_is_no_step(build: Build, level: str) -> None:
    assert one(build, free(build, findings=[build.finding(level)])) == "merge"


def test_a_finding_of_no_environment_is_to_be_put_right_for_all(build: Build) -> None:
    parts = (build.assessment("staging", [build.change()]), free(build))
    found = steps(build.story(assessments=parts, findings=(build.finding(),)))
    assert [each.partition(":** ")[2].partition(" · ")[0] for each in found] == ["fix 1", "fix 1"]


@pytest.mark.parametrize(
    ("found", "said"),
    [([2], "2"), ([2, 3], "2 and 3"), ([2, 3, 4], "2–4"), ([2, 3, 4, 5], "2–5"), ([1, 2, 4], "1, 2 and 4")],
)
def test_numbers_in_a_row_are_a_range(found: list[int], said: str) -> None:
    assert numbers(found) == said


@pytest.mark.parametrize("state", ["fail", "unknown"])
def test_what_blocks_without_a_finding_says_its_reason(build: Build, state: State) -> None:
    assert one(build, judged(free(build), state=state)) == "first: as it is · merge"


def test_without_a_verdict_it_is_to_be_looked_at_again(build: Build) -> None:
    assert one(build, replace(free(build), verdict=None)) == "first: look again · merge"


def test_rewritten_history_is_a_step(build: Build) -> None:
    why = Verdict(rule="ancestor", state="wait", reason="push a commit that descends from it")
    node = Verdict(rule="descent", state="wait", reason="history was rewritten", children=(why,))
    assert one(build, judged(free(build), node)) == "push a commit that descends from it · merge"


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ((EVERYONE,), "somebody with write access"),
        (("team:acme/sre", "user:ana"), "one of `acme/sre` or `ana`"),
        ((EVERYONE, "team:acme/sre"), "one of everyone with write access or `acme/sre`"),
    ],
)
def test_a_hold_is_to_be_released(build: Build, who: tuple[str, ...], said: str) -> None:
    node = Verdict(rule="hold", state="wait", reason="held by ana", who=who, next="/gate release prod")
    assert one(build, judged(free(build), node)) == f"{said} comments `/gate release prod` · merge"
    assert one(build, judged(free(build), replace(node, state="pass"), state="pass")) == "merge"


@pytest.mark.parametrize("rule", ["first_apply", "apply"])
def test_what_is_applied_on_command_is_asked_for_after_the_merge(build: Build, rule: str) -> None:
    part = judged(free(build), Verdict(rule=rule, state="wait", reason="on command", next="/gate apply prod"))
    said = "somebody with write access comments `/gate apply prod`"
    assert one(build, part) == f"merge · {said} after the merge"
    assert steps(build.story("merged", assessments=(part,))) == [f"prod:** {said}"]


def test_what_approves_a_state_and_its_deletion_is_typed_once(build: Build) -> None:
    doomed = build.change(action=Action.DELETE)
    rule = ApprovalRule(count=1, approvers=("team:acme/sre",))
    part = build.assessment(changes=[doomed], environment=build.environment(approvals=rule, first_apply="on-merge"))
    assert one(build, part) == "one of `acme/sre` comments `/gate approve prod` · merge"
    volume = build.change(build.thing("PersistentVolumeClaim", "data"), Action.DELETE)
    part = build.assessment(changes=[doomed, volume], environment=part.environment)
    assert one(build, part).startswith(
        "one of `acme/sre` comments `/gate approve prod` and `/gate approve-deletions prod` · "
    )


def test_where_no_approval_is_needed_a_deletion_is_approved_by_one(build: Build) -> None:
    volume = build.change(build.thing("PersistentVolumeClaim", "data"), Action.DELETE)
    assert one(build, free(build, changes=[volume])) == (
        "somebody with write access comments `/gate approve-deletions prod` · merge"
    )


@pytest.mark.parametrize(("reviews", "offered"), [(True, True), (False, False)])
def test_a_review_is_offered_only_where_it_counts(build: Build, reviews: bool, offered: bool) -> None:
    environment = build.environment(approvals=ApprovalRule(count=1, reviews=reviews))
    assert ("in a review" in one(build, free(build, environment=environment))) is offered


@pytest.mark.parametrize(
    ("applied", "said"),
    [
        (ApprovalRule(count=2), "2 people with write access comment `/gate approve prod` (or approve in a review"),
        (ApprovalRule(count=1, reviews=False), "somebody with write access comments `/gate approve prod` · merge"),
        (ApprovalRule(count=1), "somebody with write access comments `/gate approve prod` (or approves in a review"),
    ],
)
@pytest.mark.parametrize("count", [0, 1])
def test_the_rule_of_the_applied_revision_asks_too(build: Build, count: int, applied: ApprovalRule, said: str) -> None:
    environment = build.environment(approvals=ApprovalRule(count=count), first_apply="on-merge")
    rules = (environment.approvals, applied)
    part = build.assessment(changes=[build.change()], environment=environment, rules=rules)
    assert one(build, part).startswith(said)


def test_only_a_state_that_can_be_approved_is_named(build: Build) -> None:
    def named(assessment: Assessment) -> bool:
        return "he approval is for state" in comment_of(build.story(assessments=(assessment,)), LIMITS)

    never = build.environment(apply="never")
    assert named(build.assessment(changes=[build.change()]))
    assert not named(build.assessment(changes=[build.change()], environment=never))
    assert not named(replace(free(build), plan=None))
    assert "Approvals are for" not in comment_of(build.story(), LIMITS)


@pytest.mark.parametrize(("changed", "aim"), [(True, "To apply prod"), (False, "To approve prod as it is")])
def test_where_nothing_is_to_be_applied_people_agree_to_what_is_there(build: Build, changed: bool, aim: str) -> None:
    environment = build.environment(first_apply="on-merge")
    part = build.assessment(changes=[build.change()] if changed else [], environment=environment)
    assert f"\n**{aim}:** " in comment_of(build.story(assessments=(part,)), LIMITS)
    free_of = build.assessment(changes=[], environment=replace(environment, approvals=ApprovalRule()))
    assert "To approve" not in comment_of(build.story(assessments=(free_of,)), LIMITS)
