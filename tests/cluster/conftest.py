"""One API server for all tests of this folder."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.control_plane import ControlPlane, control_plane
from tests.support.programs import program


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """A real API server; what needs it is skipped, with the reason, where its programs are missing."""
    programs = {name: program(name) for name in ("etcd", "kube-apiserver")}
    async with control_plane(programs, tmp_path_factory.mktemp("plane")) as up:
        yield up
