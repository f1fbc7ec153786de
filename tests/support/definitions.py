"""The custom kind Gate: its CustomResourceDefinition, made of a schema, and resources of it."""

from typing import Any

import yaml

__all__ = ["GATE", "KEYED", "LIST", "SPEC", "crd", "gate"]

SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "maximum": 9},
        "mode": {"type": "string", "enum": ["Fast", "Safe"]},
        "zone": {"type": "string", "pattern": "^(?i)eu-", "nullable": True},
        "level": {"type": "integer", "default": 3},
        "one": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    },
}  # fmt: skip
LIST = {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}
KEYED = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]}
GATE = "---\napiVersion: acme.io/v1\nkind: Gate\nmetadata:\n  name: a\n  namespace: shop\nspec:\n  size: 1\n"


def crd(spec: dict[str, Any] = SPEC, **version: Any) -> str:
    """A definition of the kind Gate, as YAML of many lines."""
    entry = {
        "name": "v1", "served": True, "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
        **version,
    }  # fmt: skip
    names = {"kind": "Gate", "plural": "gates"}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gates.acme.io"},
        "spec": {"group": "acme.io", "names": names, "scope": "Namespaced", "versions": [entry]},
    }  # fmt: skip
    return "---\n" + yaml.safe_dump(body, sort_keys=False, default_flow_style=False)


def gate(text: str) -> str:
    """A resource with this spec."""
    return GATE.replace("  size: 1\n", text)
