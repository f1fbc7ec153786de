"""Webhooks: what is sent when, how it is signed, the list of deliveries, and what faults do to them."""

import hashlib
import hmac
import json
from typing import Any

from tests.unit.localforge.forge_world import SECRET, Inbox, World


def payload(inbox: Inbox, event: str, action: str | None = None) -> dict[str, Any]:
    """The newest payload of an event."""
    found = [json.loads(body) for headers, body in inbox.got if headers["X-GitHub-Event"] == event]
    newest: dict[str, Any] = [each for each in found if action in (None, each.get("action"))][-1]
    return newest


async def comment(world: World, body: str = "hello") -> None:
    await world.dana.ok("POST", f"{world.repo}/issues/1/comments", {"body": body})


async def test_setting_up_pings(hooked: World) -> None:
    assert hooked.inbox.events == ["ping"]
    hooked.forge.set_webhook(hooked.forge.core.app.webhook_url)
    await hooked.forge.idle()
    assert hooked.inbox.events == ["ping"]


async def test_a_delivery_is_signed_over_its_bytes(hooked: World) -> None:
    await hooked.open()
    await hooked.forge.idle()
    for headers, body in hooked.inbox.got:
        expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
        assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
        assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(hooked.forge.app_id)
        assert headers["Content-Type"] == "application/json"
    assert len({headers["X-GitHub-Delivery"] for headers, _ in hooked.inbox.got}) == len(hooked.inbox.got)


async def test_the_events_of_a_pull_requests_life(hooked: World) -> None:
    inbox, number = hooked.inbox, await hooked.open()
    head = await hooked.write("envs/prod/web.yaml", "replicas: 6\n", "topic")
    await comment(hooked)
    await hooked.olga.ok("POST", f"{hooked.repo}/pulls/{number}/reviews", {"event": "APPROVE"})
    run = await hooked.app.ok("POST", f"{hooked.repo}/check-runs", {"name": "tidegate", "head_sha": head})
    assert (await hooked.dana("POST", f"{hooked.repo}/check-runs/{run['id']}/rerequest")).status == 201
    await hooked.dana.ok("PATCH", f"{hooked.repo}/pulls/{number}", {"title": "Other"})
    await hooked.dana.ok("PATCH", f"{hooked.repo}/pulls/{number}", {"state": "closed"})
    await hooked.dana.ok("PATCH", f"{hooked.repo}/pulls/{number}", {"state": "open"})
    merged = await hooked.olga.ok("PUT", f"{hooked.repo}/pulls/{number}/merge")
    await hooked.forge.idle()
    installation = await hooked.installation()
    for _, body in inbox.got[1:]:
        common = json.loads(body)
        assert common["installation"]["id"] == installation
        assert common["repository"]["full_name"] == "acme/shop"
        assert common["sender"]["login"]
    assert payload(inbox, "pull_request", "opened")["pull_request"]["number"] == number
    assert payload(inbox, "pull_request", "synchronize")["after"] == head
    assert payload(inbox, "pull_request", "edited")["changes"] == {"title": {"from": "More replicas"}}
    assert payload(inbox, "pull_request", "reopened")["pull_request"]["state"] == "open"
    closed = [json.loads(b) for h, b in inbox.got if h["X-GitHub-Event"] == "pull_request" and b'"closed"' in b]
    merges = {each["pull_request"]["merged"] for each in closed if each["action"] == "closed"}
    assert merges == {False, True}
    said = payload(inbox, "issue_comment", "created")
    assert (said["comment"]["body"], said["issue"]["number"], "pull_request" in said["issue"]) == (
        "hello",
        number,
        True,
    )
    assert payload(inbox, "pull_request_review", "submitted")["review"]["state"] == "approved"
    assert payload(inbox, "check_run", "rerequested")["check_run"]["pull_requests"][0]["number"] == number
    pushed = [json.loads(b) for h, b in inbox.got if h["X-GitHub-Event"] == "push"]
    assert (merged["sha"], "refs/heads/main") in {(each["after"], each["ref"]) for each in pushed}
    assert {each["created"] for each in pushed if each["ref"] == "refs/heads/topic"} == {True, False}


async def test_edits_and_deletions_of_comments(hooked: World) -> None:
    await hooked.open()
    made = await hooked.dana.ok("POST", f"{hooked.repo}/issues/1/comments", {"body": "one"})
    path = f"{hooked.repo}/issues/comments/{made['id']}"
    await hooked.olga.ok("PATCH", path, {"body": "two"})
    await hooked.dana("DELETE", path)
    await hooked.forge.idle()
    edited = payload(hooked.inbox, "issue_comment", "edited")
    assert (edited["changes"]["body"]["from"], edited["comment"]["body"], edited["sender"]["login"]) == (
        "one",
        "two",
        "olga",
    )
    assert payload(hooked.inbox, "issue_comment", "deleted")["comment"]["id"] == made["id"]


