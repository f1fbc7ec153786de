"""The facts of a pull request and of people, what hooks missed, and the diagnosis, as GitHub tells them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from bot.errors import PermanentError, TemporaryError
from bot.forge import Forge
from bot.forge.github import GitHub
from bot.forge.github.sweep import failed
from bot.model.forge import Remark
from bot.model.identity import Permission, Person, PullRequestId, RepositoryId

REPOSITORY = RepositoryId(forge="github", number=7, path="acme/shop")
THREAD = PullRequestId(repository=REPOSITORY, number=4)
HEAD = "a" * 40
AT = "2026-11-20T11:00:00Z"
WATERMARK = datetime(2026, 11, 20, 11, tzinfo=UTC)
REPO = {"id": 7, "full_name": "acme/shop", "default_branch": "main", "private": True}
PULL = "GET /repos/acme/shop/pulls/4"
COMMENTS = "GET /repos/acme/shop/issues/4/comments"
DELIVERIES = "GET /app/hook/deliveries"
SECOND = timedelta(seconds=1)
ANA = {"id": 5, "login": "ana", "type": "User"}


def pull(**more: Any) -> dict[str, Any]:
    return {
        "number": 4, "title": "t", "html_url": "https://github.com/acme/shop/pull/4", "state": "open", "user": ANA,
        "base": {"ref": "main", "sha": "b" * 40, "repo": REPO}, "head": {"ref": "more", "sha": HEAD, "repo": REPO},
        "created_at": AT, "updated_at": AT, **more,
    }  # fmt: skip


def comment(id: int, who: int) -> dict[str, Any]:
    return {"id": id, "user": {"id": who, "login": "x"}, "body": "hi", "created_at": AT, "updated_at": AT}


def commit(number: int) -> dict[str, Any]:
    return {"sha": f"{number:040x}", "author": ANA, "committer": ANA, "commit": {"message": ""}}


@pytest.fixture
def thread(script: Any) -> Any:
    """A pull request with a stranger's comment, our own, an approval and one commit."""
    script.on(PULL, pull())
    script.on(COMMENTS, [comment(17, 5), comment(18, 99)])
    approval = {"id": 3, "user": ANA, "body": "", "state": "APPROVED", "commit_id": HEAD, "submitted_at": AT}
    script.on(f"{PULL}/reviews", [approval])
    script.on(f"{PULL}/commits", [commit(1)])
    return script


def test_it_is_a_forge(github: GitHub) -> None:
    forge: Forge = github
    assert forge.name == "github"
    assert (forge.limits.comment, forge.limits.check_text, forge.limits.annotations) == (65_536, 65_535, 50)


async def test_a_pull_request_costs_five_reads(github: GitHub, thread: Any) -> None:
    await github.pull_request(THREAD)
    thread.asked.clear()
    found = await github.pull_request(THREAD)
    assert len(thread.asked) == 5
    assert [(each.id, each.own) for each in found.remarks] == [
        ("comment:17", False), ("comment:18", True), ("review:3", False)
    ]  # fmt: skip
    assert found.remarks[2].approves == HEAD
    assert found.commits[0].people == {5}
    assert (found.base, found.head, found.fork) == ("main", HEAD, False)


QUEUE = "GET /repos/acme/shop/git/matching-refs/heads/gh-readonly-queue"
TRIED = [
    {"ref": f"refs/heads/{name}", "object": {"type": "commit", "sha": sha * 40}}
    for name, sha in (
        (f"gh-readonly-queue/main/pr-4-{'b' * 40}", "d"),
        (f"gh-readonly-queue/release/1.x/pr-44-{'b' * 40}", "e"),
        ("gh-readonly-queue-of-mine", "f"),
    )
]


