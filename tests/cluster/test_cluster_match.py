"""A policy is about the requests that a real API server takes it to be about, whatever versions its rules name."""

import asyncio
import json
from typing import Any

import pytest

from bot.cli.demo.walk.browser import eventually
from bot.document import load_documents
from tests.support.control_plane import ControlPlane
from tests.support.enforced import admits, in_force, namespace, start_enforcing, stop_enforcing
from tests.support.policies_given import binding, levels, policy, resources

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

SPEC = {"type": "object", "default": {}, "properties": {"insecure": {"type": "boolean", "default": True}}}
SCHEMA = {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}}
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "mice.matching.example.com"},
    "spec": {
        "group": "matching.example.com", "scope": "Namespaced",
        "names": {"kind": "Mouse", "plural": "mice", "singular": "mouse"},
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": SCHEMA},
            {"name": "v2", "served": True, "storage": False, "schema": SCHEMA},
            {"name": "v3", "served": False, "storage": False, "schema": SCHEMA},
        ],
    },
}  # fmt: skip
MICE = "apis/matching.example.com/v1/namespaces/matching/mice"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: matching}
spec:
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: 'a:1'}]}}
"""
OBJECTS = {
    "mice": (MICE, "apiVersion: matching.example.com/v1\nkind: Mouse\nmetadata: {name: NAME, namespace: matching}\n"),
    "deployments": ("apis/apps/v1/namespaces/matching/deployments", DEPLOYMENT),
}
HOW = ("Equivalent", "Exact")
MATCH = {"Equivalent": ["error"], "Exact": ["error"]}
CONVERTED: dict[str, list[str]] = {"Equivalent": ["unknown"], "Exact": []}
NOTHING: dict[str, list[str]] = {"Equivalent": [], "Exact": []}
CASES = [
    ("mice", "matching.example.com", "v1", MATCH),
    ("mice", "matching.example.com", "v2", CONVERTED),
    ("mice", "matching.example.com", "v3", CONVERTED),
    ("mice", "matching.example.com", "v4", NOTHING),
    ("deployments", "apps", "v1", MATCH),
    ("deployments", "apps", "v1beta1", NOTHING),
    ("deployments", "extensions", "v1beta1", NOTHING),
]
"""Resource, group and version of a rule, and what is found here by `matchPolicy`."""


PROBE = {"apiVersion": "v1", "kind": "ConfigMap"}
CONFIGS = "/api/v1/namespaces/matching/configmaps"


async def established(plane: ControlPlane) -> None:
    """Make the namespace and the kind, and wait until the kind is served."""
    await namespace(plane, "matching")
    status, answer = await plane.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD)
    assert status in (201, 409), answer
    crd = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD['metadata']['name']}"

    async def served() -> bool:
        _, read = await plane.call("GET", crd)
        return any(each["type"] == "Established" and each["status"] == "True" for each in conditions(read))

    await eventually(served, "the mice were never served")


async def test_a_rule_matches_where_a_real_server_matches_it(plane: ControlPlane) -> None:
    await established(plane)
    given = [(f"match-{number}-{how.lower()}", how, *case) for number, case in enumerate(CASES) for how in HOW]
    texts = {name: about(name, how, *rule) for name, how, *rule, _ in given}
    documents = [each.value for text in texts.values() for each in load_documents(text.encode())]
    await start_enforcing(plane, documents, "matching")
    try:
        for name, *_ in given:
            await in_force(plane, CONFIGS, {**PROBE, "metadata": {"name": name}})
        for name, how, plural, group, version, found in given:
            path, text = OBJECTS[plural]
            (body,) = [each.value for each in load_documents(text.replace("NAME", name).encode())]
            admitted, why = await admits(plane, "/" + path, body)
            assert admitted == (not found[how]), (name, group, version, why)
            objects, before = text.replace("NAME", name), resources(json.dumps(CRD))
            ours = await asyncio.to_thread(levels, texts[name], objects=objects, before=before)
            assert ours == found[how], (name, group, version)
    finally:
        probe = {**PROBE, "metadata": {"name": given[-1][0]}}
        await stop_enforcing(plane, documents, CONFIGS, probe)


@pytest.mark.parametrize(
    ("expression", "found"), [("object.spec.insecure == true", []), ("!object.spec.insecure", ["error"])]
)
async def test_a_policy_sees_the_defaults_of_a_definition(
    plane: ControlPlane, expression: str, found: list[str]
) -> None:
    await established(plane)
    name = f"default-{len(found)}"
    rules = (
        "{apiGroups: ['*'], apiVersions: [v1], operations: ['*'], resources: [mice, configmaps], resourceNames: [NAME]}"
    )
    text = policy(f"has(object.data) ? false : {expression}", name, rules.replace("NAME", name)) + binding(name)
    documents = [each.value for each in load_documents(text.encode())]
    path, mouse = OBJECTS["mice"][0], OBJECTS["mice"][1].replace("NAME", name)
    probe = {**PROBE, "metadata": {"name": name}, "data": {"a": "b"}}
    await start_enforcing(plane, documents, "matching")
    try:
        await in_force(plane, CONFIGS, probe)
        (body,) = [each.value for each in load_documents(mouse.encode())]
        admitted, why = await admits(plane, "/" + path, body)
        assert admitted == (not found), why
        assert await asyncio.to_thread(levels, text, objects=mouse, before=resources(json.dumps(CRD))) == found
    finally:
        await stop_enforcing(plane, documents, CONFIGS, probe)


def conditions(crd: dict[str, Any]) -> list[dict[str, str]]:
    """How far the server is with a definition."""
    found: list[dict[str, str]] = crd.get("status", {}).get("conditions") or []
    return found


def about(name: str, how: str, plural: str, group: str, version: str) -> str:
    """A policy against one object, and against the ConfigMap of that name."""
    rule = "{{apiGroups: ['{}'], apiVersions: ['{}'], operations: ['*'], resources: [{}], resourceNames: [{}]}}"
    rules = f"{rule.format(group, version, plural, name)}, {rule.format('', 'v1', 'configmaps', name)}"
    return policy("false", name, rules=rules, constraints=f"matchPolicy: {how}") + binding(name)
