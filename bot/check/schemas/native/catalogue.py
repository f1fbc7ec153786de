"""The built-in kinds of one Kubernetes version: which there are, and what their fields may hold."""

import gzip
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from bot.errors import InputError

__all__ = ["Catalogue", "known_versions", "minor_order", "version_order"]

MATURITY = {"alpha": 0, "beta": 1, "": 2}
SUFFIX = ".json.gz"
VERSIONS = "bot.check.schemas.native.versions"


class Catalogue:
    """What `versions/<minor version>.json.gz` holds, read when it is first asked for.

    The sources are Kubernetes' own OpenAPI documents, made strict by `scripts/make_schemas.py`.
    InputError: there are none of that version; the text says of which there are.
    """

    def __init__(self, version: str) -> None:
        if version not in known_versions():
            known = ", ".join(known_versions())
            raise InputError(f"there are no schemas of Kubernetes {version}; there are those of {known}")
        self.version = version

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The file's JSON."""
        return shipped(self.version)

    @property
    def definitions(self) -> Mapping[str, Any]:
        """JSON Schemas by name; they refer to each other as `#/definitions/<name>`."""
        definitions: Mapping[str, Any] = self.content["definitions"]
        return definitions

    @cached_property
    def object_meta(self) -> Mapping[str, Any]:
        """The definitions that `metadata` needs: `meta.v1.ObjectMeta` and what it refers to."""
        return self.closure("meta.v1.ObjectMeta")

    def closure(self, name: str) -> Mapping[str, Any]:
        """A definition by its name, and every one that it refers to, directly or not."""
        found: dict[str, Any] = {}
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found[each] = self.definitions[each]
                waiting += references(found[each])
        return found

    @cached_property
    def kinds(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        """(group, kind) → its versions, each with its definition's name."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for name, definition in self.content["kinds"].items():
            version, _, kind = name.rpartition("/")
            group, _, version = version.rpartition("/")
            found.setdefault((group, kind), {})[version] = definition
        return found

    @cached_property
    def groups(self) -> frozenset[str]:
        """The API groups that Kubernetes itself serves."""
        return frozenset(group for group, _ in self.kinds)

    def definition(self, version: str, group: str, kind: str) -> str | None:
        """The name of the definition, or None where there is none."""
        return self.kinds.get((group, kind), {}).get(version)

    def resource(self, group: str, kind: str) -> tuple[str, bool]:
        """The plural of a kind that is there, and whether its objects belong to a namespace: of all its versions."""
        version = next(iter(self.kinds[group, kind]))
        many, namespaced = self.content["resources"][f"{group}/{version}/{kind}".removeprefix("/")]
        return many, namespaced

    def builtin(self, group: str) -> bool:
        """Whether only Kubernetes itself can serve this group.

        A custom resource's group is a domain with at least one dot, so an undotted one is never somebody else's.
        """
        return group in self.groups or "." not in group

    def elsewhere(self, group: str, kind: str) -> tuple[str, ...]:
        """The apiVersions that have `kind`: of its own group, else of others; the most stable and newest first."""
        own = self.kinds.get((group, kind))
        if own:
            return api_versions(group, own)
        others = sorted(each for each, name in self.kinds if name == kind)
        return tuple(version for each in others for version in api_versions(each, self.kinds[each, kind]))

    def similar(self, group: str, kind: str) -> str | None:
        """The kind of that group whose name is nearest to a mistyped one."""
        near = get_close_matches(kind, sorted(name for each, name in self.kinds if each == group), n=1, cutoff=0.75)
        return near[0] if near else None


def references(schema: Any) -> Iterable[str]:
    """The definitions that a shipped schema names. `properties` may hold a field called `$ref`, which is none."""
    if isinstance(schema.get("$ref"), str):
        yield schema["$ref"].removeprefix("#/definitions/")
    for each in schema.get("properties", {}).values():
        yield from references(each)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from references(schema[key])


@cache
def known_versions() -> tuple[str, ...]:
    """The minor versions whose schemas are shipped, oldest first."""
    names = (each.name for each in files(VERSIONS).iterdir())
    found = [name.removesuffix(SUFFIX) for name in names if name[0].isdigit() and name.endswith(SUFFIX)]
    return tuple(sorted(found, key=minor_order))


@cache
def shipped(name: str) -> Mapping[str, Any]:
    """The JSON of a shipped file, read once."""
    content: Mapping[str, Any] = json.loads(gzip.decompress(files(VERSIONS).joinpath(name + SUFFIX).read_bytes()))
    return content


def minor_order(version: str) -> tuple[int, int]:
    """A key that sorts 1.9 < 1.36."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def api_versions(group: str, versions: Iterable[str]) -> tuple[str, ...]:
    """The versions as `apiVersion` spells them, best first."""
    ordered = sorted(versions, key=version_order, reverse=True)
    return tuple(f"{group}/{version}" if group else version for version in ordered)


def version_order(version: str) -> tuple[int, int, int]:
    """A key that sorts v1alpha1 < v1beta1 < v1beta2 < v1 < v2, as Kubernetes ranks versions.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
    """
    number, maturity, minor = version.removeprefix("v"), "", "0"
    for name in ("alpha", "beta"):
        if name in number:
            number, _, minor = number.partition(name)
            maturity = name
    if not (number.isdecimal() and minor.isdecimal()):
        return (-1, 0, 0)
    return (MATURITY[maturity], int(number), int(minor))
