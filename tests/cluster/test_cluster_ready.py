"""The API server that the tests compare with is the one that the schemas are for, and it answers."""

import pytest

from bot.model.kubernetes import NEWEST
from tests.support.control_plane import ControlPlane

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_server_is_of_the_newest_version(plane: ControlPlane) -> None:
    status, version = await plane.call("GET", "/version")
    assert status == 200
    assert f"{version['major']}.{version['minor']}" == NEWEST


async def test_it_refuses_what_is_not_valid(plane: ControlPlane) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "UPPER"}}
    status, answer = await plane.call("POST", "/api/v1/namespaces/default/configmaps", body, dryRun="All")
    assert status == 422
    assert "metadata.name" in answer["message"]
