"""Consent: it is for what was seen, by somebody who did not make it, and it ends when the state is left."""

from pathlib import Path

import pytest

from bot.cli.demo.stage import INTERVALS, TEAM, Stage, put_up
from tests.support.people import People

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("servers")]

STAGING, PROD, DEV = "envs/staging/web.yaml", "envs/prod/web.yaml", "envs/dev/web.yaml"
CONFIG = "envs/staging/config.yaml"
OLD, NEW, NEWER = "web:1.4.2", "web:1.5.0", "web:1.5.1"


def runs(stage: Stage, environment: str, text: str) -> bool:
    return any(text in each for each in stage.place.objects(environment).values())


async def looked(people: People, environment: str, words: str) -> None:
    """Wait until the work on the environment itself says `words`: what it was to do by then, it has done."""
    await people.page_says(environment, lambda page: words in page["reason"])


async def test_nothing_is_applied_before_it_is_approved(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.merge(number)
    await looked(people, "staging", "0 of 1")
    assert not runs(stage, "staging", NEW)


async def test_an_approver_does_not_count_for_what_they_opened(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.developer.answer(number, "/gate approve staging")
    await people.comment_says(number, "who opened the change cannot approve it", "0 of 1")
    await people.merge(number)
    await looked(people, "staging", "0 of 1")
    await people.developer.answer(number, "/gate approve staging")
    body = await people.comment_says(number, "was merged into", "0 of 1", "who opened the change cannot approve it")
    assert "Approved:" not in body
    await people.developer.answer(number, "/gate status staging")
    await people.comment_says(number, "/gate status staging", "0 of 1", absent=("Approved:",))
    assert not runs(stage, "staging", NEW)


async def test_an_approver_does_not_count_for_what_they_pushed_without_a_pull_request(
    people: People, stage: Stage
) -> None:
    number = await people.change((CONFIG, "CURRENCY: EUR", "CURRENCY: USD"))
    await people.comment_says(number, "0 of 1")
    await people.merge(number)
    text, _ = await people.approver.read(STAGING, "main")
    await people.approver.write(STAGING, text.replace(OLD, NEW), "main", "straight to main")
    await people.comment_says(number, "was merged into", "2 changed")
    await people.approver.answer(number, "/gate approve staging")
    await people.comment_says(number, "who wrote a part of the change cannot approve it", absent=("Approved:",))
    assert not runs(stage, "staging", NEW)


async def test_an_approval_of_a_plan_that_was_overtaken_is_refused(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.developer.read_plan(number)
    stage.forge.add_faults([{"on": "webhook", "event": event, "kind": "lost"} for event in ("pull_request", "push")])
    await people.begin_a_look(number)
    await people.edit(people.branch_of(number), STAGING, NEW, NEWER)
    await people.approver.comment(number, "/gate approve staging")
    await people.comment_says(number, "the plan you saw was for state", NEWER, "0 of 1", absent=("Approved:",))
    await people.approver.answer(number, "/gate approve staging")
    await people.comment_says(number, "Approved: staging")


async def test_an_apply_that_was_asked_for_another_state_is_refused(people: People, stage: Stage) -> None:
    first = await people.change((STAGING, OLD, NEW), title="first")
    second = await people.change((CONFIG, "CURRENCY: EUR", "CURRENCY: USD"), title="second")
    for number in (first, second):
        await people.comment_says(number, "0 of 1")
    await people.merge(first)
    await people.comment_says(first, "was merged into", "0 of 1")
    await people.developer.read_plan(first)
    faults = [{"on": "webhook", "event": event, "kind": "lost", "times": 2} for event in ("pull_request", "push")]
    stage.forge.add_faults(faults)
    await people.begin_a_look(first)
    await people.developer.merge(second)
    await people.developer.comment(first, "/gate apply staging")
    await people.comment_says(first, "the plan you saw was for state", absent=("Asked for",))


async def test_a_review_of_an_earlier_commit_does_not_count(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    pull = await people.developer.call("GET", f"/pulls/{number}")
    await people.edit(people.branch_of(number), STAGING, NEW, NEWER)
    await people.comment_says(number, NEWER, "0 of 1")
    await people.approver.read_plan(number)
    review = {"event": "APPROVE", "commit_id": pull["head"]["sha"]}
    await people.approver.call("POST", f"/pulls/{number}/reviews", review)
    await people.approver.answer(number, "/gate status staging")
    await people.comment_says(number, "/gate status staging", "0 of 1")


async def test_an_approval_can_be_taken_back_by_its_giver_only(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.approve(number, "staging")
    await people.developer.answer(number, "/gate unapprove staging")
    await people.comment_says(number, "no longer count", absent=("0 of 1",))
    await people.approver.answer(number, "/gate unapprove staging")
    await people.comment_says(number, "0 of 1")


async def test_an_approval_of_a_state_that_was_left_does_not_bring_it_back(people: People, stage: Stage) -> None:
    first, same = await people.same_twice((STAGING, OLD, NEW), "staging")
    await people.merge(first)
    await people.page_says("staging", lambda page: page["health"] == "healthy" and runs(stage, "staging", NEW))
    back = await people.change((STAGING, NEW, OLD), title="back")
    await people.approve(back, "staging")
    await people.merge(back)
    await people.folder_shows("staging", lambda objects: any(OLD in each for each in objects.values()))
    await people.comment_says(back, "applied at")
    await people.approver.answer(same, "/gate status staging")
    await people.comment_says(same, "/gate status staging", "0 of 1")


async def test_a_membership_that_cannot_be_looked_up_does_not_count(people: People, stage: Stage) -> None:
    number = await people.change((PROD, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.read_plan(number)
    members = {"on": "api", "method": "GET", "path": ".*/members.*", "kind": "status", "status": 500}
    stage.forge.add_faults([{**members, "times": 1000}])
    await people.approver.comment(number, "/gate approve prod")
    await people.comment_says(number, "could not be looked up", "0 of 1", absent=("Approved:",))


async def test_who_left_the_team_does_not_count_any_more(people: People, stage: Stage) -> None:
    number = await people.change((PROD, OLD, NEW))
    await people.approve(number, "prod")
    stage.forge.add_team("acme", TEAM, [])
    await people.merge(number)
    await looked(people, "prod", "0 of 1")
    assert not runs(stage, "prod", NEW)


async def test_without_required_approvals_a_merge_counts_only_for_what_it_could_show(
    people: People, stage: Stage
) -> None:
    stage.forge.add_faults([{"on": "webhook", "event": "pull_request", "kind": "lost"}])
    number = await people.change((DEV, OLD, NEW))
    await people.developer.merge(number)
    await people.comment_says(number, "was merged into", "not shown before the merge")
    await looked(people, "dev", "not shown before the merge")
    assert not runs(stage, "dev", NEW)
    await people.approver.answer(number, "/gate approve dev")
    await people.folder_shows("dev", lambda objects: any(NEW in each for each in objects.values()))


async def test_an_approval_covers_no_deletion_that_was_not_shown(people: People, stage: Stage) -> None:
    text, _ = await people.developer.read(CONFIG, "main")
    await people.developer.branch("more", "main")
    await people.developer.write("envs/staging/more.yaml", text.replace("web-settings", "more"), "more", "more")
    first = await people.developer.propose("more", "more")
    await people.comment_says(first, "0 of 1")
    await people.merge(first)
    await people.comment_says(first, "was merged into", "0 of 1")
    await people.developer.branch("less", "main")
    await people.developer.remove("envs/staging/more.yaml", "less", "less")
    text, _ = await people.developer.read(STAGING, "less")
    await people.developer.write(STAGING, text.replace(OLD, NEW), "less", "and an image")
    second = await people.developer.propose("less", "less")
    await people.comment_says(second, "1 changed", "0 of 1")
    for number in (first, second):
        await people.approver.read_plan(number)
    # nothing more is told in the second thread before it is approved there, though more is there by then
    slow = {"on": "api", "method": "GET", "path": f".*/pulls/{second}/commits", "kind": "delay", "seconds": 12}
    stage.forge.add_faults([slow])
    await people.developer.comment(second, "/gate status staging")
    await people.struck("delay")
    await people.approver.comment(first, "/gate approve staging")
    await people.page_says("staging", lambda page: page["health"] == "healthy" and runs(stage, "staging", "name: more"))
    await people.approver.comment(second, "/gate approve staging")
    await people.comment_says(second, "the plan you saw did not destroy", "1 deleted", absent=("Approved:",))
    await people.approver.answer(second, "/gate approve staging")
    await people.comment_says(second, "Approved: staging")


async def test_a_plan_shows_what_is_there_after_another_one_was_applied(tmp_path: Path) -> None:
    # with rare sweeps, only the apply can have the other pull request looked at again
    async with put_up(tmp_path, None, 0, print, INTERVALS | {"repository": 600}) as stage:
        await stage.install()
        people = People(stage)
        first = await people.change((STAGING, OLD, NEW))
        await people.comment_says(first, "0 of 1")
        second = await people.change((CONFIG, "CURRENCY: EUR", "CURRENCY: USD"))
        await people.comment_says(second, "1 changed", "0 of 1")
        await people.merge(first)
        await people.comment_says(first, "was merged into", "0 of 1")
        await people.comment_says(second, "1 changed", "1 pending")
        await people.approver.answer(first, "/gate approve staging")
        await people.comment_says(first, "applied at")
        await people.comment_says(second, "1 changed", "0 of 1", absent=("1 pending",))