async def test_the_commits_of_a_merge_queue_are_those_of_its_pull_request(github: GitHub, thread: Any) -> None:
    thread.on(QUEUE, TRIED)
    assert (await github.pull_request(THREAD)).queued == ("d" * 40,)
    thread.on(PULL, pull(state="closed"))
    assert (await github.pull_request(THREAD)).queued == ()
    thread.on("GET /repos/acme/shop/pulls", [])
    thread.on(DELIVERIES, [])
    missed = await github.since(REPOSITORY, WATERMARK)
    assert [each.key.number for each in missed.wakes if isinstance(each.key, PullRequestId)] == [4, 44]


async def test_a_hundred_queued_commits_without_a_next_page_end(github: GitHub, thread: Any) -> None:
    branch = f"refs/heads/gh-readonly-queue/main/pr-4-{'b' * 40}"
    thread.on(QUEUE, [{"ref": branch, "object": {"sha": f"{each:040x}"}} for each in range(100)])
    assert len((await github.pull_request(THREAD)).queued) == 100
    assert len(thread.of(QUEUE)) == 1


async def test_a_token_writes_as_its_owner(by_token: GitHub, thread: Any) -> None:
    thread.on("GET /user", {"id": 5, "login": "ana"})
    found = await by_token.pull_request(THREAD)
    assert [each.own for each in found.remarks] == [True, False, True]


async def test_more_commits_than_github_lists_are_all_read(github: GitHub, thread: Any) -> None:
    def page(asked: Any) -> Any:
        number = int(asked.query.get("page", "1"))
        return [commit(each) for each in range(100 * number, 100 * number + (50 if number == 3 else 100))]

    thread.on(f"{PULL}/commits", page)
    compared = [{"commits": [commit(each) for each in range(100)]}, {"commits": [commit(each) for each in range(60)]}]
    thread.on(f"GET /repos/acme/shop/compare/{'b' * 40}...{HEAD}", *compared)
    assert len((await github.pull_request(THREAD)).commits) == 160


async def test_another_repository_under_the_same_path_is_refused(github: GitHub, thread: Any) -> None:
    other = {**REPO, "id": 8}
    thread.on(PULL, pull(base={"ref": "main", "sha": "b" * 40, "repo": other}))
    with pytest.raises(PermanentError, match="another repository by now"):
        await github.pull_request(THREAD)


async def test_a_part_that_cannot_be_read_is_an_error_and_not_an_empty_list(github: GitHub, thread: Any) -> None:
    thread.on(COMMENTS, (500, {"message": "oops"}, {}))
    with pytest.raises(TemporaryError):
        await github.pull_request(THREAD)


async def test_who_is_no_collaborator_may_nothing(github: GitHub) -> None:
    assert await github.permission(REPOSITORY, Person(id=5, login="ana")) is Permission.NONE


async def test_a_permission_that_cannot_be_read_is_an_error(github: GitHub, script: Any) -> None:
    script.on("GET /repos/acme/shop/collaborators/ana/permission", (403, {"message": "no"}, {}))
    with pytest.raises(PermanentError):
        await github.permission(REPOSITORY, Person(id=5, login="ana"))


async def test_git_goes_where_the_settings_say(github: GitHub) -> None:
    remote = await github.remote(REPOSITORY)
    assert (remote.url, remote.token) == ("https://github.com/acme/shop.git", "ghs_first")
    assert "ghs_first" not in repr(remote)


async def test_an_organisation_that_refuses_us_hides_no_other(github: GitHub, script: Any) -> None:
    locked = {"id": 12, "account": {"login": "locked"}, "suspended_at": None}
    script.on("GET /app/installations", [locked, {"id": 11, "account": {"login": "acme"}}])
    words = "the `locked` organization has an IP allow list enabled"
    script.on("POST /app/installations/12/access_tokens", (403, {"message": words}, {}))
    listed = [{"id": 7, "full_name": "acme/shop", "default_branch": "main", "private": True}]
    script.on("GET /installation/repositories", {"total_count": 1, "repositories": listed})
    assert [str(each.id) for each in await github.repositories()] == ["github:acme/shop"]


