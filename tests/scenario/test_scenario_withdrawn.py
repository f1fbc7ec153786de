"""What ends an approval: it is taken back, its review is dismissed, its pull request is closed or goes elsewhere."""

from dataclasses import replace

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People, holding

pytestmark = pytest.mark.timeout(180)

STAGING, DEV = "envs/staging/web.yaml", "envs/dev/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


async def is_not_applied(people: People, stage: Stage, merge: str) -> None:
    """Wait until staging's own work has looked at the merge; it must wait for an approval."""
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"] or page["revision"] == merge)
    assert not holding(NEW)(stage.place.objects("staging"))


async def test_a_review_that_was_dismissed_does_not_count_any_more(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    pull = await people.developer.call("GET", f"/pulls/{number}")
    await people.approver.read_plan(number)
    body = {"event": "APPROVE", "commit_id": pull["head"]["sha"]}
    review = await people.approver.call("POST", f"/pulls/{number}/reviews", body)
    await people.comment_says(number, "applies at once")
    stage.forge.permit(stage.place.repository, "ana", "admin")
    dismissal = {"message": "not so", "event": "DISMISS"}
    await people.approver.call("PUT", f"/pulls/{number}/reviews/{review['id']}/dismissals", dismissal)
    await people.developer.answer(number, "/gate status staging")
    await people.comment_says(number, "/gate status staging")
    await is_not_applied(people, stage, await people.merge(number))


async def test_an_approval_ends_when_its_pull_request_is_closed(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.approve(number, "staging")
    await people.developer.call("PATCH", f"/pulls/{number}", {"state": "closed"})
    await people.comment_says(number, "losed")
    await people.developer.call("PATCH", f"/pulls/{number}", {"state": "open"})
    await people.comment_says(number, "1 changed", "0 of 1")


async def test_an_approval_does_not_follow_a_pull_request_to_another_branch(people: People, stage: Stage) -> None:
    await people.developer.branch("release", "main")
    first = await people.change((STAGING, OLD, NEW))
    await people.approve(first, "staging")
    core = stage.forge.core
    pull = next(each for each in core.state.pulls if each.number == first)
    core.state.pulls.put(replace(pull, base="release", updated_at=core.now()))
    await people.developer.comment(first, "/gate status")
    await people.comment_says(first, "environments follow")
    await people.developer.merge(first)
    second = await people.developer.propose("release", "release")
    await people.comment_says(second, "0 of 1")
    await is_not_applied(people, stage, await people.merge(second))


async def test_what_was_taken_back_does_not_count_when_its_state_comes_back(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW), (DEV, OLD, "web:1.5.1"))
    await people.approve(number, "staging")
    branch = people.branch_of(number)
    await people.edit(branch, STAGING, NEW, OLD)
    await people.comment_says(number, "web:1.5.1", absent=(NEW,))
    await people.approver.answer(number, "/gate unapprove staging")
    await people.comment_says(number, "no longer count: staging")
    await people.edit(branch, STAGING, OLD, NEW)
    await people.comment_says(number, NEW)
    await is_not_applied(people, stage, await people.merge(number))
