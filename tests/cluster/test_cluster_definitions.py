"""A schema that a real API server refuses is refused, and one that it takes is not."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.check.schemas.custom.formats import string_formats
from bot.check.schemas.custom.kind import CustomKind
from bot.check.schemas.custom.structural import Refused
from bot.check.schemas.native.catalogue import Catalogue
from bot.model.kubernetes import NEWEST
from tests.support.control_plane import ControlPlane

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = {"type": "string", "maxLength": 9}
LIST = {"type": "array", "items": TEXT, "maxItems": 9}
KEYED = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}
EITHER: Mapping[str, Any] = {"x-kubernetes-int-or-string": True}
HALVES = [{"type": "integer"}, {"type": "string"}]
RULES = [{"rule": "self != 'x'"}]


def item(**more: Any) -> Mapping[str, Any]:
    """An item of a keyed list."""
    return {"type": "object", "properties": {"k": TEXT, "n": {"type": "string", "default": "x"}}, **more}


def narrowed(by: Mapping[str, Any], word: str = "allOf") -> Mapping[str, Any]:
    """A field with the property `a` that is narrowed."""
    below = {"properties": {"a": by}}
    return {"type": "object", "properties": {"a": TEXT}, word: below if word == "not" else [below]}


FIELDS: tuple[Mapping[str, Any], ...] = (
    *(narrowed({"maxLength": 3}, word) for word in ("allOf", "anyOf", "oneOf", "not")),
    *(narrowed({"type": "string"}, word) for word in ("allOf", "anyOf", "oneOf", "not")),
    *(narrowed({name: value}) for name, value in (
        ("description", "x"), ("title", "x"), ("default", "x"), ("nullable", True), ("nullable", False),
        ("description", ""), ("additionalProperties", TEXT), ("additionalProperties", True),
        ("x-kubernetes-validations", RULES), ("x-kubernetes-int-or-string", True),
        ("x-kubernetes-preserve-unknown-fields", True), ("x-kubernetes-embedded-resource", True),
        ("x-kubernetes-list-type", "set"), ("x-kubernetes-list-map-keys", ["k"]), ("x-kubernetes-map-type", "atomic"),
        ("example", "x"), ("format", "email"), ("enum", ["x"]),
    )),
    {**TEXT, "allOf": [{"x-kubernetes-validations": RULES}]}, {**TEXT, "anyOf": [{"x-kubernetes-validations": RULES}]},
    {**TEXT, "allOf": [{"type": "string"}]}, {**TEXT, "allOf": [{"description": "x"}]},
    {"type": "object", "additionalProperties": TEXT, "allOf": [{"additionalProperties": {"minLength": 2}}]},
    {"type": "object", "additionalProperties": TEXT, "anyOf": [{"additionalProperties": {"minLength": 2}}]},
    {**LIST, "allOf": [{"items": {"minLength": 2}}]}, {**LIST, "allOf": [{"items": {"type": "string"}}]},
    EITHER, {**EITHER, "anyOf": HALVES}, {**EITHER, "allOf": [{"anyOf": HALVES}]}, {**EITHER, "anyOf": HALVES[::-1]},
    {**EITHER, "allOf": [{"anyOf": HALVES}, {"pattern": "x"}]}, {**EITHER, "oneOf": HALVES},
    {**EITHER, "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}, {**EITHER, "anyOf": HALVES[:1]},
    {"type": "string", "anyOf": HALVES}, {"x-kubernetes-preserve-unknown-fields": True, "anyOf": HALVES},
    {**EITHER, "type": "string"},
    {**LIST, "x-kubernetes-list-type": "atomic"}, {**LIST, "x-kubernetes-list-type": "set"},
    {**LIST, "x-kubernetes-list-type": "list"}, {**LIST, "x-kubernetes-list-type": "map"},
    {**LIST, "x-kubernetes-list-map-keys": ["k"]}, {**TEXT, "x-kubernetes-list-type": "set"},
    {**LIST, "x-kubernetes-list-type": "set", "items": {**TEXT, "nullable": True}},
    {**LIST, "x-kubernetes-list-type": "set", "items": {"type": "object", "properties": {"a": TEXT}}},
    {**LIST, "x-kubernetes-list-type": "set", "items": {"type": "object", "x-kubernetes-map-type": "atomic"}},
    {**LIST, "x-kubernetes-list-type": "set", "items": LIST},
    {**LIST, "x-kubernetes-list-type": "set", "items": {**LIST, "x-kubernetes-list-type": "atomic"}},
    {**KEYED, "items": item(required=["k"])}, {**KEYED, "items": item()}, {**KEYED, "items": TEXT},
    {**KEYED, "items": item(), "x-kubernetes-list-map-keys": ["n"]},
    {**KEYED, "items": item(required=["k"]), "x-kubernetes-list-map-keys": ["k", "z"]},
    {**KEYED, "items": item(required=["k"]), "x-kubernetes-list-map-keys": []},
    {**KEYED, "items": item(required=["k"], nullable=True)},
    {**KEYED, "items": item(required=["k"]), "x-kubernetes-list-map-keys": ["k", "k"]},
    {"type": "object", "x-kubernetes-embedded-resource": True},
    {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"a": TEXT}},
    {"x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    {"type": "object", "x-kubernetes-map-type": "granular"}, {"type": "object", "x-kubernetes-map-type": "x"},
    {**TEXT, "x-kubernetes-map-type": "atomic"},
    {**TEXT, "properties": {"a": TEXT}}, {**TEXT, "properties": {"a": {"minLength": 1}}}, {**TEXT, "items": TEXT},
    {**TEXT, "items": {"minLength": 1}}, {**TEXT, "minLength": None, "not": None, "items": None},
    {**TEXT, "x-kubernetes-preserve-unknown-fields": False}, {**EITHER, "x-kubernetes-preserve-unknown-fields": True},
    {**TEXT, "enum": ["a"], "default": "b"}, {**TEXT, "enum": ["a"], "default": "a"}, {**EITHER, "default": 1.5},
    {"type": "object", "default": {"a": 1}}, {"type": "object", "default": {}, "properties": {"a": TEXT}},
    {"type": "object", "default": {}, "required": ["a"], "properties": {"a": {**TEXT, "default": "x"}}},
    {"type": "object", "default": {"a": None}, "properties": {"a": TEXT}},
    {"type": "object", "default": {"a": None}, "properties": {"a": {**TEXT, "nullable": True}}},
    {"type": "object", "additionalProperties": {**TEXT, "enum": ["a"], "default": "b"}},
    {**LIST, "items": {**TEXT, "enum": ["a"], "default": "b"}},
    {**LIST, "x-kubernetes-list-type": "set", "default": ["a", "a"]},
)  # fmt: skip


def definition(field: Mapping[str, Any]) -> dict[str, Any]:
    """A definition whose objects have one field."""
    spec = {"type": "object", "properties": {"f": field}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    names = {"kind": "Prism", "plural": "prisms", "singular": "prism", "listKind": "PrismList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "prisms.acme.example"},
        "spec": {"group": "acme.example", "names": names, "scope": "Namespaced",
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}]},
    }  # fmt: skip


def ours(crd: Mapping[str, Any]) -> str:
    """Why the schema is refused; "" where it is not."""
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    try:
        CustomKind(schema, Catalogue(NEWEST).object_meta, string_formats(NEWEST))
    except Refused as error:
        return str(error)
    return ""


async def test_a_schema_is_refused_where_the_server_refuses_it(plane: ControlPlane) -> None:
    disagreed = []
    for field in FIELDS:
        crd = definition(field)
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        status, answer = await plane.call("POST", path, crd, dryRun="All")
        if (status == 201) == bool(ours(crd)):
            disagreed.append((field, str(answer.get("message")) if status != 201 else "taken", ours(crd)))
    assert not disagreed, "\n".join(map(str, disagreed))
