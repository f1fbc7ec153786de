"""What tests of the worker and of its neighbours share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.flow.world import World
from tests.support.alone import alone
from tests.support.deployed import Place, deployed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A store with one key that is ready, a clock that stands still, and nothing else."""
    async with alone(tmp_path) as made:
        yield made


@pytest.fixture
async def place(world: World, tmp_path: Path) -> AsyncIterator[Place]:
    """An environment in its first state."""
    async with deployed(world, tmp_path) as made:
        yield made
