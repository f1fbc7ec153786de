"""A server with another toolchain than the one that renders takes no work that renders, and says so."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.flow import replica
from bot.flow.toolchain import Installed
from bot.flow.world import World
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake
from bot.store import queue, repositories, servers
from bot.web.health import toolchain_renders
from tests.support.alone import KEY, NOON, play, ready_after_news

PULL, PROD = PullRequestId(repository=KEY, number=4), EnvironmentId(repository=KEY, name="prod")


def program(folder: Path, text: str) -> Installed:
    """A server that has a helm with this text."""
    (folder / "helm").write_text(f"#!/bin/sh\n# {text}\n")
    (folder / "helm").chmod(0o755)
    return Installed(((str(folder / "helm"),),), {})


async def done_by(world: World, count: int) -> set[Key]:
    """What a server works on until it has done that many."""
    seen: set[Key] = set()
    enough = asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        seen.add(key)
        if len(seen) == count:
            enough.set()
        return None

    await play(world, handler, until=enough)
    return seen


@pytest.fixture
async def others(world: World, tmp_path: Path) -> World:
    """A server that stands by, since another one with another helm is there; three keys are ready."""
    await world.store.write(lambda conn: queue.touch(conn, [Wake(key=key, reason="test") for key in (PULL, PROD)]))
    await replica.look(replace(world, toolchain=program(tmp_path, "old")), "old")
    late = replace(world, toolchain=program(tmp_path, "new"))
    assert "helm" in await replica.look(late, "new")
    return late


async def test_only_work_that_renders_nothing_is_taken_while_another_toolchain_renders(others: World) -> None:
    assert await done_by(others, 1) == {KEY}
    assert await others.store.read(lambda conn: queue.ready(conn, NOON)) == 2


async def test_the_place_apart_is_for_no_other_work_either(others: World) -> None:
    new = [RepositoryId(forge="hub", number=number, path=f"acme/{number}") for number in (1, 2)]
    begun, enough, let_go = asyncio.Queue[Key](), asyncio.Event(), asyncio.Event()

    async def handler(world: World, key: Key, lease: Lease) -> float | None:
        begun.put_nowait(key)
        await let_go.wait()
        return None

    def touch(conn: Connection) -> None:
        for each in new:
            repositories.adopt(conn, Repository(id=each, default_branch="main"), NOON)
        touched: list[Key] = [new[0], PullRequestId(repository=new[1], number=1)]
        queue.touch(conn, [Wake(key=key, reason="test") for key in touched])

    await others.store.write(touch)
    playing = asyncio.create_task(play(others, handler, until=enough))
    assert {await begun.get() for _ in range(2)} == {KEY, new[0]}  # `play` has two places
    assert await ready_after_news(others) == [3, 3, 3]
    assert begun.empty()
    let_go.set()
    enough.set()
    await playing


async def test_where_nobody_said_with_what_they_render_all_work_is_taken(world: World) -> None:
    assert await world.store.read(lambda conn: replica.allowed_kinds(conn, ("helm 1",))) == queue.KINDS


async def test_all_work_is_taken_when_the_others_have_left(others: World) -> None:
    await replica.leave(others, "old")
    assert await replica.look(others, "new") == ""
    assert await done_by(others, 3) == {KEY, PULL, PROD}


async def test_a_server_that_has_not_looked_yet_takes_nothing_to_render(world: World, tmp_path: Path) -> None:
    await replica.look(replace(world, toolchain=program(tmp_path, "the same")), "first")
    await world.store.write(lambda conn: queue.touch(conn, [Wake(key=PULL, reason="test")]))
    fresh = replace(world, toolchain=program(tmp_path, "the same"))
    assert await done_by(fresh, 1) == {KEY}
    await replica.look(fresh, "second")
    assert await done_by(fresh, 1) == {PULL}


async def test_it_goes_on_by_itself_when_the_others_are_silent(others: World) -> None:
    clock = [NOON]
    others = replace(others, clock=lambda: clock[0], intervals=others.intervals.model_copy(update={"lease": 0.03}))
    keeping = asyncio.create_task(replica.keep(others, "new"))
    others.signal.clear()
    clock[0] = NOON.replace(hour=13)
    await asyncio.wait_for(others.signal.wait(), 20)
    keeping.cancel()
    assert await others.store.read(servers.rendering) == others.toolchain.known


async def test_readiness_says_who_stands_by_and_why(others: World) -> None:
    (found,) = await toolchain_renders(others)
    assert (found.ok, found.needed) == (False, False)
    assert "stands by: servers with another toolchain render here (helm " in found.detail
    await replica.leave(others, "old")
    await replica.look(others, "new")
    (found,) = await toolchain_renders(others)
    assert found.ok


def test_a_program_that_is_replaced_or_missing_is_another_toolchain(tmp_path: Path) -> None:
    installed = program(tmp_path, "one")
    before = installed.look()
    assert installed.look() == before == installed.known
    (tmp_path / "other").write_text("#!/bin/sh\n")
    (tmp_path / "other").chmod(0o755)
    (tmp_path / "other").rename(tmp_path / "helm")
    assert installed.look() != before
    (tmp_path / "helm").unlink()
    assert "missing" in installed.look()[0]
