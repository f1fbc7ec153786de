"""The work on a repository: a base that cannot be read is known all the same, so that everything is looked at."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.errors import InputError
from bot.flow.repository import changed_since, list_environments, new_base, sweep
from bot.flow.world import World
from bot.model.environment import Configuration
from bot.model.forge import Missed, PullRequest, Repository
from bot.model.identity import RepositoryId, Wake, key_text
from bot.model.noun import Digest, Sha, noun
from bot.model.tree import Tree
from bot.store import environments, pulls, queue, repositories
from bot.store.environments import AppliedState
from tests.support.alone import KEY, NOON
from tests.support.thread import ANA, PULL, TEAM, part, show
from tests.support.trees import tree

HEAD = Sha("a" * 40)
HOUR = timedelta(hours=1)


def an_open_one() -> PullRequest:
    return PullRequest(
        id=PULL, title="", url="", base="main", head=HEAD, branch="topic", author=ANA, fork=False, draft=False,
        state="open", at=NOON, merge_commit=None, merged_at=None, commits=(), remarks=(),
    )  # fmt: skip


@noun
class TooMany:
    """A mirror whose trees are beyond the limit."""

    async def tree(self, revision: str) -> Any:
        raise InputError(f"{revision[:7]} holds 200001 files; at most 200000 are read")


async def woken(world: World) -> set[str]:
    """The keys that are ready."""
    taken = await world.store.write(lambda conn: queue.take_keys(conn, "other", 9, NOON, 3600))
    return {lease.key for lease, _ in taken}


async def test_a_base_beyond_a_limit_is_the_base_all_the_same(world: World) -> None:
    prod = part().environment
    await world.store.write(lambda conn: environments.activate(conn, prod, NOON))
    await world.store.write(lambda conn: pulls.save(conn, an_open_one(), NOON))
    ground: Any = SimpleNamespace(repository=Repository(id=KEY, default_branch="main"), mirror=TooMany(), base=HEAD)
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    await new_base(world, ground, frozenset(), lease)
    assert await world.store.read(lambda conn: repositories.base_head(conn, KEY)) == HEAD
    row = await world.store.read(lambda conn: environments.find(conn, prod.id))
    assert row is not None
    assert row.state == "active", "what says nothing usable takes nothing away"
    assert await woken(world) == {key_text(PULL)}


class Moved:
    """A mirror in which a file of `apps/a` has changed, and that never saw an older base."""

    OLD, NEW = Sha("1" * 40), Sha("2" * 40)

    async def has(self, sha: Sha) -> bool:
        return sha in (self.OLD, self.NEW)

    async def tree(self, revision: Sha) -> Tree:
        text = CONFIGURATION_OF_THREE
        paths = {"apps/a/x.yaml": revision, "apps/ab/x.yaml": "same", "tidegate.yaml": text}
        return tree({path: each.encode() for path, each in paths.items()})

    async def load(self, tree: Tree, paths: frozenset[str]) -> Tree:
        return tree


CONFIGURATION_OF_THREE = """version: 1
environments:
  a: {source: {path: apps/a}, target: t, scope: a, apply: never}
  ab: {source: {path: apps/ab}, target: t, scope: ab, apply: never}
  all: {source: {path: .}, target: t, scope: all, apply: never}
"""


@pytest.mark.parametrize(
    ("before", "first"),
    [(Moved.OLD, {"a", "all"}), (HEAD, {"a", "ab", "all"}), (Moved.NEW, {"a", "ab", "all"})],
    ids=["known", "unknown", "nothing"],
)
async def test_of_many_environments_those_that_changed_have_the_first_turn(
    world: World, before: Sha, first: set[str]
) -> None:
    ground: Any = SimpleNamespace(
        repository=Repository(id=KEY, default_branch="main"), mirror=Moved(), base=Moved.NEW
    )  # fmt: skip
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    await new_base(world, ground, await changed_since(ground, before), lease)

    async def taken(at: datetime) -> set[str]:
        found = await world.store.write(lambda conn: queue.take_keys(conn, "other", 9, at, 3600))
        return {lease.key.rpartition(":")[2] for lease, _ in found}

    assert await taken(NOON) == first
    assert await taken(NOON + timedelta(seconds=2)) == {"a", "ab", "all"} - first


@noun
class Behind:
    """A forge whose clock is half an hour behind the server's."""

    time = NOON - timedelta(minutes=30)

    async def since(self, repository: RepositoryId, watermark: datetime) -> Missed:
        assert watermark < NOON
        return Missed(wakes=(Wake(key=PULL, reason="missed"),), at=self.time)


async def test_a_sweep_goes_on_from_the_forges_time(world: World) -> None:
    forges: Any = {"hub": Behind()}
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    await sweep(replace(world, forges=forges), KEY, lease)
    assert await world.store.read(lambda conn: repositories.watermark(conn, KEY)) == Behind.time
    assert await woken(world) == {key_text(PULL)}


async def test_a_merge_that_waits_is_looked_at_when_its_environment_is_taken_out(world: World) -> None:
    ground: Any = SimpleNamespace(repository=Repository(id=KEY, default_branch="main"), base=HEAD)
    prod, late = part().environment.id, replace(PULL, number=5)

    def merge(conn: Connection) -> None:
        for number, at in ((PULL.number, NOON), (late.number, NOON + HOUR), (6, NOON + HOUR)):
            pull = PullRequest(
                id=replace(PULL, number=number), title="", url="", base="main", head=HEAD, branch="topic", author=ANA,
                fork=False, draft=False, state="merged", at=at, merge_commit=HEAD, merged_at=at, commits=(), remarks=(),
            )  # fmt: skip
            pulls.save(conn, pull, at)

    row = await world.store.write(lambda conn: environments.ensure(conn, prod, NOON))
    for thread in (PULL, late):
        await show(world, "d1:new", NOON, uids=(row.uid,), thread=thread)
    await world.store.write(merge)
    taken = Configuration()
    await world.store.write(lambda conn: environments.activate(conn, part().environment, NOON))
    wakes = await world.store.write(lambda conn: list_environments(conn, world, ground, taken))
    assert {each.key for each in wakes} == {PULL, late}, "nothing was applied yet, and the third showed no change"
    state = AppliedState(
        revision=HEAD, digest=Digest("d1:a"), objects={}, rule=TEAM, destination="x", at=NOON + HOUR / 2
    )
    await world.store.write(lambda conn: environments.set_applied(conn, row.uid, state, "healthy"))
    await world.store.write(lambda conn: environments.activate(conn, part().environment, NOON))
    wakes = await world.store.write(lambda conn: list_environments(conn, world, ground, taken))
    assert {each.key for each in wakes} == {late}
