"""Manifests as they come out of the renderer, with identities and places, and what the check `schemas` finds."""

from collections.abc import Callable

import pytest

from bot.check.schemas import Schemas
from bot.document import load_documents
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.finding import Finding
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Resource
from bot.render.manifests import resources_of

Manifests = Callable[[str], list[Resource]]


@pytest.fixture
def manifests() -> Manifests:
    """The resources of a YAML text, as if it were the file `app.yaml`."""

    def read(text: str) -> list[Resource]:
        documents = load_documents(text.encode())
        found = [each for one in documents for each in resources_of("app.yaml", one.value, one.line, one.locate)]
        resources = [each for each in found if isinstance(each, Resource)]
        assert resources == found
        return resources

    return read


@pytest.fixture
def environment() -> Environment:
    """An environment with every default."""
    repository = RepositoryId(forge="github", number=1, path="acme/shop")
    name = EnvironmentId(repository=repository, name="prod")
    return Environment(id=name, source=Source(path="envs/prod"), target="prod", apply="on-merge")


@pytest.fixture
def look(manifests: Manifests, environment: Environment) -> Callable[..., list[Finding]]:
    """The findings of a text, with what the base renders to and what the operator supplied."""
    schemas = Schemas()

    def check(text: str, before: str | None = "", supplied: str = "") -> list[Finding]:
        examined = Examined(
            environment=environment, resources=tuple(manifests(text)),
            before=None if before is None else tuple(manifests(before) if before else ()),
            kubernetes=Kubernetes(crds=tuple(manifests(supplied) if supplied else ())),
        )  # fmt: skip
        return list(schemas.findings(examined))

    return check
