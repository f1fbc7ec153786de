"""What every check keeps: the definition of done for a new one. It joins by a line in `CHECKS`."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check import Check
from bot.check.leaks import Leaks
from bot.check.own import OwnChecks
from bot.check.policies import Policies
from bot.check.rego import Rego
from bot.check.schemas import Schemas
from bot.check.secrets import PlainSecrets
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.resource import Origin, Resource, ResourceId
from tests.support.jails import JAIL
from tests.support.policies_given import binding, policy
from tests.support.trees import tree

CHECKS: list[Check] = [Schemas(), PlainSecrets(), Policies(), Leaks(), Rego(JAIL), OwnChecks(JAIL)]

# One that refuses everything, quotes what it can, and looks at fields that may be of any type.
POLICY = (
    policy(
        "has(object.nonesuch) && object.data.key.all(each, each == 'x')",
        rules="{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']}",
        said="message: refused\nmessageExpression: \"'data: ' + string(object.data.key) + object.stringData.key\"",
    )
    + binding()
)

REPOSITORY = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=REPOSITORY, name="prod"), source=Source(path="envs/prod"), target="prod", apply="never",
    policies=("policies",),
)  # fmt: skip

pytestmark = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)


def examined(*resources: Resource) -> Examined:
    """An environment with these resources and nothing else."""
    return Examined(environment=ENVIRONMENT, resources=resources, policies=tree({"policies/p.yaml": POLICY}))


def resource(body: Any, kind: str = "Secret", number: int = 1) -> Resource:
    """A resource whose values all stand at the line of that number."""
    head = {"apiVersion": "v1", "kind": kind, "metadata": {"name": f"r{number}"}}
    origin = Origin(path=f"{number}.yaml", line=number, locate=lambda path: (number, len(path) + 1))
    return Resource(id=ResourceId(type=kind, name=f"r{number}"), body=head | body, origin=origin)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


def containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Short lists and mappings of values."""
    return st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3)


FIELDS = st.sampled_from(["data", "stringData", "spec", "type", "immutable", "sops", "surplus"])
BODIES = st.dictionaries(FIELDS, st.recursive(LEAVES, containers, max_leaves=8), max_size=4)


async def test_it_says_what_it_is(check: Check) -> None:
    assert check.name
    assert check.subject in ("desired", "plan")


async def test_nothing_has_no_findings(check: Check) -> None:
    assert list(await check.run(examined())) == []


@given(
    st.lists(BODIES, max_size=3), st.sampled_from(["Secret", "ConfigMap", "Pod", "Service", "Nonesuch", "X.acme.io"])
)
def test_every_finding_can_be_acted_on(check: Check, bodies: list[Any], kind: str) -> None:
    resources = [resource(body, kind, number) for number, body in enumerate(bodies, 1)]
    for found in asyncio.run(check.run(examined(*resources))):
        assert found.check == check.name
        assert found.message.isprintable()
        assert found.fix.isprintable()
        assert (bool(found.message), bool(found.fix)) == (True, True)
        assert found.resource in {each.id for each in resources}
        assert found.path == f"{found.line}.yaml"
        assert found.column >= 1


@given(st.lists(BODIES, min_size=1, max_size=3))
def test_the_same_resources_give_the_same_findings(check: Check, bodies: list[Any]) -> None:
    resources = [resource(body, "Secret", number) for number, body in enumerate(bodies, 1)]
    first, second = [asyncio.run(check.run(examined(*resources))) for _ in range(2)]
    assert list(first) == list(second)


@given(
    FIELDS, st.sampled_from([str, lambda each: [each], lambda each: {"key": each}, lambda each: {"key": {"key": each}}])
)
def test_no_value_of_a_secret_is_ever_said(check: Check, field: str, shape: Any) -> None:
    found = asyncio.run(check.run(examined(resource({field: shape("correct-horse!")}))))
    assert "correct-horse" not in repr(found)


async def test_a_resource_of_no_file_is_checked_too(check: Check) -> None:
    bare = Resource(
        id=ResourceId(type="Secret", name="a"),
        body={"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"key": "hunter2!"}},
    )
    found = await check.run(examined(bare))
    assert {(each.path, each.line, each.resource) for each in found} <= {("", 0, bare.id)}
