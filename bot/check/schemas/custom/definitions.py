"""CustomResourceDefinitions: where they come from, which kinds they define, and whether those can be validated."""

import hashlib
import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.check.schemas.custom.structural import Refused
from bot.check.schemas.native.catalogue import Catalogue
from bot.check.schemas.problem import Path, shown
from bot.check.schemas.tell import finding
from bot.model.examined import Examined
from bot.model.noun import noun
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId

if TYPE_CHECKING:
    from bot.check.schemas.custom.kind import CustomKind

__all__ = ["CRD", "Definition", "Definitions", "defined", "definitions_of"]

CRD = "CustomResourceDefinition.apiextensions.k8s.io"
SERVED = "apiextensions.k8s.io/v1"
MOST_KEPT = 512


@noun
class Definition:
    """The kind that one CustomResourceDefinition defines. `ours`: it is one of the desired resources."""

    resource: Resource
    group: str
    kind: str
    versions: tuple[Mapping[str, Any], ...]
    ours: bool = False

    def version(self, name: str) -> tuple[int, Mapping[str, Any]] | None:
        """(index, entry) of a version, or None."""
        return next(((at, each) for at, each in enumerate(self.versions) if each.get("name") == name), None)


def definitions_of(examined: Examined) -> Mapping[tuple[str, str], Definition]:
    """By (group, kind): the change's own definition, else the base's, else the operator's.

    Of two CustomResourceDefinitions that claim one kind, the one that was there first counts: an API server does not
    serve the other.
    """
    named: dict[ResourceId, Definition] = {}  # each stays at the place of the first one of its name
    sources: tuple[Sequence[Resource], ...] = (examined.kubernetes.crds, examined.before or (), examined.resources)
    for source in sources:
        for resource in source:
            if resource.id.type == CRD and (each := definition(resource, ours=source is examined.resources)):
                named[resource.id] = each
    found: dict[tuple[str, str], Definition] = {}
    for each in named.values():
        found.setdefault((each.group, each.kind), each)
    return found


def definition(resource: Resource, *, ours: bool) -> Definition | None:
    """The kind that a resource defines; None where it says too little, which its own schema tells."""
    spec = resource.body.get("spec")
    if resource.body.get("apiVersion") != SERVED or not isinstance(spec, Mapping):
        return None
    names, versions = spec.get("names"), spec.get("versions")
    kind = names.get("kind") if isinstance(names, Mapping) else None
    if not isinstance(versions, list) or not isinstance(kind, str) or not isinstance(spec.get("group"), str):
        return None
    entries = tuple(each for each in versions if isinstance(each, Mapping))
    if len(entries) != len(versions):
        return None
    return Definition(resource=resource, group=spec["group"], kind=kind, versions=entries, ours=ours)


def defined(resources: Iterable[Resource]) -> frozenset[str]:
    """The types of the kinds that resources define, as a `ResourceId` has them."""
    found = (definition(each, ours=False) for each in resources if each.id.type == CRD)
    return frozenset(f"{each.kind}.{each.group}" for each in found if each)


class Definitions:
    """The kinds that were compiled, kept by what they were made of. A refusal is kept too."""

    def __init__(self) -> None:
        self.kept: dict[bytes, CustomKind | Refused] = {}

    def kind(self, entry: Mapping[str, Any], catalogue: Catalogue) -> "CustomKind":
        """The kind as one version's entry describes it. Refused: its schema cannot be used."""
        key = digest(entry.get("schema"), catalogue.version)
        found = self.kept.get(key)
        if found is None:
            if len(self.kept) >= MOST_KEPT:
                self.kept.pop(next(iter(self.kept)))
            found = self.kept[key] = compiled(entry, catalogue)
        if isinstance(found, Refused):
            raise found
        return found

    def unusable(self, found: Definition, catalogue: Catalogue) -> Iterator[Finding]:
        """A finding for each version of a definition whose schema cannot be used."""
        for index, entry in enumerate(found.versions):
            try:
                self.kind(entry, catalogue)
            except Refused as error:
                at = ("spec", "versions", index, "schema", "openAPIV3Schema", *error.path)
                yield unusable(found, found.resource, error, at)


def unusable(found: Definition, where: Resource, error: Refused, at: Path) -> Finding:
    """What cannot be validated is never a pass."""
    message = f"objects of kind {shown(found.kind)} cannot be validated: the schema of {found.resource.id} is unusable"
    return finding(where, "unknown", f"{message}, since {error.why}", "correct the CustomResourceDefinition", at)


def compiled(entry: Mapping[str, Any], catalogue: Catalogue) -> "CustomKind | Refused":
    """The compiled kind, or why there is none."""
    # imported late, with the engine of its rules: a check of what nobody defined starts sooner
    from bot.check.schemas.custom.formats import string_formats
    from bot.check.schemas.custom.kind import CustomKind

    schema = entry.get("schema")
    wanted = schema.get("openAPIV3Schema") if isinstance(schema, Mapping) else None
    if not isinstance(wanted, Mapping):
        return Refused((), "there is none")
    try:
        return CustomKind(wanted, catalogue.object_meta, string_formats(catalogue.version))
    except Refused as error:
        return error


def digest(schema: Any, version: str) -> bytes:
    """Equal for what compiles to the same. Another order of keys may give another digest, which only costs time."""
    return hashlib.blake2b(marshal.dumps([version, schema], 2), digest_size=16).digest()
