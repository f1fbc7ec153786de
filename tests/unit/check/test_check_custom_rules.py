"""Rules of a CustomResourceDefinition: where they are applied, against which old value, and what has no result."""

from typing import Any

import pytest

from tests.support.definitions import KEYED, LIST, crd, gate

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
