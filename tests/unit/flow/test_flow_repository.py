"""The work on a repository: a base that cannot be read is known all the same, so that everything is looked at."""

from types import SimpleNamespace
from typing import Any

from bot.errors import InputError
from bot.flow.repository import new_base
from bot.flow.world import World
from bot.model.forge import Repository
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
