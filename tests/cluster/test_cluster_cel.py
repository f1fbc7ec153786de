"""Expressions mean here what they mean to a real API server: what holds, and what has no result."""

import asyncio
import json
from typing import Any

import pytest

from bot.cli.demo.walk.browser import eventually
from tests.support.control_plane import ControlPlane
from tests.support.enforced import BINDINGS, POLICIES, admits, namespace
from tests.support.expressions import FAIL, HOLD, REFUSED, SEEN, UNSEEN
from tests.support.policies_given import judged

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

KIND = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
PATH = "/api/v1/namespaces/expressions/configmaps"
META = "admissionregistration.k8s.io/v1"


def policy(name: str, expression: str) -> dict[str, Any]:
    """A policy about the ConfigMap of its name, which refuses one with the key `refuse` in any case."""
    validations = [{"expression": "!has(object.data.refuse)", "message": "in force"}, {"expression": expression}]
    rules = [{**KIND, "resourceNames": [name]}]
    spec = {"matchConstraints": {"resourceRules": rules}, "validations": validations}
    return {"apiVersion": META, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}


def binding(name: str) -> dict[str, Any]:
    """What puts it in force."""
    spec = {"policyName": name, "validationActions": ["Deny"]}
    return {"apiVersion": META, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": spec}


def config(name: str, **data: str) -> dict[str, Any]:
    """The ConfigMap that a policy is about."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1", **data}}


async def test_a_real_server_gives_every_expression_the_same_result(plane: ControlPlane) -> None:
    await namespace(plane, "expressions")
    given = [(f"hold-{number}", each) for number, each in enumerate(HOLD + SEEN)]
    given += [(f"fail-{number}", each) for number, each in enumerate(FAIL + UNSEEN)]
    for name, expression in given:
        for path, body in ((POLICIES, policy(name, expression)), (BINDINGS, binding(name))):
            status, answer = await plane.call("POST", path, body)
            assert status == 201, (expression, answer)
    try:
        await asyncio.gather(*(in_force(plane, name) for name, _ in given))
        verdicts = [(name, expression, *await admits(plane, PATH, config(name))) for name, expression in given]
    finally:
        for name, _ in given:
            for path in (BINDINGS, POLICIES):
                await plane.call("DELETE", f"{path}/{name}")
    wrong = [
        (name, expression, why) for name, expression, admitted, why in verdicts if admitted != (name[:4] == "hold")
    ]
    assert wrong == []
    assert [each for each in verdicts if not each[2] and "resulted in error" not in each[3]] == []


@pytest.mark.parametrize("expression", REFUSED)
async def test_a_real_server_refuses_what_is_refused_here(plane: ControlPlane, expression: str) -> None:
    status, answer = await plane.call("POST", POLICIES, policy("refused", expression), dryRun="All")
    assert status == 422, answer
    assert "compilation failed" in answer["message"]


@pytest.mark.parametrize(("name", "condition"), [("a", "variables.a == 1"), ("namespace", "true")])
async def test_variables_are_those_of_a_real_server(plane: ControlPlane, name: str, condition: str) -> None:
    body = policy("refused", "true")
    body["spec"] |= {
        "variables": [{"name": name, "expression": "1"}],
        "matchConditions": [{"name": "b", "expression": condition}],
    }
    status, answer = await plane.call("POST", POLICIES, body, dryRun="All")
    assert status == 422, answer
    (found,) = await asyncio.to_thread(judged, json.dumps(body))
    assert "cannot be evaluated" in found.message


async def in_force(plane: ControlPlane, name: str) -> None:
    """Wait until the server has learnt of a policy."""

    async def refused() -> bool:
        return not (await admits(plane, PATH, config(name, refuse="yes")))[0]

    await eventually(refused, f"{name} was never in force")
