"""Finding repositories: one forge that refuses keeps the server from nothing else."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PermanentError, TemporaryError
from bot.flow.repository import discover
from bot.model.forge import Repository
from bot.model.identity import RepositoryId
from bot.server import keep_discovering, look_again
from bot.settings import Intervals
from bot.store import repositories
from tests.support.alone import KEY, alone

FOUND = Repository(id=RepositoryId(forge="b", number=8, path="acme/other"), default_branch="main")


class Lists:
    """A forge that is only asked for its repositories: each time the next answer, at last always the same."""

    def __init__(self, *answers: Exception | Sequence[Repository]) -> None:
        self.answers: Iterator[Any] = iter(answers)
        self.answer: Any = ()
        self.asked_again = asyncio.Event()

    async def repositories(self) -> Sequence[Repository]:
        given = next(self.answers, None)
        if given is None:
            self.asked_again.set()
        self.answer = given or self.answer
        if isinstance(self.answer, Exception):
            raise self.answer
        found: Sequence[Repository] = self.answer
        return found


@pytest.mark.parametrize("error", [PermanentError("refused"), TemporaryError("away")])
async def test_a_forge_that_cannot_be_asked_hides_no_other(tmp_path: Path, error: Exception) -> None:
    async with alone(tmp_path) as found:
        forges: Any = {"a": Lists(error), "b": Lists([FOUND])}
        world = replace(found, forges=forges)
        with pytest.raises(type(error)):
            await discover(world)
        assert await world.store.read(lambda conn: repositories.find(conn, FOUND.id)) is not None


@pytest.mark.parametrize("error", [PermanentError("refused"), TemporaryError("away", 0.1)])
async def test_a_forge_that_refuses_is_asked_again(tmp_path: Path, error: Exception) -> None:
    async with alone(tmp_path) as found:
        forge: Any = Lists(error)
        looking = asyncio.create_task(
            keep_discovering(replace(found, forges={"a": forge}, intervals=Intervals(retry=0.1)))
        )
        asked = asyncio.create_task(forge.asked_again.wait())
        done, _ = await asyncio.wait([looking, asked], return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert done == {asked}
        looking.cancel()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (None, 600),
        (PermanentError("refused"), 5),
        (TemporaryError("away", 1), 5),
        (TemporaryError("busy", 90), 90),
        (TemporaryError("spent", 3600), 600),
    ],
)
def test_a_forge_that_asks_to_wait_is_left_alone_as_long(
    error: PermanentError | TemporaryError | None, seconds: float
) -> None:
    assert look_again(Intervals(), error) == seconds


async def test_a_forge_that_tells_of_a_repository_is_asked_soon(tmp_path: Path) -> None:
    async with alone(tmp_path) as found:
        forge: Any = Lists([FOUND])
        world = replace(found, forges={"b": forge}, intervals=Intervals(repository=1000, retry=0.1))
        world.reach.set()
        looking = asyncio.create_task(keep_discovering(world))
        async with asyncio.timeout(20):
            await forge.asked_again.wait()
        assert not world.reach.is_set()
        looking.cancel()


async def test_a_forge_that_refuses_has_its_time(tmp_path: Path) -> None:
    async with alone(tmp_path) as found:
        forge: Any = Lists(PermanentError("refused"))
        world = replace(found, forges={"a": forge}, intervals=Intervals(retry=1000))
        world.reach.set()
        looking = asyncio.create_task(keep_discovering(world))
        for _ in range(50):
            await world.store.read(lambda conn: repositories.find(conn, KEY))
        assert not forge.asked_again.is_set()
        looking.cancel()


async def test_a_repository_that_moves_to_where_no_setting_reaches_is_left_alone(tmp_path: Path) -> None:
    async with alone(tmp_path) as found:
        moved = Repository(id=replace(KEY, path="elsewhere/shop"), default_branch="main")
        forges: Any = {"hub": Lists([moved])}
        world = replace(
            found, forges=forges, allowed=lambda id: frozenset[str]() if id.path.startswith("acme/") else None
        )
        assert await discover(world) == 0
        known = await world.store.read(lambda conn: repositories.find(conn, KEY))
        assert known is not None
        assert world.allowed(known.id) is None
