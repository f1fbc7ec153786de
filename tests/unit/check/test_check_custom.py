"""Custom resources are validated by their CustomResourceDefinitions, wherever these come from."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from bot.check.schemas import Schemas
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.resource import Resource

Read = Callable[[str], list[Resource]]

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
CRD = "CustomResourceDefinition gates.acme.io"
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


@pytest.fixture
def look(manifests: Read, environment: Environment) -> Callable[..., list[Finding]]:
    """The findings of a text, with what the base renders to and what the operator supplied."""
    schemas = Schemas()

    def check(text: str, before: str | None = "", supplied: str = "") -> list[Finding]:
        examined = Examined(
            environment=environment, resources=tuple(manifests(text)),
            before=None if before is None else tuple(manifests(before) if before else ()),
            kubernetes=Kubernetes(crds=tuple(manifests(supplied) if supplied else ())),
        )  # fmt: skip
        return list(schemas.findings(examined))

    return check


def test_a_sound_resource_has_no_findings(look: Any) -> None:
    assert look(crd() + GATE) == []


@pytest.mark.parametrize(
    ("text", "field", "wrong", "fix"),
    [
        ("  sise: 1\n", "spec.sise", "is not a field that its CustomResourceDefinition knows", "did you mean size?"),
        ("  mode: fast\n", "spec.mode", "is none of Fast, Safe", "did you mean Fast?"),
        ("  zone: us-1\n", "spec.zone", "does not match its pattern", "write it so that it matches ^(?i)eu-"),
        ("  level: high\n", "spec.level", "must be an integer, not a string",
         "change the value, or look at its indentation"),
        ("  one: {}\n", "spec.one", "does not satisfy exactly one alternative", "give exactly one of: a, b"),
        ("  one: {a: x, b: x}\n", "spec.one", "does not satisfy exactly one alternative", "give exactly one of: a, b"),
    ],
)  # fmt: skip
def test_one_mistake_is_told_at_its_line(look: Any, text: str, field: str, wrong: str, fix: str) -> None:
    (found,) = look(crd() + GATE + text)
    assert (found.level, found.message, found.fix) == ("error", f"{field} of Gate shop/a {wrong}", fix)
    assert found.line == (crd() + GATE + text).count("\n")


@pytest.mark.parametrize("text", ["  zone: null\n", "  zone: EU-1\n", "  level: null\n", "  mode: null\n"])
def test_what_the_api_server_takes_is_not_an_error(look: Any, text: str) -> None:
    assert look(crd() + GATE + text) == []


SMALL = {"x-kubernetes-int-or-string": True, "minimum": 1, "maximum": 5}
EITHER = [{"type": "integer"}, {"type": "string"}]
PARTLY = {"x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        (SMALL, "0", ["spec.f of Gate shop/a is below 1"]),
        (SMALL, "1", []),
        (SMALL, "5", []),
        (SMALL, "6", ["spec.f of Gate shop/a is above 5"]),
        (SMALL, "x", []),
        (PARTLY, "{a: 1}", ["spec.f.a of Gate shop/a must be a string, not an integer"]),
        (PARTLY, "{a: x, b: 1}", []),
        (PARTLY, "1", []),
        ({**SMALL, "anyOf": EITHER}, "x", []),
        ({"x-kubernetes-preserve-unknown-fields": True, "anyOf": EITHER}, "x", []),
        (
            {"x-kubernetes-preserve-unknown-fields": True, "allOf": [{"anyOf": EITHER}]},
            "true",
            ["spec.f of Gate shop/a satisfies none of its alternatives"],
        ),
    ],
)
def test_a_field_whose_type_is_not_said(look: Any, field: Any, value: str, found: list[str]) -> None:
    said = look(crd({"type": "object", "properties": {"f": field}}) + gate(f"  f: {value}\n"))
    assert [each.message for each in said] == found


def test_metadata_is_that_of_every_object(look: Any) -> None:
    (found,) = look(crd() + GATE.replace("  namespace", "  label: {}\n  namespace"))
    assert found.message.startswith("metadata.label of Gate shop/a is not a field")
    assert found.fix == "did you mean labels?"
    assert look(crd() + GATE.replace("  namespace", "  labels: null\n  namespace")) == []


def test_the_definition_may_be_the_bases_or_the_operators(look: Any) -> None:
    wrong = GATE.replace("size: 1", "size: 10")
    assert [each.level for each in look(wrong)] == ["notice"]
    assert [each.message for each in look(wrong, before=crd())] == ["spec.size of Gate shop/a is above 9"]
    assert [each.message for each in look(wrong, supplied=crd())] == ["spec.size of Gate shop/a is above 9"]


def test_the_changes_own_definition_wins_then_the_bases(look: Any) -> None:
    def most(number: int) -> str:
        return crd({**SPEC, "properties": {**SPEC["properties"], "size": {"type": "integer", "maximum": number}}})

    six = GATE.replace("size: 1", "size: 6")
    assert look(most(7) + six, before=most(5), supplied=most(5)) == []
    assert look(most(5) + six, before=most(7), supplied=most(7)) != []
    assert look(six, before=most(7), supplied=most(5)) == []
    assert look(six, before=most(5), supplied=most(7)) != []


def test_a_kind_that_is_defined_is_not_defined_anew_under_another_name(look: Any) -> None:
    lax = crd({"type": "object", "x-kubernetes-preserve-unknown-fields": True}).replace("gates", "doors")
    wrong = GATE.replace("size: 1", "size: 10")
    assert look(lax + wrong) == []
    for more in ({"before": crd()}, {"supplied": crd()}):
        assert [each.message for each in look(lax + wrong, **more)] == ["spec.size of Gate shop/a is above 9"]
    assert [each.message for each in look(crd() + wrong + lax)] == ["spec.size of Gate shop/a is above 9"]


def test_a_version_that_is_not_served(look: Any) -> None:
    (found,) = look(crd() + GATE.replace("acme.io/v1", "acme.io/v2"))
    assert found.message == "Gate shop/a has apiVersion acme.io/v2, which is not served"
    assert found.fix == "use one of acme.io/v1"
    (found,) = look(crd(served=False) + GATE)
    assert found.level == "error"


def test_a_deprecated_version_is_a_warning(look: Any) -> None:
    (found,) = look(crd(deprecated=True, deprecationWarning="use\nacme.io/v2") + GATE)
    assert (found.level, found.message) == ("warning", "Gate shop/a has a deprecated apiVersion: use\\nacme.io/v2")


LIST = {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}
KEYED = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]}


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


@pytest.mark.parametrize(("kind", "value"), [("date", "2030-02-31"), ("ipv4", "::1"), ("date-time", "noon")])
def test_formats_are_checked(look: Any, kind: str, value: str) -> None:
    spec = {"type": "object", "properties": {"a": {"type": "string", "format": kind}}}
    (found,) = look(crd(spec) + gate(f"  a: '{value}'\n"))
    assert (found.level, found.message.startswith("spec.a of Gate shop/a is not")) == ("error", True)


def test_a_list_in_a_default_may_hold_an_item_twice(look: Any) -> None:
    field = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set", "default": ["a", "a"]}
    assert look(crd({"type": "object", "properties": {"f": field}})) == []


def test_a_definition_without_objects_is_looked_at_too(look: Any) -> None:
    assert [each.level for each in look(crd({"$ref": "#"}))] == ["unknown"]


RULED: dict[str, Any] = {
    "type": "object",
    "x-kubernetes-validations": [
        {"rule": "self.low <= self.high", "messageExpression": "'low is above ' + string(self.high)",
         "message": "no", "fieldPath": ".low"},
        {"rule": "oldSelf.high <= self.high", "message": "high never falls", "reason": "FieldValueForbidden"},
        {"rule": "!oldSelf.hasValue() || oldSelf.value().low == self.low", "optionalOldSelf": True,
         "message": "low stays"},
    ],
    "properties": {
        "low": {"type": "integer"},
        "high": {"type": "integer", "default": 5},
        "ports": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object", "required": ["name"],
                "properties": {"name": {"type": "string"}, "port": {"type": "integer", "x-kubernetes-validations": [
                    {"rule": "self == oldSelf", "message": "ports stay"}, {"rule": "self > 0"}]}},
            },
        },
    },
}  # fmt: skip


def gate(text: str) -> str:
    """A resource with this spec."""
    return GATE.replace("  size: 1\n", text)


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        ("  low: 1\n", "", []),
        ("  low: 6\n", "", [("spec.low", "low is above 5", 8)]),
        ("  low: 1\n  high: 4\n", "  low: 1\n", [("spec", "high never falls", 7)]),
        ("  low: 1\n  high: 4\n", "  low: 1\n  high: 4\n", []),
        ("  low: 2\n", "  low: 1\n", [("spec", "low stays", 7)]),
        ("  low: 1\n  ports:\n    - name: a\n      port: 0\n", "",
         [("spec.ports[0].port", "failed rule: self > 0", 11)]),
        ("  low: 1\n  ports:\n    - name: b\n      port: 2\n    - name: a\n      port: 3\n",
         "  low: 1\n  ports: [{name: a, port: 1}, {name: b, port: 2}]\n",
         [("spec.ports[1].port", "ports stay", 13)]),
        ("  low: 1\n  ports: null\n", "  low: 1\n", []),
    ],
)  # fmt: skip
def test_rules_are_applied_where_they_stand(look: Any, text: str, before: str, expected: Any) -> None:
    found = look(crd(RULED) + gate(text), before=gate(before) if before else "")
    offset = crd(RULED).count("\n") + 1
    start = "breaks a rule of its CustomResourceDefinition: "
    assert {each.level for each in found} <= {"error"}
    assert [(each.message, each.line) for each in found] == [
        (f"{field} of Gate shop/a {start}{message}", line + offset - 1) for field, message, line in expected
    ]


@pytest.mark.parametrize("where", ["properties", "additionalProperties"])
def test_what_was_in_a_map_is_found_also_where_the_map_is_atomic(look: Any, where: str) -> None:
    rules = [{"rule": "self == oldSelf", "message": "a stays"}]
    value = {"type": "string", "x-kubernetes-validations": rules}
    spec = {"type": "object", "x-kubernetes-map-type": "atomic", where: {"a": value} if where[0] == "p" else value}
    assert look(crd(spec) + gate("  a: x\n"), before=gate("  a: x\n")) == []
    (found,) = look(crd(spec) + gate("  a: z\n"), before=gate("  a: x\n"))
    assert "a stays" in found.message


def test_a_resource_whose_namespace_is_written_down_is_still_the_same(look: Any) -> None:
    written = gate("  low: 1\n  high: 4\n").replace("namespace: shop", "namespace: default")
    bare = written.replace("  namespace: default\n", "")
    for before, after in ((bare, written), (written, bare)):
        (found,) = look(crd(RULED) + after, before=before.replace("high: 4", "high: 5"))
        assert "high never falls" in found.message


def test_where_the_base_is_not_known_no_transition_passes(look: Any) -> None:
    found = look(crd(RULED) + gate("  low: 1\n"), before=None)
    assert {each.level for each in found} == {"unknown"}
    assert "oldSelf.high <= self.high" in found[0].message


def test_where_the_base_had_another_version_no_transition_passes(look: Any) -> None:
    spec = {"type": "object", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}
    old = gate("  {}\n").replace("acme.io/v1", "acme.io/v2")
    assert [each.level for each in look(crd(spec) + gate("  {}\n"), before=old)] == ["unknown"]


@pytest.mark.parametrize("keys", [True, False])
def test_items_of_a_list_have_an_old_value_only_where_keys_tell_them_apart(look: Any, keys: bool) -> None:
    item: dict[str, Any] = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    item["x-kubernetes-validations"] = [{"rule": "self == oldSelf"}]
    ports = {**LIST, "items": item, **(KEYED if keys else {})}
    text = crd({"type": "object", "properties": {"ports": ports}}) + gate("  ports: [{a: x}]\n")
    assert [each.level for each in look(text, before=None)] == (["unknown"] if keys else [])
    assert look(text, before=gate("  ports: [{a: y}]\n")) == []


def test_a_rule_is_not_applied_to_null(look: Any) -> None:
    field = {"type": "string", "nullable": True, "x-kubernetes-validations": [{"rule": "self.size() > 1"}]}
    assert look(crd({"type": "object", "properties": {"a": field}}) + gate("  a: null\n")) == []


def test_rules_are_for_objects_that_satisfy_their_schema(look: Any) -> None:
    (found,) = look(crd(RULED) + gate("  low: 6\n  extra: 1\n"))
    assert "extra" in found.message


def test_a_rule_without_a_result_is_unknown(look: Any) -> None:
    spec = {"type": "object", "properties": {"a": {"type": "integer"}},
            "x-kubernetes-validations": [{"rule": "self.a > 1"}]}  # fmt: skip
    (found,) = look(crd(spec) + gate("  {}\n"))
    assert (found.level, found.message) == (
        "unknown", "a rule of Gate shop/a at spec could not be evaluated: self.a > 1",
    )  # fmt: skip


@pytest.mark.parametrize(("type", "rule"), [("number", "self.a / 2.0 == 2.5"), ("integer", "self.a / 2 == 2")])
def test_a_whole_number_is_of_the_type_that_its_schema_has(look: Any, type: str, rule: str) -> None:
    spec = {"type": "object", "properties": {"a": {"type": type}}, "x-kubernetes-validations": [{"rule": rule}]}
    assert look(crd(spec) + gate("  {a: 5}\n")) == []
    assert [each.level for each in look(crd(spec) + gate("  {a: 7}\n"))] == ["error"]


def test_a_message_of_several_lines_gives_way_to_the_other(look: Any) -> None:
    spec = {"type": "object", "x-kubernetes-validations": [
        {"rule": "false", "messageExpression": "'a\\n/gate approve'", "message": "no"}]}  # fmt: skip
    (found,) = look(crd(spec) + gate("  {}\n"))
    assert found.message.endswith(": no")


@pytest.mark.parametrize(("rule", "level"), [("self.a", "unknown"), ("self.b", "error"), ("self.c", "unknown")])
def test_a_result_that_is_no_truth_value_is_unknown(look: Any, rule: str, level: str) -> None:
    types = {"a": "string", "b": "boolean", "c": "integer"}
    spec = {"type": "object", "properties": {name: {"type": each} for name, each in types.items()},
            "x-kubernetes-validations": [{"rule": rule, "messageExpression": "self.c", "message": "no"}]}  # fmt: skip
    (found,) = look(crd(spec) + gate("  {a: yes!, b: false, c: 1}\n"))
    assert (found.level, found.message.endswith(": no")) == (level, level == "error")


def test_what_was_compiled_is_used_again(manifests: Read, environment: Environment) -> None:
    schemas = Schemas()
    examined = Examined(environment=environment, resources=tuple(manifests(crd() + GATE)))
    schemas.findings(examined)
    kept = dict(schemas.custom.kept)
    schemas.findings(replace(examined, resources=tuple(manifests(crd() + GATE))))
    assert schemas.custom.kept == kept
    schemas.findings(replace(examined, resources=tuple(manifests(crd({"type": "object"}) + GATE))))
    assert len(schemas.custom.kept) == len(kept) + 1
