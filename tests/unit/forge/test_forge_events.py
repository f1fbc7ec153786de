"""Payloads become hints: what to look at, and the text of a remark that was just written. None of them can crash."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RefusedError
from bot.forge.github import GitHubOptions
from bot.forge.github.events import BODY_BYTES, DECODERS, Event, receive
from bot.forge.github.shape import ShapeError
from bot.model.identity import PullRequestId, RepositoryId

OPTIONS = GitHubOptions(
    name="github", web_url="https://github.com", api_url="https://api", webhook_secret=b"0123456789abcdef" * 2,
    app_id=1, private_key="key",
)  # fmt: skip
QUEUED = f"gh-readonly-queue/main/pr-4-{'a' * 40}"
REPO = {"id": 7, "full_name": "acme/shop", "clone_url": "https://evil.example/x.git"}
REPOSITORY = RepositoryId(forge="github", number=7, path="acme/shop")
PULL = PullRequestId(repository=REPOSITORY, number=4)
AT = "2026-11-20T11:00:00Z"
Sign = Callable[..., tuple[dict[str, str], bytes]]


def comment_payload(**more: Any) -> dict[str, Any]:
    user = {"id": 5, "login": "ana", "type": "User"}
    body = {"id": 17, "user": user, "body": "/gate approve prod", "created_at": AT, "updated_at": AT}
    return {
        "action": "created",
        "repository": REPO,
        "issue": {"number": 4, "pull_request": {"url": "…"}},
        "comment": {**body, **more},
    }


def keys(signed: Sign, event: str, payload: Any, **headers: str) -> list[Any]:
    return [each.key for each in receive(OPTIONS, *signed(event, payload, **headers)).wakes]


def test_a_written_comment_carries_its_text_and_thread(signed: Sign) -> None:
    delivery = receive(OPTIONS, *signed("issue_comment", comment_payload()))
    assert [each.reason for each in delivery.wakes] == ["issue_comment created"]
    assert delivery.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert [each.key for each in delivery.wakes] == [PULL]
    assert delivery.thread == PULL
    assert delivery.remark is not None
    assert (delivery.remark.id, delivery.remark.body) == ("comment:17", "/gate approve prod")
    assert delivery.remark.author.id == 5
    assert not delivery.remark.author.bot
    assert not delivery.remark.edited


def test_a_bots_comment_is_flagged_and_our_own_is_marked(signed: Sign) -> None:
    payload = comment_payload(user={"id": 99, "login": "tidegate[bot]", "type": "Bot"})
    remark = receive(OPTIONS, *signed("issue_comment", payload), own=99).remark
    assert remark is not None
    assert remark.author.bot
    assert remark.own


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_a_changed_comment_is_only_a_hint(signed: Sign, action: str) -> None:
    delivery = receive(OPTIONS, *signed("issue_comment", {**comment_payload(), "action": action}))
    assert [each.key for each in delivery.wakes] == [PULL]
    assert delivery.remark is None


@pytest.mark.parametrize("action", ["edited\nby nobody", ["edited"], "x" * 101])
def test_an_action_that_is_no_name_is_not_repeated(signed: Sign, action: Any) -> None:
    (wake,) = receive(OPTIONS, *signed("issue_comment", {**comment_payload(), "action": action})).wakes
    assert wake.reason == "issue_comment"


def test_a_plain_issues_comment_means_nothing(signed: Sign) -> None:
    delivery = receive(OPTIONS, *signed("issue_comment", {**comment_payload(), "issue": {"number": 4}}))
    assert (delivery.wakes, delivery.remark) == ((), None)


def test_a_submitted_review_carries_its_text_but_no_approval(signed: Sign) -> None:
    review = {
        "id": 3, "user": {"id": 5, "login": "ana"}, "body": "/gate plan", "state": "approved",
        "commit_id": "a" * 40, "submitted_at": AT,
    }  # fmt: skip
    payload = {"action": "submitted", "repository": REPO, "pull_request": {"number": 4}, "review": review}
    delivery = receive(OPTIONS, *signed("pull_request_review", payload))
    remark = delivery.remark
    assert remark is not None
    assert delivery.thread == PULL
    assert (remark.id, remark.body, remark.approves, remark.edited) == ("review:3", "/gate plan", None, False)
    dismissed = receive(OPTIONS, *signed("pull_request_review", {**payload, "action": "dismissed"}))
    assert dismissed.remark is None
    assert [each.key for each in dismissed.wakes] == [PULL]


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("pull_request", {"action": "synchronize", "pull_request": {"number": 4, "merged": False}}, [PULL]),
        ("pull_request", {"action": "closed", "pull_request": {"number": 4, "merged": False}}, [PULL]),
        ("pull_request", {"action": "closed", "pull_request": {"number": 4, "merged": True}}, [PULL, REPOSITORY]),
        ("push", {"ref": "refs/heads/main"}, [REPOSITORY]),
        ("repository", {"action": "renamed"}, [REPOSITORY]),
        ("check_run", {"action": "completed", "check_run": {"pull_requests": [{"number": 4}]}}, []),
        ("installation", {"action": "created", "repositories": [REPO]}, []),
        ("installation_repositories", {"action": "removed", "repositories_removed": [{"id": 7}]}, []),
        (
            "merge_group",
            {
                "action": "checks_requested",
                "merge_group": {
                    "head_sha": "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d",
                    "head_ref": f"refs/heads/gh-readonly-queue/main/pr-4-{'9' * 40}",
                    "base_ref": "refs/heads/main",
                },
            },
            [PULL],
        ),
        ("merge_group", {"action": "destroyed", "merge_group": {"head_ref": "refs/heads/other"}}, [REPOSITORY]),
        ("ping", {"zen": "Keep it logically awesome."}, []),
        ("sponsorship", {"action": "created"}, []),
    ],
)
def test_what_each_event_points_at(signed: Sign, event: str, payload: dict[str, Any], expected: list[Any]) -> None:
    assert keys(signed, event, {"repository": REPO, "unknown": {"deep": [1]}, **payload}) == expected


@pytest.mark.parametrize(
    ("event", "action", "reach"),
    [
        ("installation", "unsuspend", True),
        ("installation_repositories", "removed", True),
        ("repository", "renamed", True),
        ("push", "", False),
    ],
)
def test_what_changes_the_reach_of_the_credential_is_said(signed: Sign, event: str, action: str, reach: bool) -> None:
    assert receive(OPTIONS, *signed(event, {"action": action, "repository": REPO})).reach is reach


@pytest.mark.parametrize("event", ["check_run", "check_suite"])
@pytest.mark.parametrize(
    ("named", "threads"),
    [
        ([{"number": 4}], [PULL]),
        ([{"number": 4, "base": {"repo": {"id": 7}}}], [PULL]),
        ([{"number": 4, "base": {"repo": {"id": 8}}}], []),
        ([], []),
    ],
)
def test_a_check_that_is_asked_for_again_is_known_by_its_commit(
    signed: Sign, event: str, named: list[Any], threads: list[Any]
) -> None:
    subject = {"head_sha": "d6fde92930d4715a2b49857d24b940956b26d2d3", "pull_requests": named}
    payload = {"action": "rerequested", "repository": REPO, event: subject}
    delivery = receive(OPTIONS, *signed(event, payload))
    assert [each.key for each in delivery.wakes] == [REPOSITORY, *threads]
    assert delivery.again == subject["head_sha"]
    with pytest.raises(RefusedError):
        receive(OPTIONS, *signed(event, {**payload, event: {"pull_requests": named}}))


@pytest.mark.parametrize(("branch", "threads"), [(QUEUED, [PULL]), ("main", []), (None, [])])
def test_a_check_of_a_merge_queue_is_that_of_its_pull_request(
    signed: Sign, branch: str | None, threads: list[Any]
) -> None:
    subject = {"head_sha": "d6fde92930d4715a2b49857d24b940956b26d2d3", "pull_requests": []}
    suite = {"head_branch": branch}
    for event, checked in (("check_suite", {**subject, **suite}), ("check_run", {**subject, "check_suite": suite})):
        delivery = receive(OPTIONS, *signed(event, {"action": "rerequested", "repository": REPO, event: checked}))
        assert [each.key for each in delivery.wakes] == [REPOSITORY, *threads]


@pytest.mark.parametrize(("sender", "own", "looked"), [(99, 99, []), (5, 99, [PULL]), (99, None, [PULL])])
def test_what_we_wrote_ourselves_is_no_reason_to_look(
    signed: Sign, sender: int, own: int | None, looked: list[Any]
) -> None:
    review = {"id": 3, "user": {"id": sender, "login": "x"}, "body": "", "submitted_at": AT}
    reviewed = {"action": "submitted", "repository": REPO, "pull_request": {"number": 4}, "review": review}
    for event, payload in (("issue_comment", comment_payload()), ("pull_request_review", reviewed)):
        delivery = receive(OPTIONS, *signed(event, {**payload, "sender": {"id": sender}}), own=own)
        assert [each.key for each in delivery.wakes] == looked
        assert (delivery.remark is None) is (not looked)


@pytest.mark.parametrize(
    ("ref", "looked"),
    [("refs/heads/main", [REPOSITORY]), ("refs/heads/topic", []), ("refs/tags/main", []), (None, [REPOSITORY])],
)
def test_of_pushes_only_one_to_the_default_branch_is_a_reason_to_look(
    signed: Sign, ref: str | None, looked: list[Any]
) -> None:
    assert keys(signed, "push", {"ref": ref, "repository": {**REPO, "default_branch": "main"}}) == looked


def test_another_apps_hook_has_no_effect(signed: Sign) -> None:
    target = "X-GitHub-Hook-Installation-Target-ID"
    kind = "X-GitHub-Hook-Installation-Target-Type"
    assert keys(signed, "push", {"repository": REPO}, **{target: "1", kind: "integration"}) == [REPOSITORY]
    assert keys(signed, "push", {"repository": REPO}, **{target: "2", kind: "integration"}) == []
    assert keys(signed, "push", {"repository": REPO}, **{target: "2"}) == []
    assert keys(signed, "push", {"repository": REPO}, **{target: "7", kind: "repository"}) == [REPOSITORY]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b"payload=%7B%7D",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"repository":{"id":' + b"9" * 5000 + b"}}",
        b"{}",
        b'{"repository":null}',
        b'{"repository":{"id":true,"full_name":"acme/shop"}}',
        b'{"repository":{"id":-1,"full_name":"acme/shop"}}',
        b'{"repository":{"id":7,"full_name":"../../user"}}',
        b'{"repository":{"id":7,"full_name":"acme/.."}}',
        b'{"repository":{"id":7,"full_name":"acme/shop?x"}}',
    ],
)
def test_a_signed_body_that_makes_no_sense_is_400(signed: Sign, body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        receive(OPTIONS, *signed("push", body))
    assert refused.value.status == 400


@pytest.mark.parametrize(("body", "hinted"), [(b"payload=%7B%7D", True), (b"{", False)])
def test_a_hook_that_sends_forms_is_told_what_to_set(signed: Sign, body: bytes, hinted: bool) -> None:
    with pytest.raises(RefusedError) as refused:
        receive(OPTIONS, *signed("push", body))
    assert ("content type to application/json" in str(refused.value)) is hinted


@pytest.mark.parametrize("header", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", [None, "", "a\nb", "é", "x" * 200])
def test_missing_or_unusable_headers_are_400(signed: Sign, header: str, value: str | None) -> None:
    headers, body = signed("push", {"repository": REPO})
    headers.pop(header)
    with pytest.raises(RefusedError) as refused:
        receive(OPTIONS, headers if value is None else {**headers, header: value}, body)
    assert refused.value.status == 400


def test_25_mib_are_accepted_and_one_byte_more_is_413(signed: Sign) -> None:
    payload = json.dumps({"repository": REPO}).encode()
    body = payload + b" " * (BODY_BYTES - len(payload))
    assert keys(signed, "push", body) == [REPOSITORY]
    with pytest.raises(RefusedError) as refused:
        receive(OPTIONS, *signed("push", body + b" "))
    assert refused.value.status == 413


def test_the_signature_is_judged_before_the_body(signed: Sign) -> None:
    headers, _ = signed("push", {"repository": REPO})
    with pytest.raises(RefusedError) as refused:
        receive(OPTIONS, headers, b"not json")
    assert refused.value.status == 401


def test_text_that_no_store_can_hold_is_replaced(signed: Sign) -> None:
    body = json.dumps(comment_payload(body="a\x00b\ud800c")).encode()
    remark = receive(OPTIONS, *signed("issue_comment", body)).remark
    assert remark is not None
    assert remark.body == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
FIELDS = """id full_name number merged pull_request pull_requests user body created_at updated_at submitted_at state
commit_id base repo"""
OBJECTS = "action issue comment review pull_request check_run check_suite repositories"
PART = JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS.split(), JSON))
PAYLOAD = st.fixed_dictionaries({"repository": st.just(REPO) | PART}, optional=dict.fromkeys(OBJECTS.split(), PART))


@given(st.sampled_from(sorted(DECODERS)), PAYLOAD, st.sampled_from(["created", "submitted", "closed", "rerequested"]))
def test_no_payload_crashes_a_decoder(event: str, payload: dict[str, Any], action: str) -> None:
    with suppress(ShapeError):
        DECODERS[event](Event(forge="github", payload={"action": action, **payload}, own=None))
