"""Custom resources are validated by their CustomResourceDefinitions, wherever these come from."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.check.schemas import Schemas
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.resource import Resource
from tests.support.definitions import GATE, SPEC, crd, gate

Read = Callable[[str], list[Resource]]


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


@pytest.mark.parametrize(("kind", "value"), [("date", "2030-02-31"), ("ipv4", "::1"), ("date-time", "noon")])
def test_formats_are_checked(look: Any, kind: str, value: str) -> None:
    spec = {"type": "object", "properties": {"a": {"type": "string", "format": kind}}}
    (found,) = look(crd(spec) + gate(f"  a: '{value}'\n"))
    assert (found.level, found.message.startswith("spec.a of Gate shop/a is not")) == ("error", True)


def test_what_was_compiled_is_used_again(manifests: Read, environment: Environment) -> None:
    schemas = Schemas()
    examined = Examined(environment=environment, resources=tuple(manifests(crd() + GATE)))
    schemas.findings(examined)
    kept = dict(schemas.custom.kept)
    schemas.findings(replace(examined, resources=tuple(manifests(crd() + GATE))))
    assert schemas.custom.kept == kept
    schemas.findings(replace(examined, resources=tuple(manifests(crd({"type": "object"}) + GATE))))
    assert len(schemas.custom.kept) == len(kept) + 1
