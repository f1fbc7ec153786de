"""The work on a repository: a base that cannot be read is known all the same, so that everything is looked at."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from bot.errors import InputError
from bot.flow.repository import new_base, sweep
from bot.flow.world import World
from bot.model.forge import Missed, Repository
from bot.model.identity import RepositoryId
from bot.model.noun import Sha, noun
from bot.store import queue, repositories
from tests.support.alone import KEY, NOON

HEAD = Sha("a" * 40)


@noun
class TooMany:
    """A mirror whose trees are beyond the limit."""

    async def tree(self, revision: str) -> Any:
        raise InputError(f"{revision[:7]} holds 200001 files; at most 200000 are read")


async def test_a_base_beyond_a_limit_is_the_base_all_the_same(world: World) -> None:
    ground: Any = SimpleNamespace(repository=Repository(id=KEY, default_branch="main"), mirror=TooMany(), base=HEAD)
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    await new_base(world, ground, lease)
    assert await world.store.read(lambda conn: repositories.base_head(conn, KEY)) == HEAD


@noun
class Behind:
    """A forge whose clock is half an hour behind the server's."""

    time = NOON - timedelta(minutes=30)

    async def since(self, repository: RepositoryId, watermark: datetime) -> Missed:
        assert watermark < NOON
        return Missed(wakes=(), at=self.time)


async def test_a_sweep_goes_on_from_the_forges_time(world: World) -> None:
    forges: Any = {"hub": Behind()}
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    await sweep(replace(world, forges=forges), KEY, lease)
    assert await world.store.read(lambda conn: repositories.watermark(conn, KEY)) == Behind.time
