"""A whole stage per test: the local forge, the server as a process of its own, people, folders.

What tests do and see goes through HTTP, pages and files, as in the demo; nothing inside the server is touched.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests_support.people import People

from bot.cli.demo.stage import Stage, put_up


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
