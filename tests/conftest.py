"""A whole stage per test: the local forge, the server as a process of its own, people, folders; tried from outside."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.cli.demo import server
from bot.cli.demo.stage import Stage, put_up
from tests.support.people import People
from tests.support.postgresql import new_database, running
from tests.support.zygote import available, zygote

# by default a property fails when an example, or making examples, takes long: on a busy machine any may
settings.register_profile("without a clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without a clock")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs a file's tests, for what they share; all that need the API server share one as well."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder == "cluster" else str(item.path)))


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """Servers of stages are copies of one that is loaded, where the system can make them."""
    if not available():
        yield
        return
    with pytest.MonkeyPatch.context() as patch, zygote() as ready:
        patch.setattr(server, "launch", ready.launch)
        yield


@pytest.fixture(scope="session")
def installed(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a stage where the sample repository was installed in its three environments, and that was ended."""
    folder = tmp_path_factory.mktemp("installed")

    async def install() -> None:
        async with put_up(folder, None, 0, lambda _: None) as up:
            await up.install()

    asyncio.run(install())
    (folder / "ports.json").unlink()
    return folder


@pytest.fixture
async def stage(tmp_path: Path, installed: Path) -> AsyncIterator[Stage]:
    """A stage of the test's own that goes on where the installed one ended."""
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True, symlinks=True)
    async with put_up(tmp_path, None, 0, print) as up:
        yield up


@pytest.fixture
def people(stage: Stage) -> People:
    """The developer, the approver, and what they do."""
    return People(stage)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with running() as url:
        yield url


@pytest.fixture
def new_postgresql(postgresql: str) -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    with new_database(postgresql) as url:
        yield url
