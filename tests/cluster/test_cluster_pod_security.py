"""The shipped Pod Security policies give the verdicts of the API server's own admission, offline and enforced."""

import copy
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from tests.support.control_plane import ControlPlane
from tests.support.enforced import admits, in_force, namespace, shipped, start_enforcing
from tests.support.judged import judge
from tests.support.pods import plain, pods

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

WANTED = 320
POLICIES = {
    "baseline": ("pod-security-baseline",),
    "restricted": ("pod-security-baseline", "pod-security-restricted"),
}


@pytest.mark.parametrize("level", list(POLICIES))
async def test_every_verdict_is_the_servers_own(
    plane: ControlPlane, level: str, record_property: Callable[[str, object], None]
) -> None:
    own, ours = f"own-{level}", f"ours-{level}"
    await namespace(plane, "anything-goes")
    await namespace(plane, own, {"pod-security.kubernetes.io/enforce": level})
    await namespace(plane, ours)
    documents = [renamed(each, level) for name in POLICIES[level] for each in shipped(name)]
    await start_enforcing(plane, documents, ours)
    bad = plain() | {"spec": {**plain()["spec"], "hostNetwork": True}}
    await in_force(plane, path(ours), bad)
    differing, refused, seen = [], 0, 0
    for pod in islice(pods(7), 4 * WANTED):
        if not (await admits(plane, path("anything-goes"), pod))[0]:
            continue  # not valid, whatever the level
        seen += 1
        theirs, why = await admits(plane, path(own), pod)
        enforced, _ = await admits(plane, path(ours), pod)
        offline = await judge(pod, POLICIES[level])
        refused += not theirs
        if not theirs == enforced == offline:
            differing.append((theirs, enforced, offline, why, pod))
        if seen == WANTED:
            break
    record_property("pods", seen)
    record_property("refused", refused)
    assert differing == []
    assert seen == WANTED
    assert WANTED * 0.2 < refused < WANTED * 0.95, "the pods tell the verdicts apart"


def renamed(document: dict[str, Any], level: str) -> dict[str, Any]:
    """The same policy for one level's namespace."""
    made = copy.deepcopy(document)
    made["metadata"]["name"] += f"-for-{level}"
    if "policyName" in made["spec"]:
        made["spec"]["policyName"] += f"-for-{level}"
    return made


def path(where: str) -> str:
    """Where pods of a namespace are made."""
    return f"/api/v1/namespaces/{where}/pods"
