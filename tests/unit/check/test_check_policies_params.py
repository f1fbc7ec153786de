"""A policy whose parameters are not there: an API server refuses every object then, whatever else it would do."""

import asyncio
from dataclasses import replace

import pytest

from bot.check.policies import Policies
from bot.model.environment import Environment, PolicyLevel
from bot.model.examined import Examined
from tests.support.policies_given import binding, policy, resources
from tests.support.trees import tree

WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 5}\n"
MISSING = "paramRef: {name: few, parameterNotFoundAction: Deny}"
SET_UP = policy("params.data.most == '1'", more="paramKind: {apiVersion: v1, kind: ConfigMap}")


def levels(environment: Environment, text: str, level: PolicyLevel | None = None) -> list[str]:
    """The levels of what policies have against the Deployment; `level` is what the environment says of the policy."""
    examined = Examined(
        environment=replace(environment, policies=("policies",), policy_levels={"few": level} if level else {}),
        resources=resources(WEB), policies=tree({"policies/p.yaml": text}),
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
