"""Comments, reactions and reviews."""

import pytest

from tests.unit.localforge.forge_world import World


async def test_a_comment_and_its_edit(world: World) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    made = await world.app.ok("POST", path, {"body": "plan"})
    assert (made["user"]["login"], made["user"]["type"]) == ("tidegate[bot]", "Bot")
    assert made["created_at"] == made["updated_at"] == "2026-03-01T12:00:00Z"
    world.clock.forward(seconds=3)
    one = f"{world.repo}/issues/comments/{made['id']}"
    edited = await world.app.ok("PATCH", one, {"body": "plan 2"})
    assert (edited["id"], edited["updated_at"]) == (made["id"], "2026-03-01T12:00:03Z")
    assert [each["body"] for each in await world.dana.ok("GET", path)] == ["plan 2"]
    assert world.forge.record()["comments"][0]["earlier"][0]["body"] == "plan"


async def test_who_may_change_a_comment(world: World) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    made = await world.stranger.ok("POST", path, {"body": "mine"})
    one = f"{world.repo}/issues/comments/{made['id']}"
    assert (await world.stranger("PATCH", one, {"body": "still mine"})).status == 200
    assert (await world.dana("PATCH", one, {"body": "moderated"})).status == 200
    plan = await world.app.ok("POST", path, {"body": "plan"})
    foreign = f"{world.repo}/issues/comments/{plan['id']}"
    assert (await world.stranger("PATCH", foreign, {"body": "forged"})).status == 403
    assert (await world.stranger("DELETE", foreign)).status == 403


async def test_a_deleted_comment_is_gone_and_on_record(world: World) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    made = await world.app.ok("POST", path, {"body": "plan"})
    one = f"{world.repo}/issues/comments/{made['id']}"
    assert (await world.app("DELETE", one)).status == 204
    assert await world.app.ok("GET", path) == []
    assert (await world.app("GET", one)).status == 404
    assert (await world.app("PATCH", one, {"body": "x"})).status == 404
    assert world.forge.record()["comments"][0]["deleted_at"] is not None


@pytest.mark.parametrize(("size", "status"), [(65536, 201), (65537, 422)])
async def test_the_size_limit_counts_characters(world: World, size: int, status: int) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    answer = await world.app("POST", path, {"body": "ä" * size})
    assert answer.status == status
    if status == 422:
        assert answer.json["errors"][0]["field"] == "body"


@pytest.mark.parametrize("body", [{"body": ""}, {"body": "  \n"}, {}, {"body": 7}, {"body": "\ud800"}])
async def test_empty_and_malformed_bodies(world: World, body: dict[str, object]) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    assert (await world.app("POST", path, body)).status == 422


async def test_malformed_json(world: World) -> None:
    path = f"{world.forge.api_url}{world.repo}/issues/{await world.open()}/comments"
    for raw in (b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000):
        headers = {"Authorization": world.dana.authorization}
        async with world.session.post(path, data=raw, headers=headers) as answer:
            assert answer.status == 400


async def test_since_finds_what_was_edited(world: World) -> None:
    number = await world.open()
    path = f"{world.repo}/issues/{number}/comments"
    old = await world.dana.ok("POST", path, {"body": "old"})
    world.clock.forward(seconds=60)
    new = await world.dana.ok("POST", path, {"body": "new"})
    everywhere = f"{world.repo}/issues/comments?sort=updated&since=2026-03-01T12:00:30Z"
    assert [each["id"] for each in await world.app.ok("GET", everywhere)] == [new["id"]]
    assert [each["id"] for each in await world.app.ok("GET", f"{path}?since=2026-03-01T12:00:30Z")] == [new["id"]]
    world.clock.forward(seconds=60)
    await world.dana.ok("PATCH", f"{world.repo}/issues/comments/{old['id']}", {"body": "older"})
    assert [each["id"] for each in await world.app.ok("GET", everywhere)] == [new["id"], old["id"]]


async def test_reactions_are_made_once(world: World) -> None:
    number = await world.open()
    made = await world.dana.ok("POST", f"{world.repo}/issues/{number}/comments", {"body": "x"})
    path = f"{world.repo}/issues/comments/{made['id']}/reactions"
    first, second = [await world.app("POST", path, {"content": "eyes"}) for _ in range(2)]
    assert (first.status, second.status) == (201, 200)
    assert first.json["id"] == second.json["id"]
    assert (await world.app("POST", path, {"content": "cheese"})).status == 422
    assert len(await world.dana.ok("GET", path)) == 1


async def test_reviews(world: World) -> None:
    number = await world.open()
    path = f"{world.repo}/pulls/{number}/reviews"
    head = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"]
    own = await world.dana("POST", path, {"event": "APPROVE"})
    assert (own.status, "your own pull request" in own.json["message"]) == (422, True)
    made = await world.olga.ok("POST", path, {"event": "APPROVE"})
    assert (made["state"], made["commit_id"], made["user"]["login"]) == ("APPROVED", head, "olga")
    assert (await world.olga("POST", path, {"event": "COMMENT"})).status == 422
    assert (await world.olga("POST", path, {"event": "SHRUG"})).status == 422
    assert (await world.olga("POST", path, {"event": "APPROVE", "commit_id": "0" * 40})).status == 422
    await world.write("envs/prod/web.yaml", "replicas: 6\n", "topic")
    assert (await world.olga.ok("GET", f"{path}/{made['id']}"))["commit_id"] == head
    dismissed = await world.dana.ok("PUT", f"{path}/{made['id']}/dismissals", {"message": "no"})
    assert dismissed["state"] == "DISMISSED"
    assert (await world.dana("PUT", f"{path}/{made['id']}/dismissals", {"message": "no"})).status == 422
