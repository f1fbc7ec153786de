"""Commands: what they do, and where they are refused aloud."""

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

STAGING = "envs/staging/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


async def test_a_mistyped_environment_gets_a_suggestion(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve stagin")
    await people.comment_says(number, "❌", "staging", "did you mean")


async def test_several_commands_are_accepted_or_refused_together(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging\n/gate apply staging")
    await people.comment_says(number, "`/gate apply staging`: Only what is merged", "None of this comment's", "0 of 1")
    await people.approver.answer(number, "/gate status\n/gate approve qa")
    await people.comment_says(number, '`/gate approve qa`: There is no environment "qa"; there are: dev, prod, staging')
    await people.approver.answer(number, "/gate status prod\n/gate unapprove")
    said = await people.comment_says(number, "`/gate status prod · /gate unapprove`: prod: at ")
    assert "applies at once" not in said.partition("/gate status prod")[2]


async def test_a_hold_stops_every_write_until_it_is_released(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging\n/gate hold staging over the weekend")
    await people.comment_says(number, "Held", "`/gate release staging`")
    await people.developer.merge(number)
    await people.comment_says(number, "was merged into", "over the weekend")
    await people.page_says("staging", lambda page: "over the weekend" in page["reason"])
    assert all(NEW not in text for text in stage.place.objects("staging").values())
    await people.approver.answer(number, "/gate release staging")
    await people.comment_says(number, "Released: nothing holds staging now.")
    await people.folder_shows("staging", lambda o: any(NEW in text for text in o.values()))


async def test_a_locked_conversation_does_not_keep_a_command_from_being_obeyed(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.read_plan(number)
    await people.approver.call("PUT", f"/issues/{number}/lock")
    await people.approver.comment(number, "/gate approve staging")
    await people.comment_says(number, "Approved: staging")


async def test_who_may_not_approve_may_not_hold(people: People, stage: Stage) -> None:
    number = await people.change(("envs/prod/web.yaml", OLD, NEW))
    await people.comment_says(number, "prod")
    await people.developer.answer(number, "/gate hold prod for fun")
    await people.comment_says(number, "❌", "this is for team:acme/sre", absent=("Held",))


async def test_an_environment_can_be_held_from_any_thread(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.developer.call("PATCH", f"/pulls/{number}", {"state": "closed"})
    await people.comment_says(number, "losed")
    await people.approver.answer(number, "/gate hold staging an incident")
    await people.comment_says(number, "/gate hold staging an incident", "Held")
    assert (await people.page("staging"))["held"]