async def test_repositories_of_all_installations(github: GitHub, script: Any) -> None:
    suspended = {"id": 12, "account": {"login": "gone"}, "suspended_at": AT}
    removed = {"id": 13, "account": {"login": "left"}, "suspended_at": None}
    script.on("GET /app/installations", [{"id": 11, "account": {"login": "acme"}}, suspended, removed])
    script.on(
        "POST /app/installations/12/access_tokens", (403, {"message": "This installation has been suspended"}, {})
    )
    script.on("GET /installation/repositories", {"total_count": 1, "repositories": [REPO]})
    (found,) = await github.repositories()
    assert (str(found.id), found.id.number, found.default_branch, found.private) == (
        "github:acme/shop",
        7,
        "main",
        True,
    )
    await github.remote(REPOSITORY)
    assert script.of("GET /repos/acme/shop/installation") == []


@pytest.mark.parametrize("account", [None, {"id": 3, "slug": "acme", "html_url": "https://github.com/x"}])
async def test_an_installation_of_no_person_and_no_organisation_hides_no_other(
    github: GitHub, healthy: Any, account: Any
) -> None:
    enterprise = {**INSTALLED, "id": 12, "account": account, "suspended_at": None, "target_type": "Enterprise"}
    healthy.on("GET /app/installations", [enterprise, {**INSTALLED, "suspended_at": None}])
    healthy.on("POST /app/installations/12/access_tokens", (403, {"message": "Resource not accessible"}, {}))
    healthy.on("GET /installation/repositories", {"total_count": 1, "repositories": [REPO]})
    assert [str(each.id) for each in await github.repositories()] == ["github:acme/shop"]
    healthy.on("GET /orgs/acme/teams/sre/members", [{"id": 5, "login": "ana", "type": "User"}])
    assert await github.members("acme/sre") == {5}
    assert [each.ok for each in await github.diagnose()] == [True] * 5


async def test_what_nobody_can_write_to_is_not_looked_after(github: GitHub, healthy: Any) -> None:
    archived = {**REPO, "id": 8, "full_name": "acme/old", "archived": True}
    disabled = {**REPO, "id": 9, "full_name": "acme/gone", "disabled": True}
    listed = [archived, disabled, {**REPO, "archived": False, "disabled": False}]
    healthy.on("GET /installation/repositories", {"total_count": 3, "repositories": listed})
    assert [str(each.id) for each in await github.repositories()] == ["github:acme/shop"]


async def test_repositories_that_cannot_be_listed_are_an_error(github: GitHub, script: Any) -> None:
    script.on("GET /app/installations", [{"id": 11, "account": {"login": "acme"}}])
    script.on("GET /installation/repositories", (502, "", {}))
    with pytest.raises(TemporaryError):
        await github.repositories()


async def test_a_comment_is_acknowledged_with_eyes(github: GitHub, script: Any) -> None:
    path = "POST /repos/acme/shop/issues/comments/17/reactions"
    author = Person(id=5, login="ana")
    remark = Remark(id="comment:17", author=author, body="", at=WATERMARK)
    script.on(path, (200, {"id": 1}, {}))
    await github.acknowledge(THREAD, remark)
    assert script.of(path)[0].body == {"content": "eyes"}
    await github.acknowledge(THREAD, Remark(id="comment:404", author=author, body="", at=WATERMARK))
    script.asked.clear()
    await github.acknowledge(THREAD, Remark(id="review:3", author=author, body="", at=WATERMARK))
    assert script.asked == []


async def test_changed_pull_requests_are_named_down_to_the_watermark(github: GitHub, script: Any) -> None:
    times = ("2026-11-20T12:00:00Z", AT, "2026-11-20T10:59:59Z", "2026-11-20T13:00:00Z")
    script.on("GET /repos/acme/shop/pulls", [{"number": n, "updated_at": at} for n, at in enumerate(times, 1)])
    script.on(DELIVERIES, [])
    assert [wake.key for wake in (await github.since(REPOSITORY, WATERMARK)).wakes] == [
        PullRequestId(repository=REPOSITORY, number=number) for number in (1, 2)
    ]
    query = script.of("GET /repos/acme/shop/pulls")[0].query
    assert query == {"state": "all", "sort": "updated", "direction": "desc", "per_page": "100"}


