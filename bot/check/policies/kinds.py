"""Kinds → resources: the plural that rules name and a request carries, and whether it belongs to a namespace.

Those of Kubernetes' own are shipped with the schemas; those of custom resources stand in their definitions. A kind that
nobody describes most likely has the plural that English gives it, and belongs to a namespace where an object says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.check.schemas.custom.definitions import CRD
from bot.check.schemas.native.catalogue import Catalogue, known_versions
from bot.model.groups import is_own_group
from bot.model.noun import noun
from bot.model.resource import Resource

__all__ = ["Kinds", "Served"]

WITH_VOWEL = ("ay", "ey", "iy", "oy", "uy")


@noun
class Served:
    """How the API serves a type: its plural, whether it belongs to a namespace, and (None: not known) its versions."""

    plural: str
    namespaced: bool
    versions: frozenset[str] | None = None


class Kinds:
    """What is known of types: Kubernetes' own, and those that CustomResourceDefinitions among `resources` describe.

    The first one that describes a type counts, and none describes Kubernetes' own: an API server takes no other name
    or scope for what it serves, and a change that brings one must not lead its objects past the policies. Its versions
    are those of all that describe it. `release` is the minor version of Kubernetes.
    """

    def __init__(self, resources: Iterable[Resource], release: str) -> None:
        self.release = release
        self.custom: dict[str, Served] = {}
        for each in resources:
            if each.id.type == CRD:
                for type, served in described(each.body):
                    known = self.custom.setdefault(type, served)
                    versions = (known.versions or frozenset()) | (served.versions or frozenset())
                    self.custom[type] = replace(known, versions=versions)

    def served(self, type: str, scope: str) -> Served:
        """How a type is served; one that nobody describes is taken by its name and by where the object says it is."""
        return self._described(type) or Served(plural=plural(type.partition(".")[0]), namespaced=bool(scope))

    def versions(self, type: str) -> frozenset[str] | None:
        """The versions between which the API converts objects of a type, served or not; None: not known."""
        found = self._described(type)
        return found.versions if found else None

    def _described(self, type: str) -> Served | None:
        own = is_own_group(type.partition(".")[2])
        return (own_kinds(self.release) if own else self.custom).get(type)


@lru_cache(maxsize=8)
def own_kinds(release: str) -> Mapping[str, Served]:
    """Kubernetes' own types, by name; nothing for a release of which nothing is known."""
    if release not in known_versions():
        return {}
    catalogue = Catalogue(release)
    found = {}
    for (group, kind), versions in catalogue.kinds.items():
        many, namespaced = catalogue.resource(group, kind)
        served = Served(plural=many, namespaced=namespaced, versions=frozenset(versions))
        found[f"{kind}.{group}" if group else kind] = served
    return found


def plural(kind: str) -> str:
    """The plural of a kind, by English rules."""
    word = kind.lower()
    if word.endswith("endpoints"):
        return word
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and not word.endswith(WITH_VOWEL) else f"{word}s"


def described(body: Mapping[str, Any]) -> Iterable[tuple[str, Served]]:
    """The type that a CustomResourceDefinition describes; nothing where it is not sound."""
    spec = body.get("spec")
    names = spec.get("names") if isinstance(spec, Mapping) else None
    if isinstance(spec, Mapping) and isinstance(names, Mapping):
        group, kind, many = spec.get("group"), names.get("kind"), names.get("plural")
        if isinstance(group, str) and isinstance(kind, str) and isinstance(many, str):
            listed = spec.get("versions")
            versions = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
            names = frozenset(str(each.get("name")) for each in versions)
            yield f"{kind}.{group}", Served(plural=many, namespaced=spec.get("scope") != "Cluster", versions=names)
