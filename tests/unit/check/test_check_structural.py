"""Structural schemas: which are sound, and what the API server makes of an object before it validates it."""

from typing import Any

import pytest

from bot.check.schemas.custom.settle import settled
from bot.check.schemas.custom.structural import MOST, Refused, json_schema

NONE = frozenset[str]()
TEXT: dict[str, Any] = {"type": "string"}
LIST = {"type": "array", "items": TEXT}
OBJECTS: dict[str, Any] = {"type": "array", "items": {"type": "object", "required": ["a"], "properties": {"a": TEXT}}}
SET, MAP = ({"x-kubernetes-list-type": each} for each in ("set", "map"))
KEYS = {**MAP, "x-kubernetes-list-map-keys": ["a"]}
EITHER, FREE = {"x-kubernetes-int-or-string": True}, {"x-kubernetes-preserve-unknown-fields": True}
EMBEDDED = {"x-kubernetes-embedded-resource": True}


def field(schema: Any) -> Any:
    """A kind with one field."""
    return {"type": "object", "properties": {"f": schema}}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({**OBJECTS, **KEYS, "x-kubernetes-list-map-keys": ["a", "a"]}, "keys, each once"),
        ({**LIST, **KEYS}, "its items have no property a"),
        ({**OBJECTS, **KEYS, "items": {**OBJECTS["items"], "type": "string"}}, "its items have no property a"),
        ({**LIST, **SET, "items": {**TEXT, "nullable": True}}, "items of a set cannot be null"),
        ({**TEXT, "minLength": "1"}, "is no count"),
        ({**TEXT, "minLength": True}, "is no count"),
        ({"type": "integer", "minimum": "1"}, "no number that can be used"),
        ({"type": "integer", "minimum": True}, "no number that can be used"),
        ({"type": "object", "required": [1]}, "is no list of names"),
        ({"type": "object", "allOf": {}}, "its allOf is no list"),
        ({"type": "object", "properties": {"a": 1}}, "it is no schema"),
        ({**EITHER, **FREE}, "an int-or-string has none"),
        ({**LIST, "x-kubernetes-map-type": "atomic"}, "it is no object"),
        ({**TEXT, "x-kubernetes-list-type": "atomic"}, "it is no array"),
        ({"type": "object", **EMBEDDED}, "an embedded resource must be"),
        ({"type": "array", "items": TEXT, "properties": {"a": TEXT}, **EMBEDDED}, "an embedded resource must be"),
        ({"type": "object", "allOf": [{"default": 0}]}, "it has default where"),
    ],
)
def test_what_is_not_sound_is_refused(schema: Any, why: str) -> None:
    with pytest.raises(Refused, match=why):
        json_schema(field(schema), NONE)


@pytest.mark.parametrize(
    "schema",
    [
        {**OBJECTS, **KEYS},
        {**OBJECTS, **KEYS, "items": {"type": "object", "properties": {"a": {**TEXT, "default": "x"}}}},
        {**LIST, **SET},
        {**OBJECTS, **SET, "items": {"type": "object", "x-kubernetes-map-type": "atomic"}},
        {**LIST, "items": {**TEXT, "nullable": True}},
        {"type": "integer", "minimum": -1},
        {"type": "object", **EMBEDDED, **FREE},
        {"type": "object", **EMBEDDED, "properties": {"a": TEXT}},
        {"type": "object", "allOf": [{"nullable": False}]},
    ],
)
def test_what_is_sound_is_taken(schema: Any) -> None:
    assert "f" in json_schema(field(schema), NONE)[0]["properties"]


def test_a_kind_is_an_object_and_no_schema_is_endless() -> None:
    with pytest.raises(Refused, match="its type is not object"):
        json_schema({**FREE, "type": "array", "items": TEXT}, NONE)
    with pytest.raises(Refused, match="more than"):
        json_schema({"type": "object", "properties": {str(number): TEXT for number in range(MOST)}}, NONE)


def test_defaults_are_looked_at_where_the_api_server_does() -> None:
    assert len(json_schema(field({**TEXT, "default": "x"}), NONE)[1]) == 1
    for schema in ({"type": "object", "additionalProperties": {**TEXT, "default": 1}}, {**EITHER, "default": {}}):
        assert json_schema(field(schema), NONE)[1] == []


def test_formats_are_those_of_strings() -> None:
    for schema, found in (({**TEXT, "format": "date"}, "go-date"), ({"type": "integer", "format": "date"}, None)):
        made: Any = json_schema(field(schema), frozenset({"date"}))[0]
        assert made["properties"]["f"].get("format") == found
    assert "format" not in str(json_schema(field({**TEXT, "format": "other"}), frozenset({"date"})))


ONE = {"properties": {"a": {"default": 1}}}
NULLABLE = {"properties": {"a": {"nullable": True, "default": 1}}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (ONE, {}, {"a": 1}),
        (ONE, {"a": None}, {"a": 1}),
        (NULLABLE, {"a": None}, {"a": None}),
        ({"properties": {"a": {}}}, {"a": None}, {}),
        ({"items": ONE}, [{}, {"a": None}], [{"a": 1}, {"a": 1}]),
        ({"items": {"default": 5}}, [None], [5]),
        ({"items": {"nullable": True, "default": 5}}, [None], [None]),
        ({}, [None], [None]),
        ({"items": ONE}, "text", "text"),
        ({"additionalProperties": ONE}, {"b": {}}, {"b": {"a": 1}}),
        ({**EMBEDDED}, {"metadata": {"labels": None}}, {"metadata": {}}),
        ({"properties": {"metadata": NULLABLE}}, {"metadata": {"a": None}}, {"metadata": {"a": None}}),
    ],
)
def test_nulls_go_and_defaults_come(schema: Any, value: Any, expected: Any) -> None:
    assert settled(value, schema) == expected


def test_the_metadata_of_an_object_has_no_nulls() -> None:
    assert settled({"metadata": {"a": None}}, {"properties": {"metadata": NULLABLE}}, embedded=True) == {"metadata": {}}
