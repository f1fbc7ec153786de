"""Commands: where they count, where they are silence, and where they are refused aloud."""

from dataclasses import replace

import pytest

from bot.cli.demo.stage import Stage
from tests_support.people import People

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


async def test_what_is_not_a_command_has_no_effect_and_no_answer(people: People, stage: Stage) -> None:
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


async def test_a_bots_command_is_silence(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    robot = stage.forge.add_user("robot", "Robot")
    stage.forge.core.state.accounts.put(replace(robot, type="Bot"))
    stage.tokens["robot"] = stage.forge.token("robot")
    await stage.account("robot").answer(number, "/gate approve staging")
    await people.approver.answer(number, "/gate status")
    assert "robot" not in await people.comment_says(number, "/gate status", "0 of 1")


async def test_a_command_edited_in_later_is_refused_aloud(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    id = await people.approver.answer(number, "hello /there")
    await people.approver.answer(number, "/gate status")
    await people.comment_says(number, "/gate status")
    await people.rewrite(people.approver, id, "/gate approve staging")
    await people.comment_says(number, "❌", "edited", "0 of 1")


async def test_a_mistyped_environment_gets_a_suggestion(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve stagin")
    await people.comment_says(number, "❌", "staging", "did you mean")


async def test_several_commands_are_accepted_or_refused_together(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging\n/gate apply staging")
    await people.comment_says(number, "❌", "0 of 1")


async def test_a_hold_stops_every_write_until_it_is_released(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging\n/gate hold staging over the weekend")
    await people.comment_says(number, "Held")
    await people.developer.merge(number)
    await people.comment_says(number, "merged", "over the weekend")
    await people.page_says("staging", lambda page: "over the weekend" in page["reason"])
    assert all(NEW not in text for text in stage.place.objects("staging").values())
    await people.approver.answer(number, "/gate release staging")
    await people.folder_shows("staging", lambda o: any(NEW in text for text in o.values()))


async def test_who_may_not_approve_may_not_hold(people: People, stage: Stage) -> None:
    number = await people.change(("envs/prod/web.yaml", OLD, NEW))
    await people.comment_says(number, "prod")
    await people.developer.answer(number, "/gate hold prod for fun")
    await people.comment_says(number, "❌", "this is for team:acme/sre", absent=("Held",))
