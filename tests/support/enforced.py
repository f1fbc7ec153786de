"""Policies as a real API server enforces them: installed, bound to one namespace, asked by dry runs."""

import copy
from collections.abc import Iterable
from typing import Any

import yaml

from bot.cli.demo.walk.browser import eventually
from tests.support.control_plane import ControlPlane

__all__ = ["admits", "in_force", "namespace", "path_of", "shipped", "start_enforcing", "stop_enforcing"]

POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"


def shipped(name: str) -> list[dict[str, Any]]:
    """The documents of a shipped policy."""
    from importlib import resources

    text = resources.files("bot.check.policies").joinpath("shipped", f"{name}.yaml").read_text()
    return [each for each in yaml.safe_load_all(text) if each]


async def namespace(plane: ControlPlane, name: str, labels: dict[str, str] | None = None) -> None:
    """Make a namespace."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
    status, answer = await plane.call("POST", "/api/v1/namespaces", body)
    assert status in (201, 409), answer


async def start_enforcing(plane: ControlPlane, documents: Iterable[dict[str, Any]], where: str = "") -> None:
    """Install policies, bound with Deny to one namespace, or everywhere."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": where}}
    for given in documents:
        each = copy.deepcopy(given)
        path = POLICIES
        if each["kind"] == "ValidatingAdmissionPolicyBinding":
            path = BINDINGS
            each["spec"]["validationActions"] = ["Deny"]
            if where:
                each["spec"]["matchResources"] = {"namespaceSelector": selector}
        status, answer = await plane.call("POST", path, each)
        assert status in (201, 409), answer


async def stop_enforcing(plane: ControlPlane, documents: Iterable[dict[str, Any]], path: str, bad: Any) -> None:
    """Take policies and bindings away again, and wait until what they refused is let in."""
    for each in documents:
        kept = BINDINGS if each["kind"] == "ValidatingAdmissionPolicyBinding" else POLICIES
        status, answer = await plane.call("DELETE", f"{kept}/{each['metadata']['name']}")
        assert status == 200, answer

    async def admitted() -> bool:
        return (await admits(plane, path, bad))[0]

    await eventually(admitted, f"{path} is still refused")


async def path_of(plane: ControlPlane, body: dict[str, Any]) -> str:
    """Where an object of this type is made, as the server's discovery tells."""
    version = body["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    _, listed = await plane.call("GET", root)
    found = next(each for each in listed["resources"] if each["kind"] == body["kind"] and "/" not in each["name"])
    place = f"/namespaces/{body['metadata']['namespace']}" if found["namespaced"] else ""
    return f"{root}{place}/{found['name']}"


async def in_force(plane: ControlPlane, path: str, bad: dict[str, Any]) -> None:
    """Wait until the server refuses an object that it is to refuse: it learns of policies a moment later."""

    async def refused() -> bool:
        return not (await admits(plane, path, bad))[0]

    await eventually(refused, f"{path} was never refused")


async def admits(plane: ControlPlane, path: str, body: dict[str, Any]) -> tuple[bool, str]:
    """Whether the server would create the object, and why not."""
    status, answer = await plane.call("POST", path, body, dryRun="All")
    return status == 201, "" if status == 201 else str(answer.get("message"))
