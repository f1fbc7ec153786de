"""What an API server would be asked for one object, as far as it is known without one."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any, Literal

from bot.check.cel.values import Unknown
from bot.check.policies.customs import Customs
from bot.check.policies.kinds import Kinds, Served
from bot.model.examined import Examined
from bot.model.noun import noun
from bot.model.resource import Resource, ResourceId

__all__ = ["BASE_UNKNOWN", "Request", "Situation", "Sort", "namespace_of", "values_of"]

BASE_UNKNOWN = "is not known: the base does not render"
NOBODY = "is not known: a change has no user before it is applied"
NO_PART = "is not there: it is the object itself that changes"
DEFAULT_NAMESPACE = "default"
"""Where `kubectl` puts what names no namespace."""

Operation = Literal["CREATE", "UPDATE", "DELETE"]


Sort = tuple[str, str, str, str, Operation | None]
"""Group, version, kind, resource (its plural) and operation."""


@noun
class Request:
    """One object to be made, changed or deleted.

    `operation` None: not known whether it is made or changed. `body` and `old` are the object after and before; None:
    there is none (or, where the operation is not known, nobody knows the old one). `version` is that of its API,
    without the group. `namespace` None: it belongs to none. `namespace_body` is the Namespace's own object: None where
    nobody knows it.
    """

    resource: Resource = field(repr=False)
    served: Served
    operation: Operation | None
    body: Mapping[str, Any] | None = field(repr=False)
    old: Mapping[str, Any] | None = field(repr=False)
    version: str
    namespace: str | None
    namespace_body: Mapping[str, Any] | None = field(default=None, repr=False)

    def values(self) -> dict[str, Any]:
        """The values of those variables that are the object's own."""
        id, unknown = self.resource.id, self.operation is None
        return {
            "object": self.body,
            "oldObject": Unknown(BASE_UNKNOWN) if unknown else self.old,
            "namespaceObject": self.known_namespace(),
            "request.name": id.name,
            # a Namespace belongs to none, and a request about it is one within it
            "request.namespace": id.name if id.type == "Namespace" else self.namespace or "",
        }

    @property
    def sort(self) -> "Sort":
        """What it has in common with other requests."""
        id = self.resource.id
        return id.group, self.version, id.kind, self.served.plural, self.operation

    def known_namespace(self) -> Any:
        """The Namespace's object; null for what belongs to none."""
        if self.namespace is None:
            return None
        missing = f"is not known: no Namespace {self.namespace} is rendered"
        return Unknown(missing) if self.namespace_body is None else self.namespace_body


def values_of(sort: Sort) -> dict[str, Any]:
    """The values of all other variables, which requests of one sort share."""
    group, version, kind, plural, operation = sort
    kinds = {"group": group, "version": version, "kind": kind}
    resource = {"group": group, "version": version, "resource": plural}
    return {
        "params": None,
        "request.kind": kinds, "request.requestKind": kinds,
        "request.resource": resource, "request.requestResource": resource,
        "request.subResource": Unknown(NO_PART), "request.requestSubResource": Unknown(NO_PART),
        "request.operation": Unknown(BASE_UNKNOWN) if operation is None else operation,
        "request.dryRun": False,
        "request.options": Unknown("is not known before it is applied"),
        "request.userInfo": Unknown(NOBODY),
    }  # fmt: skip


class Situation:
    """All requests of one environment."""

    def __init__(self, examined: Examined) -> None:
        self.examined = examined
        self.customs = Customs(examined)
        kubernetes = examined.kubernetes
        self.kinds = Kinds((*kubernetes.crds, *(examined.before or ()), *examined.resources), kubernetes.version)
        self.before = None if examined.before is None else {self.place(each.id): each for each in examined.before}

    @cached_property
    def namespaces(self) -> Mapping[str, Mapping[str, Any]]:
        """Every Namespace that is rendered, with what the API server fills in: as it is to be, else as it was."""
        known = [*(self.examined.before or ()), *self.examined.resources]
        return {each.id.name: self.customs.shown(each.body) for each in known if each.id.type == "Namespace"}

    def requests(self) -> Iterator[Request]:
        """Of every object that is to be, in order; then of every one that is to be no more."""
        for each in self.examined.resources:
            old = self.before.get(self.place(each.id)) if self.before is not None else None
            operation: Operation | None = None if self.before is None else "UPDATE" if old else "CREATE"
            yield self.request(each, operation, each.body, old)
        wanted = {self.place(each.id) for each in self.examined.resources}
        for place, gone in (self.before or {}).items():
            if place not in wanted:
                yield self.request(gone, "DELETE", None, gone)

    def place(self, id: ResourceId) -> tuple[str, str, str | None]:
        """What an API server knows an object by, whether its namespace is written down or not."""
        return id.type, id.name, namespace_of(id, self.kinds.served(id.type, id.scope))

    def request(
        self, resource: Resource, operation: Operation | None, body: Mapping[str, Any] | None, old: Resource | None
    ) -> Request:
        """The request about one object."""
        served = self.kinds.served(resource.id.type, resource.id.scope)
        namespace = namespace_of(resource.id, served)
        return Request(
            resource=resource,
            served=served,
            operation=operation,
            body=self.placed(body, namespace) if body is not None else None,
            old=self.placed(old.body, namespace) if old is not None else None,
            version=str(resource.body.get("apiVersion", "")).rpartition("/")[2],
            namespace=namespace,
            namespace_body=self.namespaces.get(namespace) if namespace is not None else None,
        )

    def placed(self, body: Mapping[str, Any], namespace: str | None) -> Mapping[str, Any]:
        """The object as policies are shown it, with its namespace."""
        body = self.customs.shown(body)
        metadata = body.get("metadata")
        if namespace is None or not isinstance(metadata, Mapping) or metadata.get("namespace"):
            return body
        return {**body, "metadata": {**metadata, "namespace": namespace}}


def namespace_of(id: ResourceId, served: Served) -> str | None:
    """The namespace that an object goes to; None: it belongs to none."""
    return (id.scope or DEFAULT_NAMESPACE) if served.namespaced else None
