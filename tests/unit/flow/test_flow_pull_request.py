"""The facts of a pull request: what the forge does not tell now is asked again, and nothing is forgotten for it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import AbsentError, PermanentError, TemporaryError
from bot.flow.pull_request import facts
from bot.flow.world import World
from bot.model.forge import PullRequest, Repository
from bot.model.gate import Lease
from bot.model.identity import Person, PullRequestId
from bot.model.noun import Sha
from bot.store import pulls, queue
from tests.support.alone import KEY, NOON

ID = PullRequestId(repository=KEY, number=4)
PULL = PullRequest(
    id=ID, title="a change", url="", base="main", head=Sha("a" * 40), branch="topic", author=Person(id=1, login="bo"),
    fork=False, draft=False, state="open", at=NOON, merge_commit=None, merged_at=None, commits=(), remarks=(),
)  # fmt: skip


class Refusing:
    """A forge that answers every question about a pull request with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def pull_request(self, id: PullRequestId) -> PullRequest:
        raise self.error


async def ask(world: World, error: Exception) -> PullRequest | None:
    forges: Any = {"hub": Refusing(error)}
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    assert isinstance(lease, Lease)
    repository = Repository(id=KEY, default_branch="main")
    return await facts(replace(world, forges=forges), repository, ID, lease)


async def test_a_refusal_is_no_absence(world: World) -> None:
    with pytest.raises(PermanentError, match="403"):
        await ask(world, PermanentError("GitHub answered 403"))


async def test_what_was_there_is_looked_for_again(world: World) -> None:
    await world.store.write(lambda conn: pulls.save(conn, PULL, NOON))
    with pytest.raises(TemporaryError, match="not to be seen"):
        await ask(world, AbsentError("GitHub answered 404"))


async def test_what_never_was_there_is_done(world: World) -> None:
    assert await ask(world, AbsentError("GitHub answered 404")) is None
