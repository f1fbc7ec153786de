"""A null of a custom resource is there, for rules and for policies, where a real API server lets them see it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.document import load_documents
from tests.support.control_plane import ControlPlane
from tests.support.enforced import admits, in_force, namespace, start_enforcing, stop_enforcing
from tests.support.policies_given import binding, levels, policy, resources
from tests.support.served import definition, ours, served, theirs

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

TEXT: Mapping[str, Any] = {"type": "string", "maxLength": 5, "nullable": True}
FIELDS: Mapping[str, Any] = {
    "a": TEXT,
    "b": {"type": "string", "maxLength": 5},
    "m": {"type": "object", "maxProperties": 4, "additionalProperties": TEXT},
    "l": {"type": "array", "maxItems": 4, "items": TEXT},
    "o": {"type": "object", "nullable": True, "properties": {"z": {"type": "integer", "nullable": True}}},
    "k": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"z": {"type": "integer"}}},
}  # fmt: skip
VALUES: tuple[Mapping[str, Any], ...] = (
    {}, {"a": None}, {"a": "x"}, {"b": None}, {"m": None}, {"m": {"x": None}}, {"m": {"x": "y"}}, {"l": None},
    {"l": [None]}, {"l": ["x", None]}, {"o": None}, {"o": {"z": None}}, {"o": {"z": 1}}, {"k": None},
    {"k": {"z": None}}, {"k": {"u": None}},
)  # fmt: skip
RULES = (
    "has(self.a)", "!has(self.a)", "dyn(self.a) == null", "self.?a.orValue('x') == 'x'", "!has(self.b)",
    "'x' in self.m", "!('x' in self.m)", "self.m.all(k, dyn(self.m[k]) == null)", "size(self.m) == 1",
    "self.l.all(i, dyn(i) == null)", "has(self.o)", "!has(self.o.z)", "dyn(self.o) == null", "!has(self.k.z)",
)  # fmt: skip
EXPRESSIONS = (
    "has(object.spec.a)", "!has(object.spec.a)", "object.spec.a == null", "!has(object.spec.b)", "'x' in object.spec.m",
    "object.spec.l[0] == null", "has(object.spec.o)", "object.spec.?o.orValue({}).size() == 0",
    "has(object.spec.k.u)", "!has(object.spec.k.z)",
)  # fmt: skip
CONFIGS = "/api/v1/namespaces/nulls/configmaps"


async def test_rules_see_the_nulls_that_the_server_shows_them(plane: ControlPlane) -> None:
    properties = {
        f"f{number}": {"type": "object", "properties": FIELDS, "x-kubernetes-validations": [{"rule": rule}]}
        for number, rule in enumerate(RULES)
    }
    crd = definition("Ruled", {"type": "object", "properties": properties})
    path = await served(plane, crd)
    disagreed = []
    for number, rule in enumerate(RULES):
        for value in VALUES:
            body = {"apiVersion": "acme.example/v1", "kind": "Ruled", "metadata": {"name": "a"}, f"f{number}": value}
            taken, said = await theirs(plane, path, body)
            found = await ours(body, crd)
            if taken == bool(found):
                disagreed.append((rule, value, said or "taken", found))
    assert not disagreed, "\n".join(map(str, disagreed))


async def test_policies_see_the_nulls_that_the_server_shows_them(plane: ControlPlane) -> None:
    await namespace(plane, "nulls")
    spec = {"type": "object", "properties": FIELDS}
    crd = definition("Judged", {"type": "object", "properties": {"spec": spec}})
    await served(plane, crd)
    texts = {f"nulls-{number}": given(f"nulls-{number}", each) for number, each in enumerate(EXPRESSIONS)}
    documents = [each.value for text in texts.values() for each in load_documents(text.encode())]
    probes = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}} for name in texts
    ]
    await start_enforcing(plane, documents, "nulls")
    disagreed = []
    try:
        for probe in probes:
            await in_force(plane, CONFIGS, probe)
        for name, text in texts.items():
            for value in VALUES:
                body = {"apiVersion": "acme.example/v1", "kind": "Judged", "spec": value}
                body["metadata"] = {"name": name, "namespace": "nulls"}
                admitted, why = await admits(plane, "/apis/acme.example/v1/namespaces/nulls/judgeds", body)
                before = resources(json.dumps(crd))
                found = await asyncio.to_thread(levels, text, objects=json.dumps(body), before=before)
                if admitted == bool(found):
                    disagreed.append((text, value, why or "admitted", found))
    finally:
        await stop_enforcing(plane, documents, CONFIGS, probes[0])
    assert not disagreed, "\n".join(map(str, disagreed))


def given(name: str, expression: str) -> str:
    """A policy about the objects of that name, and its binding; no ConfigMap with data passes."""
    kinds = "apiGroups: ['*'], apiVersions: [v1], operations: ['*'], resources: [judgeds, configmaps]"
    rules = f"{{{kinds}, resourceNames: [{name}]}}"
    return policy(f"has(object.data) ? false : {expression}", name, rules) + binding(name)