async def test_a_sweep_tells_when_it_was_by_the_forges_clock(github: GitHub, script: Any) -> None:
    path, dates = "GET /repos/acme/shop/pulls", ("Fri, 20 Nov 2026 11:30:00 GMT", "Fri, 20 Nov 2026 11:31:00 GMT")
    script.on(DELIVERIES, [])
    script.on(QUEUE, (200, [], {"Date": dates[1]}))
    script.on(path, (200, [], {"Date": dates[0]}))
    assert abs((await github.since(REPOSITORY, WATERMARK)).at - parsedate_to_datetime(dates[0])) < SECOND
    full = [{"number": each, "updated_at": AT} for each in range(1, 101)]
    script.on(path, (200, full, {"Date": dates[0]}), (200, [], {"Date": dates[1]}))
    found = await github.since(REPOSITORY, WATERMARK)
    assert (len(found.wakes), abs(found.at - parsedate_to_datetime(dates[0])) < SECOND) == (100, True)
    script.on(path, (200, [], {"Date": "yesterday"}))
    assert abs((await github.since(REPOSITORY, WATERMARK)).at - parsedate_to_datetime(dates[1])) < SECOND


def delivery(id: int, guid: str, code: int, at: str = AT, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "guid": guid, "delivered_at": at, "redelivery": False, "status_code": code, "status": "x",
        "repository_id": 7, **more,
    }  # fmt: skip


def test_only_events_that_never_arrived_are_asked_for_again() -> None:
    listed = [
        delivery(9, "healed", 200, redelivery=True),
        delivery(8, "tried", 502, redelivery=True),
        delivery(7, "tried", 502),
        delivery(6, "other repository", 502, repository_id=8),
        delivery(5, "healed", 502),
        delivery(4, "fine", 202),
        delivery(3, "no answer", 0),
        delivery(2, "before the watermark", 502, redelivery=True),
    ]
    assert failed(listed, 7) == [3, 7]


async def test_failed_deliveries_are_sent_again_before_anything_is_looked_at(github: GitHub, script: Any) -> None:
    old = delivery(1, "old", 500, at="2026-11-20T10:00:00Z")
    script.on(DELIVERIES, [delivery(3, "lost", 500), delivery(2, "fine", 200), old])
    script.on("POST /app/hook/deliveries/3/attempts", (202, {}, {}))
    script.on("GET /repos/acme/shop/pulls", [])
    assert (await github.since(REPOSITORY, WATERMARK)).wakes == ()
    asked = [f"{each.method} {each.path}" for each in script.asked if "installation" not in each.path]
    assert asked == [DELIVERIES, "POST /app/hook/deliveries/3/attempts", "GET /repos/acme/shop/pulls", QUEUE]


async def test_a_delivery_that_is_not_sent_again_keeps_no_other_back(github: GitHub, script: Any) -> None:
    script.on(DELIVERIES, [delivery(4, "newer", 500), delivery(3, "too old", 500)])
    script.on("POST /app/hook/deliveries/3/attempts", (422, {"message": "cannot be redelivered"}, {}))
    script.on("POST /app/hook/deliveries/4/attempts", (202, {}, {}))
    script.on("GET /repos/acme/shop/pulls", [{"number": 1, "updated_at": AT}])
    assert len((await github.since(REPOSITORY, WATERMARK)).wakes) == 1
    assert len(script.of("POST /app/hook/deliveries/4/attempts")) == 1


async def test_a_hundred_deliveries_without_a_next_page_end(github: GitHub, script: Any) -> None:
    script.on(DELIVERIES, [delivery(each, str(each), 200) for each in range(1, 101)])
    script.on("GET /repos/acme/shop/pulls", [])
    assert (await github.since(REPOSITORY, WATERMARK)).wakes == ()
    assert len(script.of(DELIVERIES)) == 1


