"""Ways to merge: whichever button was pressed, what landed is what the pull request proposed, by who wrote it."""

from typing import Any

import pytest

from bot.cli.demo.stage import Stage
from bot.cli.demo.walk.browser import eventually
from bot.localforge.git.values import Signature
from bot.localforge.git.write import commit_tree, move
from bot.localforge.merge_queue import PREFIX
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

STAGING, DEV = "envs/staging/web.yaml", "envs/dev/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


@pytest.mark.parametrize("method", ["squash", "rebase"])
async def test_an_approver_who_presses_the_button_has_written_nothing(
    people: People, stage: Stage, method: str
) -> None:
    number = await people.change((STAGING, OLD, NEW), (DEV, OLD, NEW))
    await people.approve(number, "staging")
    await people.approver.read_plan(number)
    await people.approver.call("PUT", f"/pulls/{number}/merge", {"merge_method": method})
    for environment in ("staging", "dev"):
        await people.folder_shows(environment, lambda objects: any(NEW in text for text in objects.values()))
    body = await people.comment_says(number, "was merged into", absent=("waits", "0 of 1"))
    assert "staging" in body and "dev" in body


async def test_an_approver_who_brings_a_branch_up_to_date_has_written_nothing(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    other = await people.change(("README.md", "# ", "# The "), title="other")
    await people.check_is(other, "success")
    await people.developer.merge(other)
    await people.approver.call("PUT", f"/pulls/{number}/update-branch")
    head = (await people.developer.call("GET", f"/pulls/{number}"))["head"]["sha"]
    await people.comment_says(number, head[:7], "0 of 1")
    await people.approver.answer(number, "/gate approve staging")
    await people.comment_says(number, "Approved: staging")
    await people.merge(number)
    await people.folder_shows("staging", lambda objects: any(NEW in text for text in objects.values()))


async def enqueue(people: People, stage: Stage, number: int) -> None:
    """Have the approver press "Merge when ready"."""
    wanted = {"repository": stage.place.repository, "number": number, "login": people.approver.login}
    async with stage.session.post(f"{stage.place.forge}/_admin/queue", json=wanted) as answer:
        assert answer.status == 201, await answer.text()


async def became(people: People, number: int, event: str) -> list[str]:
    """Wait until a pull request's timeline holds an event; all of them."""

    async def look() -> list[str]:
        record = await people.record()
        events = [each["event"] for each in record["events"] if each["number"] == number]
        return events if event in events else []

    return await eventually(look, f"{number} never was {event}")


@pytest.mark.parametrize("lost", [False, True])
async def test_a_merge_queue_is_answered_on_its_own_commit(people: People, stage: Stage, lost: bool) -> None:
    first = await people.change((STAGING, OLD, NEW), title="first")
    second = await people.change((DEV, OLD, NEW), title="second")
    for number in (first, second):
        await people.check_is(number, "success")
        await people.developer.read_plan(number)
    if lost:
        stage.forge.add_faults([{"on": "webhook", "event": ".*", "kind": "lost", "times": 7}])
    for number in (first, second):
        await enqueue(people, stage, number)
    for number in (first, second):
        await became(people, number, "merged")
        await people.comment_says(number, "was merged into")
    await people.folder_shows("dev", lambda objects: any(NEW in text for text in objects.values()))
    await people.comment_says(first, "0 of 1")


async def test_a_merge_queue_is_told_what_is_wrong(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, "replicas: 2", "replicas: two"))
    await people.check_is(number, "failure")
    await enqueue(people, stage, number)
    assert "merged" not in await became(people, number, "removed from the merge queue")


async def test_a_check_of_the_merge_queue_is_written_again_when_somebody_asks(people: People, stage: Stage) -> None:
    number = await people.change((DEV, OLD, NEW))
    await people.check_is(number, "success")
    core = stage.forge.core
    git = await core.git(next(iter(core.state.repositories)))
    base = git.branches["main"]
    author = Signature("Bo", "bo@example.org", "2026-01-31T12:00:00Z")
    ahead = await commit_tree(git, f"{base}^{{tree}}", (base,), "what nobody answers for", author)
    await move(git, f"{PREFIX}main/pr-999-{base}", ahead)
    await enqueue(people, stage, number)

    async def run(status: str) -> dict[str, Any] | None:
        tried = next(sha for ref, sha in git.refs.items() if ref == f"{PREFIX}main/pr-{number}-{ahead}")
        found = (await people.developer.call("GET", f"/commits/{tried}/check-runs"))["check_runs"]
        return next((each for each in found if each["check_suite"]["status"] == status), None)

    check = await eventually(lambda: run("completed"), "the queue's commit was never checked")
    await people.developer.call("POST", f"/check-runs/{check['id']}/rerequest")
    await eventually(lambda: run("completed"), "the check of the queue's commit was never written again")
