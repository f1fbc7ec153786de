"""The built-in kinds of one Kubernetes version: which there are, and what their fields may hold."""

import gzip
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from typing import Any

__all__ = ["Catalogue", "version_order"]

MATURITY = {"alpha": 0, "beta": 1, "": 2}


class Catalogue:
    """What `schemas/<version>.json.gz` holds, read when it is first asked for.

    The source is Kubernetes' own OpenAPI document, made strict by `scripts/make_schemas.py`.
    """

    def __init__(self, version: str) -> None:
        self.version = version

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The file's JSON. FileNotFoundError: no schemas of that version are shipped."""
        packed = files("bot.check").joinpath("schemas", f"{self.version}.json.gz").read_bytes()
        content: Mapping[str, Any] = json.loads(gzip.decompress(packed))
        return content

    @property
    def definitions(self) -> Mapping[str, Any]:
        """JSON Schemas by name; they refer to each other as `#/definitions/<name>`."""
        definitions: Mapping[str, Any] = self.content["definitions"]
        return definitions

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
