"""A thread shows a report: only what differs is written, and nothing that was written is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import PublishError
from bot.forge.github import GitHub
from bot.forge.github.checks import digest_of
from bot.model.identity import PullRequestId, RepositoryId
from bot.model.noun import Sha
from bot.model.report import Annotation, CheckReport, Outcome, Posted, PostedCheck, Report

THREAD = PullRequestId(repository=RepositoryId(forge="github", number=7, path="acme/shop"), number=4)
HEAD = Sha("a" * 40)
AT = "2026-11-20T11:00:00Z"
WHEN = datetime(2026, 11, 20, 11, tzinfo=UTC)
CREATE = "POST /repos/acme/shop/issues/4/comments"
RUNS = "POST /repos/acme/shop/check-runs"
RUN = "PATCH /repos/acme/shop/check-runs/5"
CHECK = CheckReport(head=HEAD, conclusion="success", title="nothing blocks", summary="s", url="http://127.0.0.1/plan")


def mark(line: int) -> Annotation:
    return Annotation(path="prod/api.yaml", line=line, level="failure", title="t", message="m")


def marked(*lines: int) -> CheckReport:
    return replace(CHECK, annotations=tuple(mark(line) for line in lines))


def writes(script: Any) -> list[str]:
    found = [f"{each.method} {each.path}" for each in script.asked if each.method != "GET"]
    return [each for each in found if "access_tokens" not in each]


@pytest.fixture
def open_thread(script: Any) -> Any:
    """GitHub takes comments and check runs."""
    script.on(CREATE, (201, {"id": 20, "updated_at": AT}, {}))
    script.on("PATCH /repos/acme/shop/issues/comments/20", {"id": 20, "updated_at": "2026-11-20T12:00:00Z"})
    script.on(RUNS, (201, {"id": 5}, {}))
    script.on(RUN, {"id": 5})
    return script


async def test_what_is_posted_is_not_written_again(github: GitHub, open_thread: Any) -> None:
    report = Report(comment="plan", check=CHECK, outcomes=(Outcome(key="prod:1", body="applied"),))
    posted = await github.publish(THREAD, report, Posted())
    assert writes(open_thread) == [RUNS, CREATE, CREATE]
    assert (posted.comment, posted.at, posted.outcomes) == ("comment:20", WHEN, {"prod:1": "comment:20"})
    assert posted.checks[HEAD].id == 5
    open_thread.asked.clear()
    assert await github.publish(THREAD, report, posted) == posted
    assert writes(open_thread) == []


async def test_what_was_posted_before_is_remembered(github: GitHub, open_thread: Any) -> None:
    earlier = Posted(checks={Sha("b" * 40): PostedCheck(id=4, digest="x")}, outcomes={"prod:0": "comment:19"})
    report = Report(comment="plan", check=CHECK, outcomes=(Outcome(key="prod:1", body="applied"),))
    posted = await github.publish(THREAD, report, earlier)
    assert posted.outcomes == {"prod:0": "comment:19", "prod:1": "comment:20"}
    assert set(posted.checks) == {"b" * 40, HEAD}
    assert (posted.comment, posted.at) == ("comment:20", WHEN)


async def test_the_comment_is_edited_in_place(github: GitHub, open_thread: Any) -> None:
    first = await github.publish(THREAD, Report(comment="plan"), Posted())
    second = await github.publish(THREAD, Report(comment="another plan"), first)
    assert writes(open_thread) == [CREATE, "PATCH /repos/acme/shop/issues/comments/20"]
    assert [each.body for each in open_thread.asked if each.body and "body" in each.body] == [
        {"body": "plan"}, {"body": "another plan"}
    ]  # fmt: skip
    assert second.comment == first.comment
    assert second.digest != first.digest
    assert second.at == datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_a_comment_that_somebody_deleted_is_written_anew(github: GitHub, open_thread: Any) -> None:
    posted = await github.publish(THREAD, Report(comment="plan"), Posted(comment="comment:404", digest="old"))
    assert posted.comment == "comment:20"


async def test_a_check_is_updated_while_it_runs(github: GitHub, open_thread: Any) -> None:
    running = replace(CHECK, conclusion=None, title="planning")
    posted = await github.publish(THREAD, Report(check=running), Posted())
    assert open_thread.of(RUNS)[0].body == {
        "name": "tidegate", "head_sha": HEAD, "status": "in_progress", "details_url": "http://127.0.0.1/plan",
        "output": {"title": "planning", "summary": "s"},
    }  # fmt: skip
    await github.publish(THREAD, Report(check=CHECK), posted)
    ended = open_thread.of(RUN)[0].body
    assert (ended["status"], ended["conclusion"]) == ("completed", "success")
    assert "head_sha" not in open_thread.of(RUN)[0].body


async def test_a_check_that_is_gone_is_made_anew(github: GitHub, open_thread: Any) -> None:
    before = Posted(checks={HEAD: PostedCheck(id=404, digest="x.")})
    assert (await github.publish(THREAD, Report(check=CHECK), before)).checks[HEAD].id == 5


async def test_a_check_that_is_made_anew_has_its_annotations(github: GitHub, open_thread: Any) -> None:
    gone = PostedCheck(id=404, digest=digest_of(marked(1, 2)))
    report = Report(check=replace(marked(1, 2), title="other"))
    assert (await github.publish(THREAD, report, Posted(checks={HEAD: gone}))).checks[HEAD].id == 5
    assert [each["start_line"] for each in open_thread.of(RUNS)[0].body["output"]["annotations"]] == [1, 2]


async def test_a_check_whose_answer_was_lost_is_found_again(github: GitHub, open_thread: Any) -> None:
    begun = Posted(checks={HEAD: PostedCheck(id=0, digest="")})
    runs = f"GET /repos/acme/shop/commits/{HEAD}/check-runs"
    foreign = {"id": 4, "app": {"id": 2}, "output": {"annotations_count": 0}}
    own = {"id": 5, "app": {"id": 1}, "output": {"annotations_count": 0}}
    nobodys = {**foreign, "app": None}
    open_thread.on(runs, {"total_count": 3, "check_runs": [nobodys, foreign, own]})
    assert (await github.publish(THREAD, Report(check=CHECK), begun)).checks[HEAD].id == 5
    assert writes(open_thread) == [RUN]
    assert open_thread.of(runs)[0].query == {"check_name": "tidegate", "filter": "latest", "per_page": "100"}
    annotated = {**own, "output": {"annotations_count": 2}}
    for listed in ([foreign], [annotated]):
        open_thread.on(runs, {"total_count": 1, "check_runs": listed})
        await github.publish(THREAD, Report(check=CHECK), begun)
    assert writes(open_thread) == [RUN, RUNS, RUNS]


async def test_annotations_never_pile_up(github: GitHub, open_thread: Any) -> None:
    none = await github.publish(THREAD, Report(check=CHECK), Posted())
    two = await github.publish(THREAD, Report(check=marked(1, 2)), none)
    same = await github.publish(THREAD, Report(check=replace(marked(1, 2), title="other")), two)
    await github.publish(THREAD, Report(check=marked(3)), same)
    assert writes(open_thread) == [RUNS, RUN, RUN, RUNS]
    first, second = (each.body["output"] for each in open_thread.of(RUN))
    assert len(first["annotations"]) == 2
    assert "annotations" not in second


async def test_an_annotation_of_no_file_is_left_out_and_one_without_words_says_its_title(
    github: GitHub, open_thread: Any
) -> None:
    check = replace(CHECK, annotations=(replace(mark(1), path=""), replace(mark(2), message="")))
    await github.publish(THREAD, Report(check=check), Posted())
    (sent,) = open_thread.of(RUNS)[0].body["output"]["annotations"]
    assert (sent["start_line"], sent["message"]) == (2, "t")


async def test_many_annotations_are_sent_fifty_at_a_time(github: GitHub, open_thread: Any) -> None:
    posted = await github.publish(THREAD, Report(check=marked(*range(120))), Posted())
    assert writes(open_thread) == [RUNS, RUN, RUN]
    sent = [each.body["output"] for each in (*open_thread.of(RUNS), *open_thread.of(RUN))]
    assert [len(each["annotations"]) for each in sent] == [50, 50, 20]
    assert {(each["title"], each["summary"]) for each in sent} == {("nothing blocks", "s")}
    first, second, *_ = open_thread.of(RUNS)[0].body["output"]["annotations"]
    where = {"path": "prod/api.yaml", "start_line": 1, "end_line": 1}
    assert [open_thread.of(RUNS)[0].body[name] for name in ("name", "conclusion")] == ["tidegate", "success"]
    assert first == second == {**where, "annotation_level": "failure", "title": "t", "message": "m"}
    assert posted.checks[HEAD].digest == digest_of(marked(*range(120)))


async def test_annotations_that_were_sent_in_part_are_not_sent_on_top(github: GitHub, open_thread: Any) -> None:
    open_thread.on(RUN, (502, {}, {}))
    with pytest.raises(PublishError) as error:
        await github.publish(THREAD, Report(check=marked(*range(60))), Posted())
    partly = error.value.posted
    assert partly.checks[HEAD] == PostedCheck(id=5, digest="")
    open_thread.on(RUN, {"id": 5})
    await github.publish(THREAD, Report(check=marked(*range(60))), partly)
    assert writes(open_thread) == [RUNS, RUN, RUNS, RUN]


async def test_long_texts_are_cut_closed_and_say_so(github: GitHub, open_thread: Any) -> None:
    long = "```\n" + "ü" * 99 + "\n" * 1 + ("x" * 99 + "\n") * 700
    noted = (replace(mark(1), title="t" * 300),)
    check = replace(CHECK, title="t" * 300, summary=long, text=long, annotations=noted)
    await github.publish(THREAD, Report(check=check), Posted())
    output = open_thread.of(RUNS)[0].body["output"]
    assert output["title"] == output["annotations"][0]["title"] == "t" * 250
    for text in (output["summary"], output["text"]):
        assert len(text.encode()) <= 65_535
        assert text.count("```") == 2
        assert "Cut here" in text


async def test_a_report_that_failed_midway_keeps_what_is_posted(github: GitHub, open_thread: Any) -> None:
    open_thread.on(CREATE, (201, {"id": 20, "updated_at": AT}, {}), (502, {}, {}))
    report = Report(comment="plan", check=CHECK, outcomes=(Outcome(key="k", body="b"),))
    with pytest.raises(PublishError) as error:
        await github.publish(THREAD, report, Posted())
    partly = error.value.posted
    assert (partly.comment, partly.outcomes, partly.checks[HEAD].id) == ("comment:20", {}, 5)
    open_thread.asked.clear()
    open_thread.on(CREATE, (201, {"id": 21, "updated_at": AT}, {}))
    assert (await github.publish(THREAD, report, partly)).outcomes == {"k": "comment:21"}
    assert writes(open_thread) == [CREATE]


async def test_a_lost_answer_writes_at_most_one_comment_more(github: GitHub, open_thread: Any) -> None:
    open_thread.on(CREATE, (0, open_thread.lost, {}), (201, {"id": 20, "updated_at": AT}, {}))
    with pytest.raises(PublishError) as error:
        await github.publish(THREAD, Report(comment="plan"), Posted())
    posted = await github.publish(THREAD, Report(comment="plan"), error.value.posted)
    await github.publish(THREAD, Report(comment="plan"), posted)
    assert writes(open_thread) == [CREATE, CREATE]


async def test_a_locked_conversation_does_not_keep_the_check_from_answering(github: GitHub, open_thread: Any) -> None:
    open_thread.on(CREATE, (403, {"message": "Unable to create comment because issue is locked."}, {}))
    open_thread.on("DELETE /repos/acme/shop/issues/comments/30", (204, None, {}))
    report = Report(comment="plan", check=CHECK, remove=("comment:30",))
    with pytest.raises(PublishError, match="issue is locked") as error:
        await github.publish(THREAD, report, Posted())
    assert error.value.posted.checks[HEAD].id == 5
    assert error.value.delay == 300
    assert writes(open_thread) == [RUNS, CREATE, "DELETE /repos/acme/shop/issues/comments/30"]


async def test_a_commit_that_github_has_not_seen_yet_is_tried_again_soon(github: GitHub, open_thread: Any) -> None:
    open_thread.on(RUNS, (422, {"message": f"No commit found for SHA: {HEAD}"}, {}), (201, {"id": 5}, {}))
    report = Report(comment="plan", check=CHECK)
    with pytest.raises(PublishError, match="No commit found") as error:
        await github.publish(THREAD, report, Posted())
    assert error.value.delay == 5
    posted = await github.publish(THREAD, report, error.value.posted)
    assert posted.checks[HEAD].id == 5
    assert writes(open_thread) == [RUNS, CREATE, RUNS]


async def test_a_limit_stops_the_rest(github: GitHub, open_thread: Any) -> None:
    open_thread.on(RUNS, (403, {"message": "secondary rate limit"}, {"Retry-After": "40"}))
    with pytest.raises(PublishError) as error:
        await github.publish(THREAD, Report(comment="plan", check=CHECK), Posted())
    assert error.value.delay == 40
    assert writes(open_thread) == [RUNS]


async def test_duplicates_are_removed_and_may_be_gone(github: GitHub, open_thread: Any) -> None:
    open_thread.on("DELETE /repos/acme/shop/issues/comments/30", (204, None, {}))
    posted = Posted(comment="comment:20", digest="x")
    assert await github.publish(THREAD, Report(remove=("comment:30", "comment:31")), posted) == posted
    assert len(writes(open_thread)) == 2


async def test_a_review_is_never_deleted(github: GitHub, open_thread: Any) -> None:
    with pytest.raises(PublishError, match="is not a comment"):
        await github.publish(THREAD, Report(remove=("review:3",)), Posted())
    assert writes(open_thread) == []


@pytest.mark.parametrize(("conclusion", "state"), [(None, "pending"), ("success", "success"), ("failure", "failure")])
async def test_a_token_writes_a_status(by_token: GitHub, script: Any, conclusion: Any, state: str) -> None:
    path = f"POST /repos/acme/shop/statuses/{HEAD}"
    script.on(path, (201, {"id": 8}, {}))
    check = replace(CHECK, conclusion=conclusion, title="t" * 200)
    posted = await by_token.publish(THREAD, Report(check=check), Posted())
    assert await by_token.publish(THREAD, Report(check=check), posted) == posted
    (asked,) = script.of(path)
    assert asked.body["state"] == state
    assert asked.body["context"] == "tidegate"
    assert len(asked.body["description"]) == 140
    assert asked.body["target_url"] == "http://127.0.0.1/plan"


async def test_without_an_address_a_status_and_a_check_name_none(
    by_token: GitHub, github: GitHub, open_thread: Any
) -> None:
    path = f"POST /repos/acme/shop/statuses/{HEAD}"
    open_thread.on(path, (201, {"id": 8}, {}))
    check = replace(CHECK, url="")
    await by_token.publish(THREAD, Report(check=check), Posted())
    await github.publish(THREAD, Report(check=check), Posted())
    (status,), (run,) = open_thread.of(path), open_thread.of(RUNS)
    assert ("target_url" in status.body, "details_url" in run.body) == (False, False)


async def test_a_status_is_written_again_when_it_changes(by_token: GitHub, script: Any) -> None:
    path = f"POST /repos/acme/shop/statuses/{HEAD}"
    script.on(path, (201, {"id": 8}, {}), (201, {"id": 9}, {}))
    posted = await by_token.publish(THREAD, Report(check=replace(CHECK, conclusion=None)), Posted())
    posted = await by_token.publish(THREAD, Report(check=CHECK), posted)
    assert [each.body["state"] for each in script.of(path)] == ["pending", "success"]
    assert script.of(path)[1].body["description"] == "nothing blocks"
    assert posted.checks[HEAD].id == 9