async def test_failures_are_listed_never_retried_and_redelivered_on_demand(hooked: World) -> None:
    await hooked.open()
    await hooked.forge.idle()
    hooked.inbox.status = 503
    await comment(hooked)
    await hooked.forge.idle()
    app = hooked.client(f"Bearer {hooked.jwt()}")
    newest = (await app.ok("GET", "/app/hook/deliveries"))[0]
    assert (newest["event"], newest["status_code"], newest["redelivery"]) == ("issue_comment", 503, False)
    assert (newest["status"], newest["action"]) == ("Invalid HTTP Response: 503", "created")
    assert hooked.inbox.events.count("issue_comment") == 1
    assert [each["id"] for each in await app.ok("GET", "/app/hook/deliveries?status=failure")] == [newest["id"]]
    full = await app.ok("GET", f"/app/hook/deliveries/{newest['id']}")
    assert full["request"]["payload"]["comment"]["body"] == "hello"
    hooked.inbox.status = 202
    assert (await app("POST", f"/app/hook/deliveries/{newest['id']}/attempts")).status == 202
    await hooked.forge.idle()
    again = (await app.ok("GET", "/app/hook/deliveries"))[0]
    assert (again["guid"], again["status_code"], again["redelivery"]) == (newest["guid"], 202, True)
    first, second = [each for each in hooked.inbox.got if each[0]["X-GitHub-Event"] == "issue_comment"]
    assert first[1] == second[1]
    assert first[0]["X-GitHub-Delivery"] == second[0]["X-GitHub-Delivery"]


async def test_the_list_goes_by_cursor(hooked: World) -> None:
    await hooked.open()
    await hooked.forge.idle()
    app, url, seen = hooked.client(f"Bearer {hooked.jwt()}"), "/app/hook/deliveries?per_page=2", []
    while url:
        answer = await app("GET", url)
        seen += [each["id"] for each in answer.json]
        url = answer.links.get("next", "")
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(hooked.inbox.got) > 2


async def test_nobody_at_home(world: World) -> None:
    world.forge.set_webhook("http://127.0.0.1:9/hook")
    await world.forge.idle()
    found = world.forge.record()["deliveries"][0]
    assert (found["status_code"], found["status"]) == (0, "failed to connect to host")


def fault(world: World, kind: str, **more: Any) -> None:
    world.forge.add_faults([{"on": "webhook", "event": "issue_comment", "kind": kind, **more}])


async def test_a_lost_event_leaves_no_trace(hooked: World) -> None:
    await hooked.open()
    fault(hooked, "lost")
    await comment(hooked)
    await hooked.forge.idle()
    assert "issue_comment" not in hooked.inbox.events
    assert "issue_comment" not in [each["event"] for each in hooked.forge.record()["deliveries"]]
    await comment(hooked)
    await hooked.forge.idle()
    assert hooked.inbox.events.count("issue_comment") == 1


async def test_a_failed_event_is_in_the_list(hooked: World) -> None:
    await hooked.open()
    fault(hooked, "fail")
    await comment(hooked)
    await hooked.forge.idle()
    assert "issue_comment" not in hooked.inbox.events
    assert [each["status_code"] for each in hooked.forge.record()["deliveries"]][-1] == 502


async def test_a_duplicate_has_the_same_guid(hooked: World) -> None:
    await hooked.open()
    fault(hooked, "duplicate")
    await comment(hooked)
    await hooked.forge.idle()
    guids = [h["X-GitHub-Delivery"] for h, _ in hooked.inbox.got if h["X-GitHub-Event"] == "issue_comment"]
    assert (len(guids), len(set(guids))) == (2, 1)


async def test_a_reordered_event_comes_after_the_next(hooked: World) -> None:
    await hooked.open()
    await hooked.forge.idle()
    fault(hooked, "reorder")
    await comment(hooked, "first")
    await hooked.forge.idle()
    assert "issue_comment" not in hooked.inbox.events
    await comment(hooked, "second")
    await hooked.forge.idle()
    said = [json.loads(b)["comment"]["body"] for h, b in hooked.inbox.got if h["X-GitHub-Event"] == "issue_comment"]
    assert said == ["second", "first"]


async def test_a_corrupt_signature(hooked: World) -> None:
    await hooked.open()
    await hooked.forge.idle()
    fault(hooked, "corrupt")
    await comment(hooked)
    await hooked.forge.idle()
    headers, body = hooked.inbox.got[-1]
    assert headers["X-Hub-Signature-256"] != f"sha256={hmac.new(SECRET.encode(), body, 'sha256').hexdigest()}"


async def test_clearing_the_faults_lets_held_events_go(hooked: World) -> None:
    await hooked.open()
    await hooked.forge.idle()
    fault(hooked, "reorder")
    await comment(hooked)
    assert (await hooked.client()("DELETE", f"{hooked.forge.url}/_faults")).status == 204
    await hooked.forge.idle()
    assert hooked.inbox.events[-1] == "issue_comment"
