"""Answers to commands: the next command is one that works when it is typed as it stands there."""

from dataclasses import replace

import pytest

from bot.model.environment import ApprovalRule
from bot.model.forge import Limits
from bot.model.identity import Permission, Person
from bot.model.noun import Digest
from bot.model.report import Answer, Standing
from bot.report import answers
from bot.report.comment import comment_of
from tests.unit.report.conftest import NOON, Build

BO = Person(id=1, login="bo")
THERE = Standing(environment="prod", revision="3f2a9c1ff")
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


def test_a_refusal_is_a_sentence_with_what_to_type_instead() -> None:
    assert answers.refusal("there is no plam; did you mean plan?", "/gate plan", several=False) == (
        "There is no plam; did you mean plan? Type `/gate plan`."
    )
    assert answers.refusal("this is a sentence.", "", several=False) == "This is a sentence."


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            answers.no_right(BO, Permission.WRITE, looked_up=True),
            "This needs write access to the repository, which bo does not have.",
        ),
        (
            answers.no_right(BO, Permission.WRITE, looked_up=False),
            "What bo may do here could not be looked up, so nothing was done. Type it again in a minute.",
        ),
        (
            answers.nothing_to_approve("conflict"),
            "There is nothing to approve here: git cannot merge it; resolve that first.",
        ),
        (answers.nothing_to_approve("open"), "There is nothing to approve here: it affects no environment."),
        (answers.for_environment("prod", "not now."), "prod: not now."),
        (
            answers.moved_on(Digest("d1:old"), Digest("d1:new")),
            "the plan you saw was for state d1:old; by now it is d1:new, shown above. Look at it, then type it again",
        ),
        (answers.approved(["prod"], ["qa: not now."]), "Approved: prod. qa: not now."),
        (answers.withdrawn([]), "Your approvals here no longer count: there were none."),
        (answers.not_destroyed(["a"], ["b"]), "a would not be destroyed. The plan destroys b."),
        (answers.not_destroyed(["a"], []), "a would not be destroyed. The plan destroys nothing."),
        (answers.not_destroyed([], ["b"]), "The plan destroys b."),
        (answers.nothing_pending([]), "Nothing of this pull request waits to be applied to any environment."),
        (answers.status_of(Standing(environment="prod")), "prod: nothing was applied yet."),
        (
            answers.status_of(Standing(environment="prod", reason="held by ana")),
            "prod: nothing was applied yet (held by ana).",
        ),
        (answers.status_of(replace(THERE, health="healthy", drifted=2)), "prod: at 3f2a9c1; healthy, 2 drifted."),
        (
            answers.status_of(replace(THERE, since=NOON, reason="0 of 1 approvals", seen=NOON)),
            "prod: at 3f2a9c1 since 2026-11-20 14:02 UTC; 0 of 1 approvals (seen 14:02:00 UTC).",
        ),
        (answers.standings([], "/gate"), "The branch that deploys describes no environment yet."),
        (
            answers.standings([replace(THERE, health="healthy"), Standing(environment="qa")], "/gate"),
            "prod: at 3f2a9c1; healthy.\nqa: nothing was applied yet.\n"
            "Another look is under way; `/gate status` once more tells what it saw.",
        ),
    ],
)
def test_every_case_has_its_words(said: str, text: str) -> None:
    assert said == text


def test_who_may_approve_is_named_unless_nobody_knows(build: Build) -> None:
    team = build.environment(approvals=ApprovalRule(count=1, approvers=("team:acme/sre", "user:ana")))
    everyone = build.environment(approvals=ApprovalRule(count=1))
    assert answers.not_an_approver(team, unknown=False) == "this is for team:acme/sre or user:ana"
    assert answers.not_an_approver(everyone, unknown=False) == "this is for everyone with write access"
    assert "could not be looked up" in answers.not_an_approver(team, unknown=True)


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
