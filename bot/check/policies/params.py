"""The objects that set a policy up: of the policy folders first, else of what the base renders, never of the change."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.check.policies.binding import ParamRef
from bot.check.policies.customs import Customs
from bot.check.policies.policy import ParamKind
from bot.check.policies.request import BASE_UNKNOWN, DEFAULT_NAMESPACE, Request, Situation
from bot.check.policies.selector import labels_of
from bot.errors import CelEvaluationError

__all__ = ["Params"]

Key = tuple[str, str, str | None]


class Params:
    """All objects that could set a policy up, by type, name and namespace (None: they belong to none).

    Custom ones have the defaults of the definitions that were there before the change.
    """

    def __init__(self, folder: Iterable[Mapping[str, Any]], situation: Situation) -> None:
        self.kinds = situation.kinds
        self.customs = Customs(replace(situation.examined, resources=()))
        self.known: dict[Key, Mapping[str, Any]] = {}
        before = situation.examined.before
        self.complete = before is not None
        for body in (*(each.body for each in before or ()), *folder):
            if key := self.key(body):
                self.known[key] = body

    def key(self, body: Mapping[str, Any]) -> Key | None:
        """What an object is found by; None: it is no object."""
        metadata = body.get("metadata")
        version, kind = body.get("apiVersion"), body.get("kind")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if not (isinstance(metadata, Mapping) and isinstance(version, str) and isinstance(kind, str)):
            return None
        given = str(metadata.get("namespace") or "")
        namespaced = self.kinds.served(type_of(version, kind), given).namespaced
        return f"{version}/{kind}", str(name), (given or DEFAULT_NAMESPACE) if namespaced else None

    def found(self, kind: ParamKind, reference: ParamRef | None, request: Request) -> list[Mapping[str, Any] | None]:
        """The parameters that a policy is to be evaluated with, each on its own; none: it does not apply.

        CelEvaluationError: there is none where there must be one, or nobody knows which there are.
        """
        if reference is None:
            return [None]
        served = self.kinds.served(type_of(kind.api_version, kind.kind), reference.namespace)
        namespace = (reference.namespace or request.namespace) if served.namespaced else None
        if served.namespaced and namespace is None:
            raise CelEvaluationError("the binding's paramRef names no namespace, and the object belongs to none")
        type = f"{kind.api_version}/{kind.kind}"
        chosen: list[Mapping[str, Any] | None] = [
            self.customs.shown(body)
            for (other, name, place), body in sorted(self.known.items(), key=lambda each: str(each[0]))
            if (other, place) == (type, namespace)
            and (name == reference.name if reference.selector is None else reference.selector.selects(labels_of(body)))
        ]
        named = f" {reference.name}" if reference.name else ""
        # one that is named is settled by a folder; a selector may select more of what the base renders
        if not self.complete and (not chosen or reference.selector is not None):
            raise CelEvaluationError(f"which {kind.kind}{named} sets the policy up {BASE_UNKNOWN}")
        if chosen or reference.allow:
            return chosen
        raise CelEvaluationError(f"there is no {kind.kind}{named} to set the policy up by")


def type_of(version: str, kind: str) -> str:
    """The type as `ResourceId` has it."""
    group = version.rpartition("/")[0]
    return f"{kind}.{group}" if group else kind
