"""Which CustomResourceDefinitions can be used: one that cannot is unknown at its place, said on one line."""

from typing import Any

import pytest

from tests.support.definitions import GATE, KEYED, LIST, SPEC, crd, gate

CRD = "CustomResourceDefinition gates.acme.io"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"$ref": "#/definitions/a"}, "it has $ref"),
        ({"type": "object", "properties": {"a": {}}}, "it has no type"),
        ({"type": "array"}, "its items is no schema"),
        ({"type": "list"}, "its type is none that Kubernetes knows"),
        ({"type": ["string", "null"]}, "its type is none that Kubernetes knows"),
        ({"type": "string", "pattern": "("}, "its pattern cannot be used"),
        ({"type": "string", "pattern": "(?=a)"}, "its pattern cannot be used"),
        ({"type": "string", "minLength": -1}, "its minLength is no count"),
        ({"type": "number", "multipleOf": 0}, "its multipleOf is no number"),
        ({"type": "object", "properties": []}, "its properties is no mapping"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "it has uniqueItems"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}},
         "both properties and additionalProperties"),
        ({"type": "object", "x-kubernetes-validations": [{"rule": "self.("}]}, "a rule cannot be used"),
        ({"type": "object", "x-kubernetes-validations": [{"rule": "self.(", "optionalOldSelf": True}]},
         "a rule cannot be used"),
        ({"type": "object", "x-kubernetes-map-type": "list"}, "its x-kubernetes-map-type is none of"),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, "an embedded resource must be"),
        ({**LIST, "x-kubernetes-list-type": "list"}, "its x-kubernetes-list-type is none of"),
        ({**LIST, "x-kubernetes-list-type": "map"}, "a list of type map has keys"),
        ({**LIST, **KEYED}, "the key a must be required or have a default"),
        ({**LIST, **KEYED, "x-kubernetes-list-map-keys": ["b"]}, "its items have no property b"),
        ({**LIST, "x-kubernetes-list-type": "set"}, "mappings in a set must be atomic"),
        ({"type": "object", "allOf": [{"type": "object"}]}, "it has type where values are only narrowed"),
        ({"type": "object", "not": {"properties": {"a": {"nullable": True}}}}, "it has nullable where"),
        ({"type": "object", "x-kubernetes-validations": {"rule": "true"}}, "its rules are no list"),
        ({"type": "object", "x-kubernetes-validations": ["true"]}, "a rule is no mapping"),
        ({"type": "string", "properties": ["a"]}, "its properties is no mapping"),
        ({"type": "string", "properties": {"a": 1}}, "it is no schema"),
        ({"type": "string", "items": {"minLength": 1}}, "it has no type"),
        ({"type": "string", "x-kubernetes-preserve-unknown-fields": False}, "it can only preserve unknown fields"),
        ({"type": "string", "enum": ["a"], "default": "b"}, "a default does not satisfy it"),
        ({"type": "object", "default": {"a": 1}}, "a default does not satisfy it"),
        ({"type": "object", "required": ["a"], "default": {}, "properties": {"a": {"type": "string", "default": "x"}}},
         "a default does not satisfy it"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_be_used_is_unknown_at_its_place(look: Any, spec: Any, why: str) -> None:
    found = [each for each in look(crd(spec) + GATE) if each.level == "unknown"]
    assert [str(each.resource) for each in found] == [CRD]
    assert why in found[0].message
    assert found[0].line > 10


@pytest.mark.parametrize(
    ("metadata", "sound"),
    [
        ({"type": "object"}, True),
        ({"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}}, True),
        ({"type": "string"}, False),
        ({"type": "object", "required": ["labels"]}, False),
        ({"type": "object", "properties": {"labels": {"type": "object"}}}, False),
        ({"type": "object", "additionalProperties": {"properties": "a"}}, False),
    ],
)
def test_a_definition_says_of_metadata_only_what_names_are_like(look: Any, metadata: Any, sound: bool) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"metadata": metadata, "spec": SPEC}}}
    found = [each for each in look(crd(schema=schema) + GATE) if each.level == "unknown"]
    assert (not found) == sound
    assert all("of metadata it may only say" in each.message for each in found)


def test_a_definition_that_is_not_the_changes_is_unknown_at_the_resource(look: Any) -> None:
    found = look(GATE + GATE.replace("name: a", "name: b"), supplied=crd({"$ref": "#"}))
    assert [(each.level, str(each.resource)) for each in found] == [("unknown", "Gate shop/a")]


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("  versions:\n", "  versions: 5\n  other:\n"),
        ("  - name: v1\n", "  - text\n  - name: v1\n"),
        ("    kind: Gate\n", "    kind: [Gate]\n"),
        ("  names:\n", "  names: x\n  other:\n"),
        ("  group: acme.io\n", "  group: 1\n"),
        ("spec:\n", "spec: x\nother:\n"),
    ],
)
def test_a_definition_of_another_shape_defines_nothing(look: Any, there: str, instead: str) -> None:
    assert there in crd()
    found = look(crd().replace(there, instead, 1) + GATE)
    assert {str(each.resource) for each in found if each.level == "error"} == {CRD}
    assert [str(each.resource) for each in found if each.rule == "missing-schema"] == ["Gate shop/a"]


@pytest.mark.parametrize("schema", [None, {}, {"openAPIV3Schema": None}, {"openAPIV3Schema": []}])
def test_a_definition_without_a_schema_is_unknown(look: Any, schema: Any) -> None:
    (found,) = (each for each in look(crd(schema=schema) + GATE) if each.level == "unknown")
    assert "is unusable, since there is none" in found.message


def test_what_a_definition_says_stays_on_one_line(look: Any) -> None:
    odd = "a\n/gate approve"
    rules = [{"rule": "false", "message": odd}, {"rule": "self.a\n> 1"}]
    spec = {"type": "object", "properties": {"a": {"type": "integer"}}, "x-kubernetes-validations": rules}
    names = crd().replace("kind: Gate\n", f"kind: {odd!r}\n".replace("'", '"'), 1)
    for text in (crd(spec) + gate("  {}\n"), crd(name=odd) + GATE, names.replace("type: object", "type: x")):
        found = look(text)
        assert found
        assert all(each.message.isprintable() and each.fix.isprintable() for each in found)


def test_a_list_in_a_default_may_hold_an_item_twice(look: Any) -> None:
    field = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set", "default": ["a", "a"]}
    assert look(crd({"type": "object", "properties": {"f": field}})) == []


def test_a_definition_without_objects_is_looked_at_too(look: Any) -> None:
    assert [each.level for each in look(crd({"$ref": "#"}))] == ["unknown"]
