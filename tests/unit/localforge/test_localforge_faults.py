"""API and git trouble on demand."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localforge.faults import BadFault, Faults
from tests.unit.localforge.forge_world import World


async def faults(world: World, *wanted: dict[str, Any]) -> None:
    answer = await world.client()("POST", f"{world.forge.url}/_faults", list(wanted))
    assert answer.status == 201, answer.text


@pytest.mark.parametrize(("status", "retry"), [(503, None), (429, 1), (403, 7), (500, None)])
async def test_an_answer_that_fails(world: World, status: int, retry: int | None) -> None:
    which = {"on": "api", "method": "GET", "path": "/repos/.*"}
    await faults(world, {**which, "kind": "status", "status": status, "retry_after": retry, "times": 2})
    assert (await world.dana("GET", "/user")).status == 200
    for _ in range(2):
        answer = await world.dana("GET", world.repo)
        assert (answer.status, answer.headers.get("Retry-After")) == (status, None if retry is None else str(retry))
    assert (await world.dana("GET", world.repo)).status == 200


async def test_nothing_is_done_under_a_failing_answer(world: World) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    await faults(world, {"on": "api", "method": "POST", "kind": "status", "status": 502})
    assert (await world.dana("POST", path, {"body": "x"})).status == 502
    assert world.forge.record()["comments"] == []


async def test_a_lost_reply_was_done(world: World) -> None:
    path = f"{world.repo}/issues/{await world.open()}/comments"
    await faults(world, {"on": "api", "method": "POST", "path": ".*/comments", "kind": "lost_reply"})
    with pytest.raises(aiohttp.ClientConnectionError):
        await world.dana("POST", path, {"body": "x"})
    assert [each["body"] for each in world.forge.record()["comments"]] == ["x"]
    assert world.forge.record()["calls"][-1]["status"] == 201


async def test_a_late_answer(world: World) -> None:
    await faults(world, {"on": "api", "path": "/user", "kind": "delay", "seconds": 0.2})
    await world.dana("GET", "/user")
    assert world.forge.record()["calls"][-1]["seconds"] >= 0.2


async def test_git_fails_too(world: World, git: Callable[..., Any]) -> None:
    await faults(world, {"on": "git", "kind": "status", "status": 503})
    url = f"{world.forge.url.replace('://', '://dana@')}/acme/shop.git"
    assert (await git("ls-remote", url))[0] != 0
    assert (await git("ls-remote", url))[0] == 0


async def test_rate_limits_in_headers(world: World) -> None:
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}
    await faults(world, {"on": "api", "kind": "status", "status": 403, "headers": limits})
    assert (await world.dana("GET", "/user")).headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    "fault",
    [
        {"on": "api"},
        {"kind": "status"},
        {"on": "sea", "kind": "status"},
        {"on": "api", "kind": "duplicate"},
        {"on": "webhook", "kind": "status"},
        {"on": "api", "kind": "status", "path": "("},
        {"on": "api", "kind": "status", "times": 0},
        {"on": "api", "kind": "status", "colour": "red"},
    ],
)
async def test_bad_faults_are_refused_and_none_is_added(world: World, fault: dict[str, Any]) -> None:
    wanted = [{"on": "api", "kind": "status"}, fault]
    assert (await world.client()("POST", f"{world.forge.url}/_faults", wanted)).status == 422
    assert (await world.client()("GET", f"{world.forge.url}/_faults")).json == []


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_each_fault_strikes_as_often_as_it_says(times: list[int]) -> None:
    found = Faults()
    found.add([{"on": "api", "kind": "delay", "times": each, "seconds": at} for at, each in enumerate(times)])
    struck = []
    while fault := found.request("api", "GET", "/x"):
        struck.append(int(fault.seconds))
    assert struck == [at for at, each in enumerate(times) for _ in range(each)]
    assert found.listing() == []


def test_one_bad_fault_stops_all() -> None:
    found = Faults()
    with pytest.raises(BadFault):
        found.add([{"on": "api", "kind": "status"}, {"on": "api", "kind": "nope"}])
    assert found.request("api", "GET", "/") is None
