"""Resources: what a render yields, where each came from, and the desired state they make up."""

from dataclasses import field
from typing import Protocol

from bot.model.finding import Finding
from bot.model.identity import EnvironmentId, ResourceId
from bot.model.noun import Digest, Json, Sha, noun

__all__ = ["Desired", "Locate", "Origin", "Rendered", "Resource", "ResourceId"]


class Locate(Protocol):
    """Finds a value of a document: (keys and indices from its root) → (line, column), both from 1.

    A path that does not exist is answered with the nearest parent's place.
    """

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]: ...


@noun
class Origin:
    """The file (and the document's first line, from 1) that a resource came from."""

    path: str
    line: int = 1
    locate: Locate | None = field(default=None, repr=False, compare=False)


@noun
class Resource:
    """One object to be. `body` is the whole manifest and may hold secrets: it is never printed."""

    id: ResourceId
    body: Json = field(repr=False)
    origin: Origin | None = field(default=None, compare=False)


@noun
class Rendered:
    """What a renderer yields: resources in order of file and position, and the tools that made them.

    `notices` are findings of level notice: what a person should know of the render, such as what was left out.
    """

    resources: tuple[Resource, ...]
    tools: tuple[str, ...] = ()
    notices: tuple[Finding, ...] = ()


@noun
class Desired:
    """The state an environment is to be in, bound to a destination.

    `objects` holds each resource's own digest (`o1:`); `digest` covers the whole (`d1:`, or `r1:` offline). `tools` are
    what rendered it, and no part of the digest.
    """

    environment: EnvironmentId
    revision: Sha
    destination: str
    scope: str
    resources: tuple[Resource, ...] = field(repr=False)
    objects: "dict[ResourceId, Digest]" = field(repr=False)
    digest: Digest
    tools: tuple[str, ...] = ()
