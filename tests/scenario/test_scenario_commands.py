"""Commands: what they do, and where they are refused aloud."""

from pathlib import Path

import pytest

from bot.cli.demo.stage import INTERVALS, TEAM, Stage, put_up
from tests.support.people import People

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("servers")]

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
    await people.comment_says(number, "❌", "0 of 1")


async def test_a_hold_stops_every_write_until_it_is_released(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging\n/gate hold staging over the weekend")
    await people.comment_says(number, "Held")
    await people.developer.merge(number)
    await people.comment_says(number, "was merged into", "over the weekend")
    await people.page_says("staging", lambda page: "over the weekend" in page["reason"])
    assert all(NEW not in text for text in stage.place.objects("staging").values())
    await people.approver.answer(number, "/gate release staging")
    await people.folder_shows("staging", lambda o: any(NEW in text for text in o.values()))


async def test_who_may_not_approve_may_not_hold(people: People, stage: Stage) -> None:
    number = await people.change(("envs/prod/web.yaml", OLD, NEW))
    await people.comment_says(number, "prod")
    await people.developer.answer(number, "/gate hold prod for fun")
    await people.comment_says(number, "❌", "this is for team:acme/sre", absent=("Held",))


async def test_a_hold_that_was_answered_stops_what_had_not_begun(tmp_path: Path) -> None:
    async with put_up(tmp_path, None, 0, print, INTERVALS | {"repository": 600}) as stage:
        await stage.install()
        people = People(stage)
        number = await people.change(("envs/prod/web.yaml", OLD, NEW))
        await people.approve(number, "prod")
        stage.forge.add_team("acme", TEAM, [])
        await people.merge(number)
        await people.page_says("prod", lambda page: "0 of 1" in page["reason"])
        await people.comment_says(number, "was merged into", "0 of 1")
        await people.developer.read_plan(number)
        # the environment's own look has read that nobody holds it, and is kept from going on
        slow = {"on": "api", "method": "GET", "path": ".*/members.*", "kind": "delay", "seconds": 8}
        stage.forge.add_faults([slow])
        await people.struck("delay")
        stage.forge.add_team("acme", TEAM, ["ana"])
        await people.approver.comment(number, "/gate hold prod an incident")
        await people.comment_says(number, "Held")
        await people.page_says("prod", lambda page: "held" in page["reason"] or page["reason"] == "applies at once")
        assert not any(NEW in text for text in stage.place.objects("prod").values())


async def test_an_environment_can_be_held_from_any_thread(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.developer.call("PATCH", f"/pulls/{number}", {"state": "closed"})
    await people.comment_says(number, "losed")
    await people.approver.answer(number, "/gate hold staging an incident")
    await people.comment_says(number, "/gate hold staging an incident", "Held")
    assert (await people.page("staging"))["held"]
