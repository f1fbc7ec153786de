"""What a forge and a network do to a server: every trouble that the local forge can play, and what comes of it."""

from typing import Any

import pytest

from bot.cli.demo.stage import Stage
from bot.cli.demo.walk.browser import eventually
from tests.support.people import People, holding

pytestmark = pytest.mark.timeout(240)

STAGING, DEV = "envs/staging/web.yaml", "envs/dev/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


SERVER_ONLY = {
    "GET": ".*/pulls/[0-9]+/(reviews|commits).*",
    "POST": ".*/(issues/[0-9]+/comments|check-runs)",
    "PATCH": ".*/(issues/comments|check-runs)/.*",
}
"""Calls that only the server makes in these stories, and no person."""


def trouble(stage: Stage, **fault: Any) -> None:
    stage.forge.add_faults([fault])


@pytest.mark.parametrize(
    ("status", "retry_after"), [(503, None), (429, 1), (403, 1)], ids=["an outage", "too many requests", "a limit"]
)
async def test_a_forge_that_refuses_for_a_while(
    people: People, stage: Stage, status: int, retry_after: int | None
) -> None:
    more = {"retry_after": retry_after} if retry_after else {}
    for method, path in SERVER_ONLY.items():
        trouble(stage, on="api", method=method, path=path, kind="status", status=status, times=2, **more)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "1 changed")
    await people.check_is(number, "success")
    assert len(await people.developer.bot_comments(number)) == 1


async def test_a_slow_forge_delays_and_changes_nothing(people: People, stage: Stage) -> None:
    trouble(stage, on="api", method="GET", path=".*/pulls/.*", kind="delay", seconds=2, times=3)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "1 changed")


async def test_the_check_is_in_progress_while_a_plan_takes_long(people: People, stage: Stage) -> None:
    trouble(stage, on="git", kind="delay", seconds=8, times=1)
    number = await people.change((STAGING, OLD, NEW))
    head = (await people.developer.call("GET", f"/pulls/{number}"))["head"]["sha"]

    async def states() -> list[str]:
        found = await people.developer.call("GET", f"/commits/{head}/check-runs?check_name=tidegate")
        return [run["status"] for run in found["check_runs"]]

    assert await eventually(states, "there never was a check") == ["in_progress"]
    await people.check_is(number, "success")
    assert await states() == ["completed"], "it is one check from its beginning to its end"


async def test_a_plan_whose_reply_was_lost_counts_as_shown_from_when_it_was_there(people: People, stage: Stage) -> None:
    trouble(stage, on="api", method="POST", path=".*/issues/2/comments", kind="lost_reply", times=1)
    trouble(stage, on="api", method="PATCH", path=".*/issues/comments/.*", kind="status", status=503, times=1000)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging")
    await people.developer.session.delete(f"{stage.place.forge}/_faults")
    await people.comment_says(number, "Approved: staging")


async def test_a_plan_that_could_not_be_posted_does_not_count_as_shown(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    comment = await people.developer.plan_comment(number)
    assert comment is not None
    path = f".*/issues/comments/{comment['id']}"
    trouble(stage, on="api", method="PATCH", path=path, kind="status", status=503, times=1000)
    await people.edit(people.branch_of(number), STAGING, NEW, "web:1.5.1")

    async def tried() -> bool:
        return int((await people.faults())[0]["times"]) < 1000

    await eventually(tried, "the server never tried to show the new plan")
    await people.acknowledged(await people.approver.answer(number, "/gate approve staging"))
    await people.developer.session.delete(f"{stage.place.forge}/_faults")
    await people.comment_says(number, "the plan you saw was for state", "web:1.5.1", absent=("Approved:",))


@pytest.mark.parametrize("path", [".*/issues/2/comments", ".*/check-runs"], ids=["comment", "check"])
async def test_a_lost_reply_leaves_one_comment_and_one_check(people: People, stage: Stage, path: str) -> None:
    trouble(stage, on="api", method="POST", path=path, kind="lost_reply", times=1)
    number = await people.change((STAGING, OLD, NEW))
    await people.check_is(number, "success")
    await people.approver.answer(number, "/gate status")
    await people.comment_says(number, "1 changed", "/gate status")
    pull = await people.developer.call("GET", f"/pulls/{number}")
    runs = await people.developer.call("GET", f"/commits/{pull['head']['sha']}/check-runs?filter=all")
    assert len(runs["check_runs"]) == 1
    assert len(await people.developer.bot_comments(number)) == 1


async def test_a_lost_command_is_found(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    trouble(stage, on="webhook", event="issue_comment", kind="lost", times=1)
    await people.approver.answer(number, "/gate approve staging")
    await people.comment_says(number, "Approved: staging")


async def test_a_lost_merge_is_found(people: People, stage: Stage) -> None:
    number = await people.change((DEV, OLD, NEW))
    await people.comment_says(number, "1 changed")
    for event in ("pull_request", "push"):
        trouble(stage, on="webhook", event=event, kind="lost", times=2)
    await people.merge(number)
    await people.folder_shows("dev", holding(NEW))


async def test_a_delivery_that_comes_twice_has_one_effect(people: People, stage: Stage) -> None:
    for event in ("issue_comment", "pull_request", "push"):
        trouble(stage, on="webhook", event=event, kind="duplicate", times=4)
    number = await people.change((DEV, OLD, NEW))
    await people.comment_says(number, "1 changed")
    await people.approver.answer(number, "/gate status dev")
    body = await people.comment_says(number, "/gate status")
    assert body.count("`/gate status dev`") == 1
    await people.merge(number)

    async def told() -> bool:
        said = [each["body"] for each in await people.developer.bot_comments(number)]
        return sum("dev is at" in each for each in said) == 1

    await eventually(told, "the outcome was not told once")
    await people.comment_says(number, "applied at")
    assert await told()


async def test_deliveries_out_of_order_end_in_the_same_state(people: People, stage: Stage) -> None:
    for event in ("issue_comment", "pull_request"):
        trouble(stage, on="webhook", event=event, kind="reorder", times=2)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    await people.approver.answer(number, "/gate approve staging")
    await people.merge(number)
    await people.folder_shows("staging", holding(NEW))


async def test_a_delayed_delivery_is_taken_when_it_comes(people: People, stage: Stage) -> None:
    trouble(stage, on="webhook", event="pull_request", kind="delay", seconds=2, times=1)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "1 changed")


@pytest.mark.parametrize("kind", ["status", "delay", "lost_reply"])
async def test_git_that_fails_is_asked_again(people: People, stage: Stage, kind: str) -> None:
    trouble(stage, on="git", path=".*upload-pack.*", kind=kind, times=2)
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "1 changed")
    await people.check_is(number, "success")


@pytest.mark.parametrize("kind", ["fail", "corrupt"])
async def test_a_delivery_that_failed_is_asked_for_again(people: People, stage: Stage, kind: str) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    trouble(stage, on="webhook", event="issue_comment", kind=kind, times=1)
    id = await people.approver.answer(number, "/gate approve staging")
    await people.approver.call("PATCH", f"/issues/comments/{id}", {"body": "nothing to see"})
    await people.comment_says(number, "Approved: staging")