async def test_without_a_right_to_deliveries_pull_requests_are_still_found(github: GitHub, script: Any) -> None:
    script.on("GET /repos/acme/shop/pulls", [{"number": 1, "updated_at": AT}])
    assert len((await github.since(REPOSITORY, WATERMARK)).wakes) == 1


async def test_a_sweep_that_could_not_look_is_not_finished(github: GitHub, script: Any) -> None:
    script.on(DELIVERIES, (500, {}, {}))
    script.on("GET /repos/acme/shop/pulls", [])
    with pytest.raises(TemporaryError):
        await github.since(REPOSITORY, WATERMARK)


RIGHTS = {
    "metadata": "read", "contents": "read", "pull_requests": "write", "issues": "write", "checks": "write",
    "members": "read",
}  # fmt: skip
EVENTS = ["issue_comment", "pull_request", "pull_request_review", "push"]
INSTALLED = {"id": 11, "account": {"login": "acme"}, "permissions": RIGHTS}


@pytest.fixture
def healthy(script: Any) -> Any:
    """An App with all it needs."""
    script.on(
        "GET /app", {"id": 1, "slug": "tidegate", "permissions": {**RIGHTS, "contents": "write"}, "events": EVENTS}
    )
    script.on("GET /app/installations", [INSTALLED])
    script.on(DELIVERIES, [delivery(1, "a", 200)])
    return script


async def test_all_is_well(github: GitHub, healthy: Any) -> None:
    assert [each.ok for each in await github.diagnose()] == [True] * 4


SPOILED: list[tuple[str, Any, str]] = [
    ("GET /app", (401, {"message": "no such App"}, {}), "no such App"),
    ("GET /app", {"slug": "t", "permissions": {**RIGHTS, "checks": "read"}, "events": EVENTS}, "checks: write"),
    ("GET /app", {"slug": "t", "permissions": RIGHTS, "events": EVENTS[1:]}, "event issue_comment"),
    ("GET /app/installations", [], "installed nowhere"),
    ("GET /app/installations", [{**INSTALLED, "suspended_at": AT}], "is suspended"),
    ("GET /app/installations", [{**INSTALLED, "permissions": {}}], "lacks metadata: read"),
    (DELIVERIES, [delivery(2, "b", 502), delivery(1, "a", 200)], "1 of the last 2"),
    (DELIVERIES, (403, {"message": "forbidden"}, {}), "forbidden"),
]


@pytest.mark.parametrize(("what", "answer", "said"), SPOILED)
async def test_what_is_wrong_is_said_with_a_remedy(
    github: GitHub, healthy: Any, what: str, answer: Any, said: str
) -> None:
    healthy.on(what, answer)
    wrong = [each for each in await github.diagnose() if not each.ok]
    assert len(wrong) == 1
    assert said in wrong[0].detail
    assert wrong[0].fix


async def test_a_token_is_diagnosed(by_token: GitHub, script: Any) -> None:
    script.on("GET /user", (401, {"message": "Bad credentials"}, {}), {"id": 5, "login": "ana"})
    assert [each.ok for each in await by_token.diagnose()] == [False]
    assert [each.ok for each in await by_token.diagnose()] == [True]


async def test_receive_knows_our_own_account_once_it_was_looked_up(
    github: GitHub, thread: Any, signed: Callable[..., Any]
) -> None:
    payload = {"action": "created", "repository": REPO, "issue": {"number": 4, "pull_request": {}}}
    delivered = signed("issue_comment", {**payload, "comment": comment(20, 99)})
    remark = github.receive(*delivered).remark
    assert remark is not None
    assert not remark.own
    await github.pull_request(THREAD)
    remark = github.receive(*delivered).remark
    assert remark is not None
    assert remark.own
