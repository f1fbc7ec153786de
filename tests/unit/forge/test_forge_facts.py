"""GitHub's answers become facts: whose remark, what it approves, whose commit, what somebody may do."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from bot.forge.github import GitHubOptions, facts
from bot.forge.github.people import commit as read_commit
from bot.forge.github.shape import ShapeError
from bot.model.identity import Permission, Person, PullRequestId, RepositoryId

HEAD = "a" * 40
AT, LATER, LAST = (f"2026-11-20T1{hour}:00:00Z" for hour in (1, 2, 3))
REPO = {"id": 7, "full_name": "acme/shop"}
ID = PullRequestId(repository=RepositoryId(forge="github", number=7, path="acme/old-name"), number=4)
ANA = {"id": 5, "login": "ana", "type": "User"}


def pull(**more: Any) -> dict[str, Any]:
    return {
        "title": "t", "html_url": "u", "state": "open", "user": ANA, "created_at": AT,
        "base": {"ref": "main", "repo": REPO}, "head": {"ref": "b", "sha": HEAD, "repo": REPO}, **more,
    }  # fmt: skip


def review(id: int, state: str, at: str, who: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "user": {"id": who, "login": "x"}, "body": "", "state": state, "commit_id": HEAD,
        "submitted_at": at, **more,
    }  # fmt: skip


def commit(message: str = "", **more: Any) -> dict[str, Any]:
    inner = {"message": message, "author": {"email": "ana@example.org"}, "committer": {"email": "bo@example.org"}}
    return {"sha": HEAD, "author": ANA, "committer": {"id": 6, "login": "bo"}, "commit": inner, **more}


def test_a_comment_is_edited_when_it_changed_after_it_was_made() -> None:
    value = {"id": 1, "user": ANA, "body": "x", "created_at": AT, "updated_at": AT}
    assert not facts.comment(value, own=None).edited
    edited = facts.comment({**value, "updated_at": LATER}, own=None)
    assert edited.edited
    assert edited.changed == datetime.fromisoformat(LATER)


def test_own_is_told_by_the_authors_id_never_by_name_or_text() -> None:
    value = {"id": 1, "user": {"id": 99, "login": "renamed"}, "body": "x", "created_at": AT, "updated_at": AT}
    assert facts.comment(value, own=99).own
    assert not facts.comment({**value, "user": {"id": 5, "login": "tidegate[bot]"}}, own=99).own
    assert not facts.comment({**value, "user": None}, own=None).own


def test_only_a_standing_approval_approves() -> None:
    states = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED")
    found = {state: facts.reviews([review(1, state, AT)], None)[0].approves for state in states}
    assert found == {"APPROVED": HEAD, "CHANGES_REQUESTED": None, "COMMENTED": None, "DISMISSED": None}


@pytest.mark.parametrize("after", ["CHANGES_REQUESTED", "DISMISSED"])
def test_an_approval_that_was_taken_back_approves_nothing(after: str) -> None:
    others = review(3, "APPROVED", AT, who=6)
    first, other, _ = facts.reviews([review(1, "APPROVED", AT), others, review(2, after, LATER)], None)
    assert first.approves is None
    assert other.approves == HEAD
    *_, again = facts.reviews([review(2, after, AT), review(1, "APPROVED", LATER)], None)
    assert again.approves == HEAD


def test_an_approval_stands_whatever_its_writer_says_beside_it() -> None:
    approved, said = review(1, "APPROVED", AT), review(2, "COMMENTED", LATER)
    assert [each.approves for each in facts.reviews([approved, said], None)] == [HEAD, None]


def test_what_was_taken_back_is_told_by_time_in_whatever_order_reviews_are_listed() -> None:
    states = [review(1, "APPROVED", AT), review(2, "CHANGES_REQUESTED", LATER), review(3, "APPROVED", LAST)]
    for listed in permutations(states):
        assert [each.approves for each in facts.reviews(listed, None)] == [None, None, HEAD]


def test_a_review_that_is_not_submitted_is_not_there() -> None:
    assert facts.reviews([{**review(1, "PENDING", AT), "submitted_at": None}], None) == ()


def test_a_reviews_text_counts_as_edited_unless_shown_otherwise() -> None:
    assert facts.review(review(1, "COMMENTED", AT, body="/gate plan"), None).edited
    assert not facts.review(review(1, "COMMENTED", AT, body="/gate plan", updated_at=AT), None).edited
    assert facts.review(review(1, "COMMENTED", AT, body="/gate plan", updated_at=LATER), None).edited
    assert not facts.review(review(1, "APPROVED", AT), None).edited


def test_an_approval_of_a_commit_that_is_no_longer_known_approves_nothing() -> None:
    assert facts.review(review(1, "APPROVED", AT, commit_id=None), None).approves is None


def test_a_review_of_ours_is_told_by_its_authors_id() -> None:
    assert facts.review(review(1, "COMMENTED", AT, who=99), own=99).own
    assert not facts.review(review(1, "COMMENTED", AT, who=5), own=99).own


@pytest.mark.parametrize("there", [None, {"id": 8, "full_name": "eve/shop"}])
def test_a_head_elsewhere_or_nowhere_is_a_fork(there: Any) -> None:
    assert facts.pull_request(ID, pull(head={"ref": "b", "sha": HEAD, "repo": there}), (), ()).fork
    assert not facts.pull_request(ID, pull(), (), ()).fork


def test_a_pull_requests_state_and_merge() -> None:
    merged = facts.pull_request(ID, pull(state="closed", merged_at=LATER, merge_commit_sha="c" * 40), (), ())
    assert (merged.state, merged.merge_commit) == ("merged", "c" * 40)
    assert merged.merged_at == datetime.fromisoformat(LATER)
    unknown = facts.pull_request(ID, pull(state="closed", merged_at=LATER, merge_commit_sha=None), (), ())
    assert (unknown.state, unknown.merge_commit) == ("merged", None)
    test_merge = facts.pull_request(ID, pull(merge_commit_sha="c" * 40), (), ())
    assert (test_merge.state, test_merge.merge_commit) == ("open", None)
    assert facts.pull_request(ID, pull(state="closed"), (), ()).state == "closed"
    assert merged.id.repository.path == "acme/shop"


def test_remarks_are_in_order_of_time() -> None:
    late = facts.comment({"id": 1, "user": ANA, "body": "", "created_at": LAST, "updated_at": LAST}, None)
    early = facts.review(review(9, "APPROVED", AT), None)
    assert facts.pull_request(ID, pull(), (), [late, early]).remarks == (early, late)


@pytest.mark.parametrize(
    "bad",
    [
        {"head": {"ref": "b", "sha": "HEAD", "repo": REPO}},
        {"base": None},
        {"created_at": "x"},
        {"created_at": "0001-01-01T00:00:00+23:59"},
    ],
)
def test_an_answer_that_is_not_as_documented_is_no_fact(bad: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        facts.pull_request(ID, pull(**bad), (), ())


def test_author_and_committer_are_people() -> None:
    assert read_commit(commit()).people == {5, 6}


def test_githubs_own_committer_is_nobody_but_as_an_author_it_is() -> None:
    flow = {"id": 19864447, "login": "web-flow"}
    assert read_commit(commit(committer=flow)).people == {5}
    assert read_commit(commit(author=flow, committer=flow)).people == {19864447}
    for known in ({"id": 77, "login": "web-flow"}, {"id": 19864447, "login": "renamed"}):
        assert read_commit(commit(committer=known)).people == {5}
    inner = {"message": "", "author": {"email": "a@b"}, "committer": {"email": "noreply@github.com"}}
    assert read_commit(commit(committer=None, commit=inner)).strangers == ()


def test_addresses_without_an_account_are_strangers() -> None:
    found = read_commit(commit(author=None, committer=None))
    assert (found.people, found.strangers) == (frozenset(), ("ana@example.org", "bo@example.org"))
    nameless = {"message": "", "author": None, "committer": {"email": ""}}
    assert read_commit(commit(author=None, committer=None, commit=nameless)).strangers == (
        "an author without an address",
    )


def test_co_authors_count() -> None:
    message = (
        "Fix\n\nCo-authored-by: Cy <12+cy@users.noreply.github.com>\nco-authored-by:Di <di@example.org>\n"
        "Co-Authored-By: nobody\nSee Co-authored-by: Eve <13+eve@users.noreply.github.com>\r\n"
    )
    found = read_commit(commit(message))
    assert found.people == {5, 6, 12}
    assert found.strangers == ("di@example.org", "nobody")


def test_on_another_server_githubs_numbers_may_be_other_people() -> None:
    message = "Co-authored-by: A <1+a@users.noreply.git.corp>\nCo-authored-by: B <2+b@users.noreply.github.com>"
    found = read_commit(commit(message), "users.noreply.git.corp")
    assert found.people == {5, 6, 1, 2}
    assert found.strangers == ("2+b@users.noreply.github.com",)


@pytest.mark.parametrize(
    ("web_url", "domain"),
    [
        ("https://github.com", "users.noreply.github.com"),
        ("https://git.corp.example:8443", "users.noreply.git.corp.example"),
        ("http://127.0.0.1:8080", "users.noreply.github.com"),
        ("http://localhost:8080", "users.noreply.github.com"),
        ("http://[::1]:8080", "users.noreply.github.com"),
    ],
)
def test_where_addresses_that_stand_for_accounts_live(web_url: str, domain: str) -> None:
    options = GitHubOptions(name="g", web_url=web_url, api_url="a", webhook_secret=b"s" * 32, token="t")
    assert options.noreply_domain == domain


@pytest.mark.parametrize(
    ("role", "base", "expected"),
    [
        ("admin", "admin", Permission.ADMIN),
        ("maintain", "write", Permission.WRITE),
        ("write", "write", Permission.WRITE),
        ("triage", "read", Permission.READ),
        ("read", "read", Permission.READ),
        ("none", "none", Permission.NONE),
        ("release engineer", "write", Permission.WRITE),
        ("admin", "none", Permission.NONE),
        ("release engineer", "unheard of", Permission.NONE),
        ("maintain", None, Permission.WRITE),
    ],
)
def test_roles(role: str, base: str | None, expected: Permission) -> None:
    answer = {"permission": base, "role_name": role, "user": ANA}
    assert facts.permission(answer, Person(id=5, login="ana")) is expected


@pytest.mark.parametrize("user", [{"id": 6, "login": "ana"}, None])
def test_a_login_in_other_hands_inherits_nothing(user: Any) -> None:
    assert facts.permission({"permission": "admin", "user": user}, Person(id=5, login="ana")) is Permission.NONE
