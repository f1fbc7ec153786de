"""A real API server that enforces a shipped policy gives the verdict that its samples claim."""

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.enforced import (
    admits,
    in_force,
    namespace,
    path_of,
    shipped,
    start_enforcing,
    stop_enforcing,
)
from tests.support.samples import NAMES, samples

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


@pytest.mark.parametrize("name", NAMES)
async def test_the_samples_are_judged_as_they_claim(plane: ControlPlane, name: str) -> None:
    await namespace(plane, "shop")
    documents, bad = shipped(name), samples(name, "fail")
    first = await path_of(plane, bad[0])
    await start_enforcing(plane, documents)
    try:
        await in_force(plane, first, bad[0])
        for each in bad:
            admitted, why = await admits(plane, await path_of(plane, each), each)
            assert not admitted, each
            assert f"ValidatingAdmissionPolicy '{name}'" in why
        for each in samples(name, "pass"):
            admitted, why = await admits(plane, await path_of(plane, each), each)
            assert admitted, why
    finally:
        await stop_enforcing(plane, documents, first, bad[0])
