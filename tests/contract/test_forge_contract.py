"""What every forge must do, seen from outside: through the protocol on one side, as people on the other."""

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PermanentError, PublishError, RefusedError, TemporaryError
from bot.forge import Forge
from bot.model.forge import Delivery
from bot.model.identity import Permission, PullRequestId
from bot.model.noun import Sha
from bot.model.report import Annotation, CheckReport, Outcome, Posted, PostedCheck, Report


def stages() -> Any:
    """The module beside this one: test folders are no packages."""
    name = "forge_stages"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name].STAGES


@pytest.fixture(params=sorted(stages()))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """A running forge of each dialect."""
    async with stages()[request.param](tmp_path / "forge") as found:
        yield found


async def received(stage: Any) -> list[Delivery]:
    """Everything that was delivered so far, decoded."""
    await stage.settled()
    return [stage.forge.receive(headers, body) for headers, body in stage.delivered]


async def wakes(stage: Any, since: timedelta = timedelta(minutes=5)) -> list[Any]:
    """The keys that a sweep finds."""
    return [wake.key for wake in (await stage.forge.since(stage.repository, stage.clock() - since)).wakes]


def check(head: str, **more: Any) -> CheckReport:
    return CheckReport(**{"head": Sha(head), "conclusion": "success", "title": "fine", "summary": "all", **more})


async def test_it_keeps_the_protocol(stage: Any) -> None:
    forge: Forge = stage.forge
    assert forge.name == "hub"
    assert (forge.limits.comment, forge.limits.annotations) > (0, 0)
    (found,) = await forge.repositories()
    assert (found.id, found.id.path, found.default_branch) == (stage.repository, "acme/shop", "main")
    wrong = [each for each in await forge.diagnose() if not each.ok]
    assert wrong == []


async def test_a_pull_request_as_one_value(stage: Any) -> None:
    ana, bo = await stage.person("ana"), await stage.person("bo")
    thread = await stage.open("ana")
    said = await stage.say("eve", thread, "hi")
    stage.forward(5)
    await stage.review("bo", thread, "APPROVE", "good")
    await stage.forge.publish(thread, Report(comment="plan"), Posted())
    pull = await stage.forge.pull_request(thread)
    assert (pull.id, pull.state, pull.base, pull.branch) == (thread, "open", "main", "more")
    assert (pull.author, pull.fork, pull.draft, pull.merge_commit) == (ana, False, False, None)
    assert [each.sha for each in pull.commits] == [pull.head]
    assert pull.commits[0].people == {ana.id}
    first, *rest = pull.remarks
    assert (first.id, first.body, first.edited, first.own, first.approves) == (said, "hi", False, False, None)
    assert {(each.own, each.approves) for each in rest} == {(True, None), (False, pull.head)}
    assert next(each.author for each in rest if each.approves) == bo
    assert next(each.author.bot for each in rest if each.own)


