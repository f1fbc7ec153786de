"""Custom resources, as the check `schemas` judges them and as a real API server does."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.check.schemas import Schemas
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.kubernetes import NEWEST, Kubernetes
from bot.model.resource import Resource, ResourceId
from tests.support.control_plane import ControlPlane

__all__ = ["definition", "ours", "served", "theirs"]

ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="envs/prod"), target="prod", apply="never",
)  # fmt: skip


def definition(kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind."""
    word = kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{word}s.acme.example"},
        "spec": {
            "group": "acme.example",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": f"{word}s", "singular": word, "listKind": f"{kind}List"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


async def served(plane: ControlPlane, crd: dict[str, Any]) -> str:
    """Make a kind and wait until it is there; the path of its objects."""
    status, said = await plane.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    assert status == 201, said["message"]
    plural = crd["spec"]["names"]["plural"]
    async with asyncio.timeout(30):
        while True:
            async with plane.session.get(f"{plane.url}/apis/acme.example/v1/{plural}") as answer:
                if answer.status == 200:
                    return f"/apis/acme.example/v1/namespaces/default/{plural}"
            await asyncio.sleep(0.05)


async def ours(body: dict[str, Any], *others: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    """What the check says is wrong."""
    found = await Schemas().run(
        Examined(
            environment=ENVIRONMENT, resources=tuple(resource(each) for each in (*others, body)),
            before=(resource(old),) if old else (), kubernetes=Kubernetes(version=NEWEST),
        )
    )  # fmt: skip
    assert {each.level for each in found} <= {"error", "unknown"}
    return [each.message for each in found]


def resource(body: dict[str, Any]) -> Resource:
    """A body as a resource."""
    group = body["apiVersion"].rpartition("/")[0]
    return Resource(id=ResourceId(type=f"{body['kind']}.{group}".strip("."), name="a", scope="default"), body=body)


async def theirs(plane: ControlPlane, path: str, body: dict[str, Any]) -> tuple[bool, str]:
    """(whether the server takes it, what it says)."""
    status, answer = await plane.call("POST", path, body, dryRun="All", fieldValidation="Strict")
    return status == 201, str(answer.get("message", ""))
