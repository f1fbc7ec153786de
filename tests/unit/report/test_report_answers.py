"""Answers to commands: the next command is one that works when it is typed as it stands there."""

import pytest

from bot.model.environment import ApprovalRule
from bot.model.forge import Limits
from bot.model.report import Answer
from bot.report import answers, comment_of
from tests.unit.report.conftest import Build

LIMITS = Limits(comment=65_536, check_text=65_535, annotations=50)


def test_what_to_type_next_has_the_prefix() -> None:
    assert "type `/ops plan 3f2a9c1`" in answers.fork_needs("3f2a9c1", "/ops")
    assert answers.held(["prod", "qa"], "/ops").endswith("types `/ops release prod qa`.")


def test_help_is_a_line_for_each_command(build: Build) -> None:
    text = answers.help_text([("plan", "plans again"), ("help", "lists these commands")], "/gate")
    said = Answer(by="bo", command="/gate help", accepted=True, text=text, at=build.NOON)
    comment = comment_of(build.story(answers=(said,)), LIMITS)
    assert "The commands are:<br>`/gate plan`: plans again.<br>`/gate help`: lists these commands.\n" in comment


def test_a_refusal_says_that_the_others_were_not_obeyed_either() -> None:
    one = answers.refusal("there are no options", "", several=False)
    assert one == "There are no options."
    assert answers.refusal("there are no options", "", several=True) == one + answers.ALL_OR_NONE


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (ApprovalRule(count=1), "**To apply prod:** somebody with write access comments `/gate approve prod`"),
        (ApprovalRule(count=2), "2 people with write access comment `/gate approve prod` (or approve in a review"),
        (ApprovalRule(count=2, approvers=("team:acme/sre",)), "**To apply prod:** 2 of `acme/sre` comment"),
    ],
)
def test_who_is_asked_is_said_in_english(build: Build, rule: ApprovalRule, said: str) -> None:
    part = build.assessment(changes=[build.change()], environment=build.environment(approvals=rule))
    assert said in comment_of(build.story(assessments=(part,)), LIMITS)
