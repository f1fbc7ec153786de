"""Variables, conditions, audit annotations and parameters; what cannot be evaluated is never a pass."""

import pytest

from tests.support.policies_given import WEB, binding, judged, levels, policy, resources

VARIABLES = """\
    variables:
      - {name: replicas, expression: object.spec.replicas}
      - {name: broken, expression: object.spec.nope.x}
      - {name: twice, expression: variables.replicas * 2}
    """


def test_variables_are_lazy() -> None:
    assert judged(policy("variables.twice == 10", more=VARIABLES) + binding()) == []
    assert judged(policy("true || variables.broken == 1", more=VARIABLES) + binding()) == []
    (found,) = judged(policy("variables.broken == 1", more=VARIABLES) + binding())
    assert (found.level, "nope" in found.message) == ("unknown", True)


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ("[{name: a, expression: 'object.spec.replicas == 5'}]", ["error"]),
        ("[{name: a, expression: 'object.spec.replicas != 5'}]", []),
        ("[{name: a, expression: 'object.nope == 1'}]", ["unknown"]),
        ("[{name: a, expression: 'object.nope == 1'}, {name: b, expression: 'false'}]", []),
        ("[{name: a, expression: 'object.nope == 1'}, {name: b, expression: 'true'}]", ["unknown"]),
    ],
)
def test_match_conditions(conditions: str, found: list[str]) -> None:
    assert levels(policy(more=f"matchConditions: {conditions}") + binding()) == found


def test_an_evaluation_that_fails_is_no_pass() -> None:
    (found,) = judged(policy("object.spec.nope == 1") + binding())
    assert (found.level, found.message) == (
        "unknown", 'could not be evaluated: validation 1: Key not found in map : "nope"'
    )  # fmt: skip


def test_nor_is_it_where_the_api_server_would_ignore_it() -> None:
    (found,) = judged(policy("object.spec.nope == 1", more="failurePolicy: Ignore") + binding())
    assert found.level == "warning"
    assert "could not be evaluated" in found.message and "failurePolicy: Ignore" in found.message


def test_nor_where_the_policy_only_warns() -> None:
    assert levels(policy("object.spec.nope == 1") + binding(actions="[Warn]")) == ["warning"]


def test_what_is_audited_is_validated_too() -> None:
    more = """auditAnnotations: [{key: a, valueExpression: "'noted'"}]"""
    assert levels(policy(more=more) + binding()) == ["error"]
    assert levels(policy("true", more=more) + binding()) == []


def test_an_audit_annotation_that_fails_is_no_pass() -> None:
    audits = "auditAnnotations: [{key: a, valueExpression: 'string(object.spec.nope)'}]"
    assert levels(policy("true", more=audits) + binding()) == ["unknown"]
    assert levels(policy("true", more=audits.replace("nope", "replicas")) + binding()) == []


@pytest.mark.parametrize("value", ['"a\\0b"', "[" + "1," * 4100 + "1]"])
def test_values_that_cannot_be_evaluated_are_unknown(value: str) -> None:
    (found,) = judged(policy("object.spec.replicas != 'a'") + binding(), objects=WEB + f"  x: {value}\n")
    assert found.level == "unknown"
    assert "object holds" in found.message


def test_time_is_limited() -> None:
    found = judged(policy() + binding(), objects=WEB + "---\n" + WEB.replace("web", "api"), seconds=-1.0)
    assert [each.level for each in found] == ["unknown"]
    assert "took more than" in found[0].message


# parameters

CONFIG = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: limits, namespace: shop, labels: {for: few}}
data: {most: "3"}
"""
KIND = "paramKind: {apiVersion: v1, kind: ConfigMap}"
SET_UP = policy("object.spec.replicas <= int(params.data.most)", more=KIND)


def reference(text: str) -> str:
    return binding(more=f"paramRef: {{{text}, parameterNotFoundAction: Deny}}")


@pytest.mark.parametrize(
    "ref",
    ["name: limits", "name: limits, namespace: shop", "selector: {matchLabels: {for: few}}", "selector: {}"],
)
def test_a_policy_is_set_up_by_its_parameters(ref: str) -> None:
    assert levels(SET_UP + reference(ref) + CONFIG) == ["error"]
    assert levels(SET_UP + reference(ref) + CONFIG.replace('"3"', '"5"')) == []
    assert levels(SET_UP + reference(ref), before=resources(CONFIG)) == ["error"]


def test_parameters_of_the_change_itself_do_not_count() -> None:
    objects = resources(WEB + CONFIG.replace('"3"', '"100"'))
    (found,) = judged(SET_UP + reference("name: limits"), objects=objects)
    assert (found.level, "there is no ConfigMap limits" in found.message) == ("unknown", True)


def test_parameters_that_are_not_there() -> None:
    (found,) = judged(SET_UP + reference("name: limits"))
    assert (found.level, "there is no ConfigMap limits to set the policy up by" in found.message) == ("unknown", True)
    allowed = SET_UP + reference("name: limits").replace("Deny}", "Allow}")
    assert judged(allowed) == []
    assert levels(allowed, before=None) == ["unknown"]


def test_a_binding_may_leave_parameters_out() -> None:
    assert levels(policy("params == null", more=KIND) + binding()) == []
