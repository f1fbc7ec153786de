"""Answers to commands: the next command is one that works when it is typed as it stands there."""

from bot.model.forge import Limits
from bot.report import answers, comment_of
from bot.report.story import Answer
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
