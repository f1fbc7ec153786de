"""Policies and bindings that cannot be used: each is said at its line; only one that is left out is passed over."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.policies_given import ANY, binding, judged, levels, policy


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("object.spec.replicas <= 3", "object.spec.replicas <= ", 8, "spec.validations[0].expression does not compile"),
        ("object.spec.replicas <= 3", "foo(object)", 8, "foo is not known"),
        ("object.spec.replicas <= 3", "object.spec.replicas", 8, "must be bool, and is dyn"),
        ("message: too many replicas", "severity: 1", 9, "spec.validations[0].severity is not a field"),
        ("message: too many replicas", "messageExpression: '1'", 9, "must be string, and is int"),
        ("message: too many replicas", "reason: Never", 9, "reason is none of Unauthorized"),
        ("operations: [CREATE, UPDATE]", "operations: [PATCH]", 6, "holds PATCH, which is none of"),
        ("apiVersions: [v1], ", "", 6, "spec.matchConstraints.resourceRules[0].apiVersions is missing"),
        ("resources: [deployments]", "resources: deployments", 6, "is not a list of texts"),
        ("resourceRules: [", "rules: [", 5, "spec.matchConstraints.resourceRules is missing"),
        ("admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n",
         "admissionregistration.k8s.io/v1alpha1\nkind: ValidatingAdmissionPolicy\n", 1, "apiVersion is none of"),
        ("validationActions: [Deny]", "validationActions: [Block]", 16, "holds Block, which is none of"),
        ("validationActions: [Deny]", "validationActions: []", 16, "is missing"),
        ("object.spec.replicas <= 3", "params.most > 3", 4, "spec.paramKind is missing, and an expression"),
        ("  policyName: few", "  paramRef: {name: a}\n  policyName: few", 15, "parameterNotFoundAction is missing"),
        ("  policyName: few", "  paramRef: {namespace: shop}\n  policyName: few", 15, "one of them is needed"),
        ("  policyName: few", "  paramRef: {name: a, selector: {}}\n  policyName: few", 15, "and only one"),
        ("  policyName: few", "  policyName: fewer", 11, "is about a policy that is not there"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_used_is_said_at_its_own_line(old: str, new: str, line: int, message: str) -> None:
    text = policy() + binding()
    assert old in text
    found = [each for each in judged(text.replace(old, new)) if each.level != "notice"]
    assert [each.level for each in found] == ["unknown"]
    assert (found[0].path, found[0].line) == ("policies/p.yaml", line)
    assert message in found[0].message


WHOLE = policy(
    constraints="namespaceSelector: {matchExpressions: [{key: a, operator: Exists}]}\nobjectSelector: {}",
    more="""\
            variables: [{name: a, expression: 'true'}]
            matchConditions: [{name: a, expression: 'true'}]
            auditAnnotations: [{key: a, valueExpression: "''"}]
            paramKind: {apiVersion: v1, kind: ConfigMap}
            """,
) + binding(
    more="""\
            paramRef: {selector: {matchExpressions: [{key: a, operator: Exists}]}, parameterNotFoundAction: Deny}
            matchResources: {objectSelector: {}, excludeResourceRules: [RULE]}
            """.replace("RULE", ANY + "}"),
)


def holders(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every mapping whose keys are a policy's own."""
    if isinstance(value, dict):
        yield path
        for key, each in value.items():
            yield from holders(each, (*path, key)) if key != "metadata" else ()
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from holders(each, (*path, index))


@pytest.mark.parametrize("path", list(holders(list(yaml.safe_load_all(WHOLE)))), ids=str)
def test_a_field_that_is_not_known_is_never_passed_over(path: tuple[Any, ...]) -> None:
    documents = list(yaml.safe_load_all(WHOLE))
    place: Any = documents
    for step in path:
        place = place[step]
    place["extra"] = 1
    found = judged(yaml.safe_dump_all(documents))
    assert [each.level for each in found if "extra is not a field" in each.message] == ["unknown"]


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field of a policy, and to every item of a list."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if key != "annotations":
            yield (*path, key)
            yield from fields(each, (*path, key)) if isinstance(each, dict | list) else ()


FIELDS = [each for each in fields(list(yaml.safe_load_all(WHOLE))) if each[1:2] not in [(), ("apiVersion",), ("kind",)]]


@pytest.mark.parametrize("path", FIELDS, ids=str)
def test_a_field_of_another_type_is_never_passed_over(path: tuple[Any, ...]) -> None:
    documents = list(yaml.safe_load_all(WHOLE))
    *way, last = path
    place: Any = documents
    for step in way:
        place = place[step]
    place[last] = 5 if isinstance(place[last], dict | list) else {"a": 1}
    assert "unknown" in [each.level for each in judged(yaml.safe_dump_all(documents))]
    place[last] = {"a": 1} if isinstance(place[last], list) else [5]
    assert "unknown" in [each.level for each in judged(yaml.safe_dump_all(documents))]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("variables: [{name: a-b, expression: 'true'}]", "spec.variables[0].name is no name that CEL has"),
        ("variables: [{name: namespace, expression: 'true'}]", "spec.variables[0].name is no name that CEL has"),
        (
            "variables: [{name: a, expression: '1'}]\nmatchConditions: [{name: b, expression: variables.a == 1}]",
            "spec.matchConditions[0].expression does not compile: variables.a is not known",
        ),
        ("variables: [{name: é, expression: 'true'}]", "spec.variables[0].name is no name that CEL has"),
        (
            "variables: [{name: a, expression: '1'}, {name: a, expression: '2'}]",
            "spec.variables[1].name is there twice",
        ),
        ("variables: [{name: a, expression: '1 +'}]", "spec.variables[0].expression does not compile"),
        ("validations: []", "spec.validations is missing"),
        ("matchConditions: [{name: '', expression: 'true'}]", "spec.matchConditions[0].name is missing"),
        ("auditAnnotations: [{key: '', valueExpression: '1'}]", "spec.auditAnnotations[0].key is missing"),
    ],
)
def test_a_part_that_cannot_be_used_is_named(more: str, said: str) -> None:
    text = policy(more=more)
    if "validations: []" in more:
        text = text[: text.index("  validations:\n    -")] + f"  {more}\n"
    (found,) = (each for each in judged(text + binding()) if each.level == "unknown")
    assert said in found.message


@pytest.mark.parametrize("values", ["operator: Exists, values: [a]", "operator: In", "operator: In, values: []"])
def test_a_requirement_has_values_where_it_compares(values: str) -> None:
    text = policy(constraints=f"objectSelector: {{matchExpressions: [{{key: a, {values}}}]}}") + binding()
    assert "unknown" in levels(text)


def test_a_broken_policy_of_an_environment_that_leaves_it_out_is_no_matter() -> None:
    assert judged(policy("foo(") + binding(), policy_levels={"few": "off"}) == []


def test_two_policies_of_one_name_are_said() -> None:
    two = policy() + binding() + "---\n" + policy("true")
    assert "unknown" in levels(two)