async def test_an_approval_ends_when_its_writer_asks_for_changes(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.review("bo", thread, "APPROVE")
    stage.forward(5)
    await stage.review("bo", thread, "REQUEST_CHANGES", "wait")
    assert [each.approves for each in (await stage.forge.pull_request(thread)).remarks] == [None, None]


async def test_an_edited_comment_is_known_by_its_time(stage: Any) -> None:
    thread = await stage.open("ana")
    said = await stage.say("ana", thread, "hi")
    await stage.reword("bo", said, "/gate approve prod")
    (remark,) = (await stage.forge.pull_request(thread)).remarks
    assert remark.edited
    assert remark.changed > remark.at


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_a_merged_pull_request_names_its_commit(stage: Any, method: str) -> None:
    thread = await stage.open("ana")
    before = (await stage.forge.pull_request(thread)).head
    merged = await stage.merge("bo", thread, method)
    pull = await stage.forge.pull_request(thread)
    assert (pull.state, pull.merge_commit, pull.head) == ("merged", merged, before)
    assert pull.merged_at is not None


async def test_who_wrote_what_landed(stage: Any) -> None:
    ana, bo = await stage.person("ana"), await stage.person("bo")
    message = f"More\n\nCo-authored-by: Bo <{bo.id}+bo@users.noreply.github.com>\nCo-authored-by: X <x@example.net>"
    thread = await stage.open("ana", message=message)
    pull = await stage.forge.pull_request(thread)
    assert pull.commits[0].people == {ana.id, bo.id}
    assert pull.commits[0].strangers == ("x@example.net",)
    base = await stage.commit("bo", "main")
    merged = await stage.merge("bo", thread)
    landed = await stage.forge.people(stage.repository, base, merged)
    assert [each.sha for each in landed] == [pull.head, merged]
    assert [each.people for each in landed] == [{ana.id, bo.id}, {bo.id}]


async def test_rights_and_teams_are_read_by_account(stage: Any) -> None:
    found = {}
    for login in ("ana", "bo", "cy", "eve"):
        found[login] = await stage.forge.permission(stage.repository, await stage.person(login))
    expected = {"ana": Permission.WRITE, "bo": Permission.WRITE, "cy": Permission.READ}
    assert {login: found[login] for login in expected} == expected
    assert found["eve"] <= Permission.READ
    impostor = replace(await stage.person("eve"), login="ana")
    assert await stage.forge.permission(stage.repository, impostor) is Permission.NONE
    members = {(await stage.person(login)).id for login in ("bo", "cy")}
    assert await stage.forge.members("acme/sre") == members


async def test_git_is_reached_with_the_credential(stage: Any) -> None:
    remote = await stage.forge.remote(stage.repository)
    assert remote.url == f"{stage.local.url}/acme/shop.git"
    url = remote.url.replace("://", f"://x-access-token:{remote.token}@")
    done = await asyncio.to_thread(subprocess.run, ["git", "ls-remote", url], capture_output=True, check=False)
    assert b"refs/heads/main" in done.stdout


# -- webhooks


async def test_events_point_at_what_happened(stage: Any) -> None:
    thread = await stage.open("ana")
    said = await stage.say("ana", thread, "/gate plan")
    await stage.reword("ana", said, "/gate apply prod")
    await stage.review("bo", thread, "APPROVE", "/gate status")
    await stage.merge("bo", thread)
    found = await received(stage)
    assert all(each.id for each in found)
    keys = {wake.key for each in found for wake in each.wakes}
    assert keys == {thread, stage.repository}
    remarks = {each.remark.id: each for each in found if each.remark is not None}
    bodies = {id: each.remark.body for id, each in remarks.items() if each.remark}
    assert bodies[said] == "/gate plan"
    assert remarks[said].thread == thread
    assert sorted(bodies.values()) == ["/gate plan", "/gate status"]


async def test_a_wrong_signature_is_refused(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.settled()
    stage.delivered.clear()
    stage.trouble(on="webhook", kind="corrupt", event="issue_comment")
    await stage.say("ana", thread, "/gate plan")
    with pytest.raises(RefusedError) as refused:
        await received(stage)
    assert refused.value.status == 401


async def test_a_changed_body_is_refused(stage: Any) -> None:
    await stage.open("ana")
    await stage.settled()
    headers, body = stage.delivered[-1]
    with pytest.raises(RefusedError) as refused:
        stage.forge.receive(headers, body.replace(b"ana", b"eve"))
    assert refused.value.status == 401


async def test_a_failed_delivery_comes_again_with_its_text(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.settled()
    stage.answer = 503
    await stage.say("ana", thread, "/gate hold prod")
    await stage.settled()
    lost = stage.forge.receive(*stage.delivered[-1])
    stage.answer, stage.delivered = 202, []
    assert thread in await wakes(stage)
    (again,) = [each for each in await received(stage) if each.remark is not None]
    assert again == lost
    stage.delivered.clear()
    await wakes(stage)
    assert await received(stage) == []


async def test_what_no_hook_told_is_found(stage: Any) -> None:
    old = await stage.open("ana", "old")
    stage.forward(3600)
    thread = await stage.open("ana", "new")
    stage.trouble(on="webhook", kind="lost", times=2)
    said = await stage.say("ana", thread, "/gate plan")
    found = await wakes(stage)
    assert thread in found
    assert old not in found
    assert {each async for each in stage.forge.opened(stage.repository)} == {old, thread}
    assert [each.id for each in (await stage.forge.pull_request(thread)).remarks] == [said]
    asked_at = (await stage.forge.since(stage.repository, stage.clock())).at
    assert abs(asked_at - stage.clock()) < timedelta(seconds=30)


# -- publishing


async def test_the_comment_is_edited_in_place(stage: Any) -> None:
    thread = await stage.open("ana")
    first = await stage.forge.publish(thread, Report(comment="plan 1"), Posted())
    stage.forward(5)
    second = await stage.forge.publish(thread, Report(comment="plan 2"), first)
    assert stage.comments() == ["plan 2"]
    assert first.at is not None
    assert second.at > first.at
    stage.reset()
    assert await stage.forge.publish(thread, Report(comment="plan 2"), second) == second
    assert stage.calls("POST", "PATCH") == []
    await stage.unsay("bo", second.comment)
    await stage.forge.publish(thread, Report(comment="plan 3"), second)
    assert stage.comments() == ["plan 3"]


async def test_a_lost_answer_leaves_at_most_one_duplicate(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.forge.pull_request(thread)
    stage.trouble(on="api", kind="lost_reply", method="POST", path=".*/comments")
    with pytest.raises(PublishError) as error:
        await stage.forge.publish(thread, Report(comment="plan"), Posted())
    posted = await stage.forge.publish(thread, Report(comment="plan"), error.value.posted)
    assert stage.comments() == ["plan", "plan"]
    own = [each.id for each in (await stage.forge.pull_request(thread)).remarks if each.own]
    extra = tuple(each for each in own if each != posted.comment)
    await stage.forge.publish(thread, Report(comment="plan", remove=extra), posted)
    assert stage.comments() == ["plan"]
    assert await stage.forge.publish(thread, Report(remove=extra), posted) == posted


async def test_an_edit_whose_answer_was_lost_is_made_again(stage: Any) -> None:
    thread = await stage.open("ana")
    posted = await stage.forge.publish(thread, Report(comment="plan 1"), Posted())
    stage.trouble(on="api", kind="lost_reply", method="PATCH")
    with pytest.raises(PublishError) as error:
        await stage.forge.publish(thread, Report(comment="plan 2"), posted)
    await stage.forge.publish(thread, Report(comment="plan 2"), error.value.posted)
    assert stage.comments() == ["plan 2"]


async def test_outcomes_are_said_once(stage: Any) -> None:
    thread = await stage.open("ana")
    report = Report(outcomes=(Outcome(key="a", body="applied"), Outcome(key="b", body="failed")))
    posted = await stage.forge.publish(thread, report, Posted())
    await stage.forge.publish(thread, report, posted)
    assert stage.comments() == ["applied", "failed"]


async def test_a_report_that_broke_off_goes_on(stage: Any) -> None:
    thread = await stage.open("ana")
    head = (await stage.forge.pull_request(thread)).head
    stage.trouble(on="api", kind="status", status=502, method="POST", path=".*/comments")
    report = Report(comment="plan", check=check(head))
    with pytest.raises(PublishError) as error:
        await stage.forge.publish(thread, report, Posted())
    await stage.forge.publish(thread, report, error.value.posted)
    assert stage.comments() == ["plan"]
    assert len(stage.checks()) == 1


async def test_the_check_goes_from_running_to_done(stage: Any) -> None:
    thread = await stage.open("ana")
    head = (await stage.forge.pull_request(thread)).head
    posted = await stage.forge.publish(thread, Report(check=check(head, conclusion=None, title="planning")), Posted())
    marks = tuple(
        Annotation(path="a.yaml", line=line, level="failure", title="t", message="m") for line in range(1, 121)
    )
    done = Report(check=check(head, conclusion="failure", title="broken", annotations=marks))
    posted = await stage.forge.publish(thread, done, posted)
    (run,) = stage.checks()
    assert (run["name"], run["status"], run["conclusion"]) == ("tidegate", "completed", "failure")
    assert len(run["output"]["annotations"]) == 120
    stage.reset()
    assert await stage.forge.publish(thread, done, posted) == posted
    assert stage.calls("POST", "PATCH") == []


async def test_a_check_whose_answer_was_lost_is_not_made_twice(stage: Any) -> None:
    thread = await stage.open("ana")
    head = (await stage.forge.pull_request(thread)).head
    stage.trouble(on="api", kind="lost_reply", method="POST", path=".*/check-runs")
    with pytest.raises(PublishError):
        await stage.forge.publish(thread, Report(check=check(head)), Posted())
    begun = Posted(checks={head: PostedCheck(id=0, digest="")})
    await stage.forge.publish(thread, Report(check=check(head)), begun)
    assert len(stage.checks()) == 1


async def test_the_longest_comment_is_taken_and_a_longer_one_refused(stage: Any) -> None:
    thread = await stage.open("ana")
    longest = "ü" * stage.forge.limits.comment
    posted = await stage.forge.publish(thread, Report(comment=longest), Posted())
    with pytest.raises(PublishError):
        await stage.forge.publish(thread, Report(comment=longest + "x"), posted)
    assert stage.comments() == [longest]


async def test_a_command_is_acknowledged_once(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.say("ana", thread, "/gate plan")
    (remark,) = (await stage.forge.pull_request(thread)).remarks
    await stage.forge.acknowledge(thread, remark)
    await stage.forge.acknowledge(thread, remark)
    assert len(stage.local.record()["reactions"]) == 1


# -- the way there


async def test_unchanged_facts_are_revalidated(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.say("ana", thread, "hi")
    before = await stage.forge.pull_request(thread)
    stage.reset()
    assert await stage.forge.pull_request(thread) == before
    assert [status for _, status in stage.calls("GET")] == [304] * 5
    await stage.say("ana", thread, "again")
    assert len((await stage.forge.pull_request(thread)).remarks) == 2


async def test_a_thread_longer_than_a_page_is_read_to_its_end(stage: Any) -> None:
    thread = await stage.open("ana")
    for number in range(100):
        await stage.say("ana", thread, str(number))
    assert len((await stage.forge.pull_request(thread)).remarks) == 100
    await stage.say("ana", thread, "last")
    assert [each.body for each in (await stage.forge.pull_request(thread)).remarks][-1] == "last"


async def test_a_revoked_token_is_replaced(stage: Any) -> None:
    thread = await stage.open("ana")
    await stage.forge.pull_request(thread)
    stage.revoke_tokens()
    posted = await stage.forge.publish(thread, Report(comment="plan"), Posted())
    assert stage.comments() == ["plan"]
    assert posted.comment is not None


@pytest.mark.parametrize("status", [429, 403, 503])
async def test_a_limit_is_obeyed_and_nothing_lost(stage: Any, status: int) -> None:
    thread = await stage.open("ana")
    await stage.forge.pull_request(thread)
    stage.trouble(on="api", kind="status", status=status, retry_after=40)
    with pytest.raises(TemporaryError) as error:
        await stage.forge.publish(thread, Report(comment="plan"), Posted())
    assert error.value.delay == pytest.approx(40, abs=1)
    stage.reset()
    with pytest.raises(TemporaryError):
        await stage.forge.publish(thread, Report(comment="plan"), Posted())
    assert stage.calls("GET", "POST") == []
    stage.forward(41)
    await stage.forge.publish(thread, Report(comment="plan"), Posted())
    assert stage.comments() == ["plan"]


async def test_an_outage_is_temporary(stage: Any) -> None:
    thread = await stage.open("ana")
    stage.trouble(on="api", kind="status", status=502, method="GET", path=".*/reviews")
    with pytest.raises(TemporaryError):
        await stage.forge.pull_request(thread)
    assert (await stage.forge.pull_request(thread)).state == "open"


async def test_a_thread_that_is_not_there_is_permanent(stage: Any) -> None:
    with pytest.raises(PermanentError):
        await stage.forge.pull_request(PullRequestId(repository=stage.repository, number=999))
