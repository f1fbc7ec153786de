"""A policy whose parameters are not there: an API server refuses every object then, whatever else it would do."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.check.policies import Policies
from bot.model.environment import Environment, PolicyLevel
from bot.model.examined import Examined
from tests.support.policies_given import binding, policy, resources
from tests.support.trees import tree

WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 5}\n"
MISSING = "paramRef: {name: few, parameterNotFoundAction: Deny}"
SET_UP = policy("params.data.most == '1'", more="paramKind: {apiVersion: v1, kind: ConfigMap}")


def levels(
    environment: Environment, text: str, level: PolicyLevel | None = None, objects: str = WEB, **more: Any
) -> list[str]:
    """The levels of what policies have against the objects; `level` is what the environment says of the policy."""
    examined = Examined(
        environment=replace(environment, policies=("policies",), policy_levels={"few": level} if level else {}),
        resources=resources(objects), policies=tree({"policies/p.yaml": text}), **more,
    )  # fmt: skip
    return [each.level for each in asyncio.run(Policies().run(examined))]


@pytest.mark.parametrize("actions", ["[Deny]", "[Warn]", "[Audit]"])
def test_it_is_unknown_whatever_the_binding_does(environment: Environment, actions: str) -> None:
    assert levels(environment, SET_UP + binding(actions=actions, more=MISSING)) == ["unknown"]


@pytest.mark.parametrize(
    ("failure", "level", "found"),
    [
        ("Fail", None, ["unknown"]),
        ("Fail", "error", ["unknown"]),
        ("Fail", "warning", ["warning"]),
        ("Fail", "off", []),
        ("Ignore", None, ["warning"]),
    ],
)
def test_an_environment_and_a_policy_may_make_it_less(
    environment: Environment, failure: str, level: PolicyLevel | None, found: list[str]
) -> None:
    ignoring = SET_UP.replace("paramKind:", f"failurePolicy: {failure}\n  paramKind:")
    assert levels(environment, ignoring + binding(actions="[Audit]", more=MISSING), level) == found


def config(name: str, namespace: str, most: str, labels: str = "{}") -> str:
    """A ConfigMap that could set the policy up."""
    metadata = f"{{name: {name}, namespace: {namespace}, labels: {labels}}}"
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\ndata: {{most: '{most}'}}\n"


@pytest.mark.parametrize(
    ("reference", "given"),
    [
        ("name: few", config("few", "shop", "1") + config("more", "shop", "9") + config("few", "other", "9")),
        ("name: few, namespace: other", config("few", "other", "1") + config("few", "shop", "9")),
        ("name: few, namespace: default", config("few", "''", "1") + config("few", "shop", "9")),
        ("name: few, namespace: default", config("few", "~", "1") + config("few", "shop", "9")),
        ("selector: {matchLabels: {a: b}}", config("c", "shop", "1", "{a: b}") + config("d", "shop", "9", "{a: c}")),
    ],
)
def test_it_is_set_up_by_what_the_binding_names_alone(environment: Environment, reference: str, given: str) -> None:
    others = "".join(f"---\napiVersion: {each}\nmetadata: {{name: few}}\n" for each in ("1\nkind: A", "v1\nkind: [A]"))
    others += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: x\n---\na: 1"
    bound = binding(more=f"paramRef: {{{reference}, parameterNotFoundAction: Deny}}")
    assert levels(environment, SET_UP + bound + given + others) == []
    assert levels(environment, SET_UP + bound + given.replace("'1'", "'2'") + others) == ["error"]


def test_what_belongs_to_no_namespace_needs_one_that_is_named(environment: Environment) -> None:
    volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {}\n"
    anything = SET_UP.replace("[apps]", "['*']").replace("[deployments]", "['*']")
    bound = binding(more="paramRef: {name: few, parameterNotFoundAction: Allow}")
    assert levels(environment, anything + bound + config("few", "shop", "1"), objects=volume) == ["unknown"]
    bound = binding(more="paramRef: {name: few, namespace: shop, parameterNotFoundAction: Allow}")
    assert levels(environment, anything + bound + config("few", "shop", "1"), objects=volume) == []


@pytest.mark.parametrize("objects", [WEB, "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {}\n"])
def test_what_sets_it_up_may_belong_to_no_namespace(environment: Environment, objects: str) -> None:
    anything = policy("params.value == 1", more="paramKind: {apiVersion: scheduling.k8s.io/v1, kind: PriorityClass}")
    anything = anything.replace("[apps]", "['*']").replace("[deployments]", "['*']")
    bound = binding(more="paramRef: {name: few, parameterNotFoundAction: Allow}")
    given = "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: few}\nvalue: 2\n"
    assert levels(environment, anything + bound + given, objects=objects) == ["error"]


def test_a_policy_that_holds_without_parameters_is_asked_with_them(environment: Environment) -> None:
    lenient = policy("params == null || params.data.most == '1'", more="paramKind: {apiVersion: v1, kind: ConfigMap}")
    assert levels(environment, lenient + binding(more=MISSING) + config("few", "shop", "2")) == ["error"]


@pytest.mark.parametrize(
    ("reference", "found"), [("name: few", []), ("name: more", ["unknown"]), ("selector: {}", ["unknown"])]
)
def test_what_the_base_may_hold_besides_is_unknown_where_it_does_not_render(
    environment: Environment, reference: str, found: list[str]
) -> None:
    bound = binding(more=f"paramRef: {{{reference}, parameterNotFoundAction: Allow}}")
    text = SET_UP + bound + config("few", "shop", "1")
    strict = resources(config("other", "shop", "9").removeprefix("---\n"))
    assert levels(environment, text, before=None) == found
    assert levels(environment, text, before=strict) == (["error"] if "selector" in reference else [])


def limits(most: int) -> str:
    """The definition of Limits, of which there are `most` where nothing is said."""
    spec = f"{{type: object, default: {{}}, properties: {{most: {{type: integer, default: {most}}}}}}}"
    schema = f"{{openAPIV3Schema: {{type: object, properties: {{spec: {spec}}}}}}}"
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: limits.acme.io}}
spec:
  group: acme.io
  scope: Namespaced
  names: {{kind: Limits, plural: limits}}
  versions: [{{name: v1, served: true, storage: true, schema: {schema}}}]
"""


@pytest.mark.parametrize(("before", "found"), [(5, []), (4, ["error"])])
def test_what_sets_it_up_has_the_defaults_that_were_there_before_the_change(
    environment: Environment, before: int, found: list[str]
) -> None:
    kind = "paramKind: {apiVersion: acme.io/v1, kind: Limits}"
    bound = binding(more="paramRef: {name: few, parameterNotFoundAction: Deny}")
    few = "---\napiVersion: acme.io/v1\nkind: Limits\nmetadata: {name: few, namespace: shop}\n"
    text = policy("object.spec.replicas <= params.spec.most", more=kind) + bound + few
    loosened = WEB + "---\n" + limits(9)
    assert levels(environment, text, objects=loosened, before=resources(limits(before))) == found
