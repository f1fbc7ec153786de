"""A whole stage per test: the local forge, the server as a process of its own, people, folders; tried from outside."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage, put_up
from tests_support.people import People


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs a file's tests, for what they share; all that need the API server share one as well."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder == "cluster" else str(item.path)))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The sample repository, installed in its three environments."""
    async with put_up(tmp_path, None, 0, print) as up:
        await up.install()
        yield up


@pytest.fixture
def people(stage: Stage) -> People:
    """The developer, the approver, and what they do."""
    return People(stage)
