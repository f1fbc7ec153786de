"""Commands that somebody smuggles in, or that were never meant as such."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

STAGING = "envs/staging/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"

SILENT = {
    "code block": "```\n/gate approve staging\n```",
    "indented code": "    /gate approve staging",
    "quote": "> /gate approve staging",
    "list": "- /gate approve staging",
    "html": "<!--\n/gate approve staging\n-->",
    "middle of a line": "please /gate approve staging",
    "another prefix": "/gateway approve staging",
}


@pytest.mark.parametrize("line", ["/gate plan -- -var-file=/etc/passwd", "/gate plan staging -parallelism=$HOME"])
async def test_row_29_arguments_of_programs_are_refused_and_nothing_is_expanded(people: People, line: str) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, line)
    await people.comment_says(number, "❌", line, "no options", "0 of 1", absent=(str(Path.home()), "root:"))


async def test_row_33_what_is_not_a_command_has_no_effect_and_no_answer(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    before = await people.comment_says(number, "0 of 1")
    for text in SILENT.values():
        await people.approver.answer(number, text)
    await people.approver.answer(number, "/gate status")
    after = await people.comment_says(number, "/gate status", "0 of 1")
    assert after.count("❌") == before.count("❌")
    record = await people.record()
    seen = {each["comment"] for each in record["reactions"]}
    comments = {each["body"]: each["id"] for each in record["comments"]}
    assert comments["/gate status"] in seen
    assert not seen & {comments[SILENT[name]] for name in ("quote", "list", "middle of a line")}


async def test_row_34_a_bots_command_is_silence(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    robot = stage.forge.add_user("robot", "Robot")
    stage.forge.core.state.accounts.put(replace(robot, type="Bot"))
    stage.tokens["robot"] = stage.forge.token("robot")
    await stage.account("robot").answer(number, "/gate approve staging")
    await people.approver.answer(number, "/gate status")
    assert "robot" not in await people.comment_says(number, "/gate status", "0 of 1")


async def test_row_34_what_tidegate_itself_proposes_is_no_command(people: People) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate aprove staging")
    await people.comment_says(number, "/gate approve staging", "0 of 1")
    await people.approver.answer(number, "/gate status")
    await people.comment_says(number, "`/gate status`", "0 of 1")
    record = await people.record()
    here = {each["id"] for each in record["comments"] if each["number"] == number}
    answered = {each["comment"] for each in record["reactions"]} & here
    assert answered == {
        each["id"] for each in record["comments"] if each["body"] in ("/gate aprove staging", "/gate status")
    }


async def test_row_33_a_command_edited_in_later_is_refused_aloud(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    id = await people.approver.answer(number, "hello /there")
    await people.approver.answer(number, "/gate status")
    await people.comment_says(number, "/gate status")
    await people.rewrite(people.approver, id, "/gate approve staging")
    await people.comment_says(number, "❌", "edited", "0 of 1")
