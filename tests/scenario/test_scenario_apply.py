"""Applies that are asked for: the first one, an earlier revision, and what is refused."""

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(240)

CONFIG = "envs/staging/config.yaml"


async def test_an_earlier_approved_revision_can_be_asked_for(people: People, stage: Stage) -> None:
    first = await people.change((CONFIG, "CURRENCY: EUR", "CURRENCY: USD"), title="first")
    await people.comment_says(first, "0 of 1")
    await people.approver.answer(first, "/gate approve staging\n/gate hold staging for the fair")
    await people.comment_says(first, "Held")
    revision = await people.merge(first)
    await people.comment_says(first, "was merged into")
    second = await people.change((CONFIG, "Welcome to the shop", "Hello"), title="second")
    await people.comment_says(second, "0 of 1")
    await people.developer.merge(second)
    await people.comment_says(second, "was merged into")
    await people.approver.answer(first, f"/gate apply staging {revision}")
    await people.comment_says(first, "Asked for: staging")
    await people.approver.answer(first, "/gate release staging")
    shown = await people.folder_shows("staging", lambda o: any("CURRENCY: USD" in text for text in o.values()))
    assert not any("Hello" in text for text in shown.values())


async def test_what_was_never_merged_or_is_older_is_refused(people: People, stage: Stage) -> None:
    first = await people.change((CONFIG, "CURRENCY: EUR", "CURRENCY: USD"))
    await people.comment_says(first, "0 of 1")
    await people.approver.answer(first, "/gate apply staging")
    await people.comment_says(first, "❌", "merge the pull request first")
    await people.developer.merge(first)
    await people.comment_says(first, "was merged into")
    await people.approver.answer(first, f"/gate apply staging {'0' * 40}")
    await people.comment_says(first, "there is no commit")
    second = await people.change((CONFIG, "Welcome to the shop", "Hello"), title="never reviewed")
    await people.comment_says(second, "0 of 1")
    proposed = (await people.developer.call("GET", f"/pulls/{second}"))["head"]["sha"]
    await people.approver.answer(first, f"/gate apply staging {proposed}")
    await people.comment_says(first, "is not a commit of main")


async def test_what_was_asked_for_by_revision_does_not_stay_in_the_way(people: People, stage: Stage) -> None:
    number = await people.change((CONFIG, "CURRENCY: EUR", "CURRENCY: USD"))
    await people.comment_says(number, "0 of 1")
    before = (await people.page("staging"))["revision"]
    await people.merge(number)
    await people.comment_says(number, "was merged into", "0 of 1")
    await people.developer.answer(number, f"/gate apply staging {before}")
    await people.comment_says(number, "Asked for: staging")
    await people.approver.answer(number, "/gate approve staging")
    await people.comment_says(number, "Approved: staging")
    await people.folder_shows("staging", lambda o: any("CURRENCY: USD" in text for text in o.values()))
