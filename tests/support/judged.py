"""What Tidegate itself says of an object under shipped policies."""

from collections.abc import Sequence
from typing import Any

from bot.check.policies import Policies
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId
from bot.render.identity import identify

__all__ = ["findings", "judge"]

REPOSITORY = RepositoryId(forge="github", number=1, path="acme/shop")
POLICIES = Policies()


async def judge(body: dict[str, Any], names: Sequence[str]) -> bool:
    """Whether the policies let the object pass. AssertionError: they could not be evaluated."""
    found = await findings(body, names)
    assert all(each.level != "unknown" for each in found), found
    return not found


def named(body: dict[str, Any]) -> ResourceId:
    """The identity of an object that has one."""
    id = identify(body)
    assert isinstance(id, ResourceId)
    return id


async def findings(body: dict[str, Any], names: Sequence[str]) -> Sequence[Finding]:
    """All findings of the policies of those names about the object."""
    id = named(body)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    objects = [body] if body["kind"] == "Namespace" else [body, namespace]
    environment = Environment(
        id=EnvironmentId(repository=REPOSITORY, name="prod"), source=Source(path="envs"), target="prod",
        apply="never", policies=tuple(f"builtin:{name}" for name in names),
    )  # fmt: skip
    resources = tuple(Resource(id=named(each), body=each) for each in objects)
    found = await POLICIES.run(Examined(environment=environment, resources=resources))
    return [each for each in found if each.resource in (id, None)]
