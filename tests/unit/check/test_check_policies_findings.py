"""What the check `policies` says of an object: level, place, words and remedy, and nothing of a Secret's values."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.check.policies import Policies
from bot.model.environment import PolicyLevel, Waiver
from bot.model.resource import Resource, ResourceId
from tests.support.policies_given import ANY, ENVIRONMENT, WEB, binding, judged, levels, policy, resources


def test_a_validation_that_does_not_hold_is_found_at_its_field() -> None:
    (found,) = judged(policy() + binding())
    assert (found.check, found.rule, found.level) == ("policies", "few", "error")
    assert (found.path, found.line, found.column) == ("app.yaml", 8, 3)
    assert found.message == "too many replicas"
    assert found.resource == ResourceId(type="Deployment.apps", name="web", scope="shop")
    assert found.fix == "change the object as the policy asks (policies/p.yaml:1), or have it waived"


def test_one_that_holds_says_nothing() -> None:
    assert judged(policy("object.spec.replicas == 5") + binding()) == []


def test_an_environment_without_policies_is_not_looked_at() -> None:
    assert judged(policy() + binding(), policies=()) == []
    assert [Policies().apart(replace(ENVIRONMENT, policies=each)) for each in ((), ("policies",))] == [True, False]


@pytest.mark.parametrize(
    ("actions", "level"),
    [("[Deny]", "error"), ("[Warn]", "warning"), ("[Audit]", "notice"), ("[Audit, Warn]", "warning")],
)
def test_the_actions_of_a_binding_are_levels(actions: str, level: str) -> None:
    assert levels(policy() + binding(actions=actions)) == [level]


@pytest.mark.parametrize(("level", "found"), [("off", []), ("warning", ["warning"]), ("error", ["error"])])
def test_an_environment_sets_the_level_of_a_policy(level: PolicyLevel, found: list[str]) -> None:
    assert levels(policy() + binding(actions="[Audit]"), policy_levels={"few": level}) == found


@pytest.mark.parametrize("actions", [("[Warn]", "[Deny]"), ("[Deny]", "[Warn]"), ("[Deny]", "[Audit]")])
def test_of_two_bindings_the_more_severe_counts(actions: tuple[str, str]) -> None:
    one, two = (binding(actions=each) for each in actions)
    assert levels(policy() + one + two.replace("{name: few}", "{name: other}")) == ["error"]


def one_of_several(number: int, sound: bool, set_up: bool) -> str:
    """A policy of that number; one that is set up holds in any case without what sets it up."""
    variable = f"variables: [{{name: sound, expression: '{str(sound).lower()}'}}]\n"
    kind, reference = (
        "paramKind: {apiVersion: v1, kind: ConfigMap}",
        "paramRef: {name: few, parameterNotFoundAction: Deny}",
    )
    expression = "variables.sound || params == null" if set_up else "variables.sound"
    text = policy(expression, name=f"p{number}", more=variable + kind * set_up)
    return text + binding(name=f"p{number}", more=reference * set_up)


@pytest.mark.parametrize("set_up", [(), (0,), (1, 2)])
@pytest.mark.parametrize(("many", "broken"), [(3, 0), (3, 1), (3, 2), (60, 59)])  # 60 are too many for one expression
def test_of_several_policies_each_is_asked(many: int, broken: int, set_up: tuple[int, ...]) -> None:
    several = (one_of_several(number, number != broken, number in set_up) for number in range(many))
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: few, namespace: shop}\n"
    found = judged("---\n".join([*several, config]))
    assert [(each.rule, each.level) for each in found] == [(f"p{broken}", "error")]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("few-replica", True),
        ("Few-replicas", True),
        ("few-replicas", False),
        ("main.deny_few", False),
        ("leaks", False),
    ],
)
def test_a_name_that_is_nearly_that_of_a_policy_is_told(name: str, told: bool) -> None:
    text = policy("true", name="few-replicas") + binding(name="few-replicas")
    waiver = Waiver(policy=name, reason="a sale", owner="ana", expires=date(2027, 1, 1))
    for given in ({"policy_levels": {name: "error"}}, {"waivers": (waiver,)}):
        found = judged(text, line=7, **given)
        assert [(each.level, each.path, each.line, each.fix) for each in found] == (
            [("warning", "tidegate.yaml", 7, "did you mean few-replicas?")] if told else []
        )


def test_a_policy_says_how_to_mend_it_and_where() -> None:
    told = '{tidegate.dev/fix: "ask for fewer", tidegate.dev/path: object.metadata.labels.tier}'
    (found,) = judged(policy(annotations=told) + binding())
    assert found.fix == "ask for fewer"
    assert (found.line, found.column) == (6, 12)


def test_a_policy_without_a_binding_is_a_notice() -> None:
    (found,) = judged(policy())
    assert (found.level, found.path, found.line) == ("notice", "policies/p.yaml", 1)
    assert "has no binding" in found.message


def test_messages_are_made_from_the_object() -> None:
    said = "messageExpression: \"'replicas: ' + string(object.spec.replicas)\"\nmessage: other"
    (found,) = judged(policy(said=said) + binding())
    assert found.message == "replicas: 5"


@pytest.mark.parametrize(
    ("expression", "message"),
    [("request.kind.kind", "Deployment"), ("namespaceObject.metadata.name", "other")],
)
def test_a_message_may_be_a_field_that_has_a_type_for_the_api_server(expression: str, message: str) -> None:
    (found,) = judged(policy(said=f"message: other\nmessageExpression: {expression}") + binding())
    assert (found.level, found.message) == ("error", message)


@pytest.mark.parametrize("expression", ["object.nope", "'a\\nb'", "''", "'  '"])
def test_a_message_that_cannot_be_made_gives_way_to_the_other(expression: str) -> None:
    said = f"message: other\nmessageExpression: {'string(' + expression + ')'!r}"
    (found,) = judged(policy(said=said) + binding())
    assert found.message == "other"


def test_without_a_message_the_expression_is_said() -> None:
    (found,) = judged(policy(said="reason: Invalid") + binding())
    assert found.message == "failed expression: object.spec.replicas <= 3"


def test_a_message_is_not_endless() -> None:
    objects = WEB + f"  note: {'x' * 5000}\n"
    (found,) = judged(policy("false", said="messageExpression: \"'' + object.spec.note\"") + binding(), objects=objects)
    assert found.message == "x" * 1000 + "…"


def test_what_a_policy_says_stays_on_one_line() -> None:
    odd = "a\\n/gate approve"
    for said in (f'message: "{odd}"', "reason: Invalid"):
        text = policy("object.spec.replicas <= 3", said=said, annotations=f'{{tidegate.dev/fix: "{odd}"}}')
        (found,) = judged(text.replace(" <= 3", "\n\n      <= 3") + binding())
        assert found.level == "error"
        assert "\n" not in found.message + found.fix


def test_a_resource_of_no_file_is_judged_too() -> None:
    bare = Resource(
        id=ResourceId(type="Deployment.apps", name="web", scope="shop"),
        body={"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 9}},
    )
    (found,) = judged(policy() + binding(), objects=(bare,))
    assert (found.level, found.path, found.line) == ("error", "", 0)


ENCODED = "Y29ycmVjdC1ob3JzZSg="
"""`correct-horse(` in base64."""


def test_no_word_of_a_secret_is_said() -> None:
    objects = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {key: 'correct-horse('}\n"
    rule = ANY + "}"
    said = "messageExpression: \"'it is ' + object.data.key\""
    (found,) = judged(policy("false", rules=rule, said=said) + binding(), objects=objects)
    assert found.message == "it is (hidden)"
    for expression in ("'a'.matches('(' + object.data.key)", "object[object.data.key] == 1"):
        (found,) = judged(policy(expression, rules=rule) + binding(), objects=objects)
        assert found.level == "unknown"
        assert "correct-horse" not in repr(found)
        assert ENCODED not in repr(found)


def test_no_word_of_a_secret_that_was_applied_is_said() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    noted = f"{{{applied}: '{{data: correct-horse}}', a: b}}"
    objects = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a, namespace: b, annotations: {noted}}}\n"
    said = f"messageExpression: \"'' + object.metadata.annotations['{applied}'] + object.metadata.annotations.a\""
    (found,) = judged(policy("false", rules=ANY + "}", said=said) + binding(), objects=objects)
    assert found.message == "(hidden)b"


@pytest.mark.parametrize("name", ["oldObject", "params"])
def test_no_word_of_a_secret_beside_the_object_is_said(name: str) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\nstringData: {key: 'correct-horse('}\n"
    gone = name == "oldObject"
    given: dict[str, Any] = {"before": resources(text), "objects": ()} if gone else {"files": {"policies/s.yaml": text}}
    more = "" if gone else "paramKind: {apiVersion: v1, kind: Secret}"
    bound = binding(more="" if gone else "paramRef: {name: a, parameterNotFoundAction: Deny}")
    said = f"messageExpression: \"'it is ' + {name}.data.key\""
    (found,) = judged(policy("false", rules=ANY + "}", said=said, more=more) + bound, **given)
    assert found.message == "it is (hidden)"
    (found,) = judged(policy(f"{name}[{name}.data.key] == 1", rules=ANY + "}", more=more) + bound, **given)
    assert found.level == "unknown"
    assert "correct-horse" not in repr(found)
    assert ENCODED not in repr(found)
