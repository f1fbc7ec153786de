"""Check runs and statuses."""

from typing import Any

import pytest

from tests.unit.localforge.forge_world import World

NOTE = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "no"}


async def head(world: World) -> str:
    number = await world.open()
    return str((await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"])


async def test_only_apps_make_check_runs(world: World) -> None:
    body = {"name": "tidegate", "head_sha": await head(world)}
    answer = await world.dana("POST", f"{world.repo}/check-runs", body)
    assert (answer.status, answer.json["message"]) == (403, "You must authenticate via a GitHub App.")
    assert (await world.app("POST", f"{world.repo}/check-runs", body)).status == 201


async def test_a_run_from_begin_to_end(world: World) -> None:
    sha = await head(world)
    body = {"name": "tidegate", "head_sha": sha, "status": "in_progress"}
    run = await world.app.ok("POST", f"{world.repo}/check-runs", body)
    assert (run["status"], run["conclusion"], run["pull_requests"][0]["number"]) == ("in_progress", None, 1)
    one = f"{world.repo}/check-runs/{run['id']}"
    output = {"title": "t", "summary": "s", "annotations": [NOTE] * 50}
    done = await world.app.ok("PATCH", one, {"conclusion": "failure", "output": output})
    assert (done["status"], done["conclusion"], done["output"]["annotations_count"]) == ("completed", "failure", 50)
    more = {"title": "t2", "summary": "s2", "annotations": [NOTE]}
    done = await world.app.ok("PATCH", one, {"output": more})
    assert (done["output"]["title"], done["output"]["annotations_count"]) == ("t2", 51)
    found = await world.dana.ok("GET", f"{world.repo}/commits/{sha}/check-runs?check_name=tidegate")
    assert (found["total_count"], found["check_runs"][0]["id"]) == (1, run["id"])
    assert len(await world.dana.ok("GET", f"{one}/annotations?per_page=100")) == 51


async def test_the_newest_run_of_a_name_is_the_latest(world: World) -> None:
    sha = await head(world)
    body = {"name": "tidegate", "head_sha": sha}
    await world.app.ok("POST", f"{world.repo}/check-runs", body)
    second = await world.app.ok("POST", f"{world.repo}/check-runs", body)
    path = f"{world.repo}/commits/{sha}/check-runs"
    assert [each["id"] for each in (await world.app.ok("GET", path))["check_runs"]] == [second["id"]]
    assert (await world.app.ok("GET", f"{path}?filter=all"))["total_count"] == 2
    assert (await world.app.ok("GET", f"{path}?check_name=other"))["total_count"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"head_sha": "0" * 40},
        {"head_sha": "main"},
        {"name": None},
        {"status": "completed"},
        {"conclusion": "great"},
        {"status": "waiting for godot"},
        {"output": {"title": "t"}},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE] * 51}},
        {"output": {"title": "t", "summary": "s", "annotations": [{**NOTE, "message": ""}]}},
        {"output": {"title": "t", "summary": "s", "annotations": [{**NOTE, "start_line": 0}]}},
        {"output": {"title": "t", "summary": "s" * 65536}},
        {"output": {"title": "t", "summary": "ä" * 40000}},
        {"output": {"title": "t", "summary": "s", "text": "x" * 65536}},
    ],
)
async def test_what_is_refused(world: World, change: dict[str, Any]) -> None:
    body = {"name": "tidegate", "head_sha": await head(world), **change}
    assert (await world.app("POST", f"{world.repo}/check-runs", body)).status == 422


async def test_a_long_text_is_cut_at_bytes_without_a_word(world: World) -> None:
    output = {"title": "t", "summary": "s", "text": "ä" * 60000}
    body = {"name": "tidegate", "head_sha": await head(world), "output": output}
    run = await world.app.ok("POST", f"{world.repo}/check-runs", body)
    assert run["output"]["text"] == "ä" * 32767


async def test_statuses(world: World) -> None:
    sha = await head(world)
    path = f"{world.repo}/statuses/{sha}"
    assert (await world.dana.ok("GET", f"{world.repo}/commits/{sha}/status"))["state"] == "pending"
    assert (await world.dana("POST", path, {"state": "success", "context": "ci"})).status == 201
    assert (await world.dana("POST", path, {"state": "failure", "context": "ci"})).status == 201
    found = await world.dana.ok("GET", f"{world.repo}/commits/{sha}/status")
    assert (found["state"], found["total_count"]) == ("failure", 1)
    assert (await world.stranger("POST", path, {"state": "success"})).status == 403
    assert (await world.dana("POST", path, {"state": "fine"})).status == 422
    assert (await world.dana("POST", path, {"state": "success", "description": "x" * 141})).status == 422
