"""Where a server stands: at what was fetched last, by itself or by another one that shares its store."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.flow.ground import last_seen, stand
from bot.flow.world import World
from bot.git import Mirrors
from bot.model.forge import Remote, Repository
from bot.model.identity import RepositoryId
from bot.model.noun import Sha
from bot.store import repositories
from tests.support.alone import KEY
from tests.support.git_server import GitServer, git_server

SHOP = Repository(id=KEY, default_branch="main")


@dataclass
class Place:
    """As much of a forge as is needed to fetch from it."""

    url: str

    async def remote(self, repository: RepositoryId) -> Remote:
        return Remote(url=self.url, token=str(repository.number))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[GitServer]:
    async with git_server(tmp_path / "served") as server:
        yield server


def server_of(world: World, served: GitServer, folder: Path) -> World:
    """A server with mirrors of its own."""
    forges: Any = {KEY.forge: Place(f"{served.url}/shop.git")}
    return replace(world, forges=forges, mirrors=Mirrors(folder))


async def push(world: World, served: GitServer, text: str) -> Sha:
    """A commit that some server has fetched, and woken the environments for."""
    made = Sha(served.commit("shop.git", {"a.yaml": text}))
    await world.store.write(lambda conn: repositories.set_base_head(conn, KEY, made))
    return made


async def test_what_another_server_fetched_is_fetched_here_before_it_is_looked_at(
    world: World, served: GitServer, tmp_path: Path
) -> None:
    here = server_of(world, served, tmp_path / "here")
    for text in ("a: 1\n", "a: 2\n"):
        made = await push(world, served, text)
        assert (await last_seen(here, SHOP)).base == made


async def test_a_look_at_what_is_known_asks_nobody(world: World, served: GitServer, tmp_path: Path) -> None:
    here = server_of(world, served, tmp_path / "here")
    made = await push(world, served, "a: 1\n")
    assert (await last_seen(here, SHOP)).base == made
    asked = len(served.asked)
    assert (await last_seen(here, SHOP)).base == made
    assert len(served.asked) == asked


async def test_what_was_fetched_here_first_counts(world: World, served: GitServer, tmp_path: Path) -> None:
    here = server_of(world, served, tmp_path / "here")
    await push(world, served, "a: 1\n")
    made = Sha(served.commit("shop.git", {"a.yaml": "a: 2\n"}))
    await stand(here, SHOP)
    asked = len(served.asked)
    assert (await last_seen(here, SHOP)).base == made
    assert len(served.asked) == asked
