"""A manifest's identity: apiVersion, kind, namespace and name, and what makes them unusable.

The rules are those of Kubernetes' API server, so that nothing is planned that it would refuse by its name alone, and so
that no name can pass for another kind or for a path.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from bot.model.noun import noun
from bot.model.resource import ResourceId

__all__ = ["Flaw", "anonymous", "identify"]

# DNS labels and subdomains (RFC 1123), which groups, versions and namespaces are.
LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
GROUP = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
KIND = re.compile(r"[A-Za-z][-A-Za-z0-9]{0,62}", re.ASCII)
LONGEST_NAME, LONGEST_TYPE = 253, 512
NO_NAME = frozenset("/%\\ ")


@noun
class Flaw:
    """One thing that is wrong with a manifest: the place in it, a sentence without its subject, and what to do."""

    at: tuple[str | int, ...]
    wrong: str
    fix: str


def anonymous(value: Mapping[str, Any]) -> tuple[Flaw, ...]:
    """What keeps apiVersion and kind from telling a type; nothing if they do."""
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and isinstance(kind, str) and len(version) + len(kind) <= LONGEST_TYPE:
        return untold(version, kind)
    return tuple(flaws_of_type(version, kind))


@lru_cache(maxsize=1024)
def untold(version: str, kind: str) -> tuple[Flaw, ...]:
    """The same of short texts, which are remembered: a repository has few of them, and each many times."""
    return tuple(flaws_of_type(version, kind))


def flaws_of_type(version: Any, kind: Any) -> Iterator[Flaw]:
    """What keeps an apiVersion and a kind, as they were written, from telling a type."""
    missing = [key for key, each in (("apiVersion", version), ("kind", kind)) if each in (None, "")]
    if missing:
        wrong = f"is no Kubernetes object: it has no {' and no '.join(missing)}"
        yield Flaw(
            at=(), wrong=wrong, fix=f"add {' and '.join(missing)}, or move the file out of the environment's source"
        )
        return
    group, slash, number = version.rpartition("/") if isinstance(version, str) else ("", "", "")
    if not LABEL.fullmatch(number) or (slash and not GROUP.fullmatch(group)):
        wrong = "has an apiVersion that is neither a version nor a group with a version"
        yield Flaw(at=("apiVersion",), wrong=wrong, fix="write it like v1 or apps/v1")
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        yield Flaw(at=("kind",), wrong="has a kind that cannot be one", fix="write a single word such as Deployment")


def identify(value: Mapping[str, Any]) -> ResourceId | Flaw:
    """The identity of a manifest whose apiVersion and kind are sound. An absent namespace is ""."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict):
        return Flaw(at=("metadata",), wrong="has no metadata", fix="add metadata with a name")
    name, scope = metadata.get("name"), metadata.get("namespace")
    if name in (None, "") and metadata.get("generateName"):
        wrong = "has a generateName, which makes another object of every apply"
        return Flaw(at=("metadata", "generateName"), wrong=wrong, fix="give it a name")
    if flaw := unnamed(name):
        return flaw
    if scope not in (None, "") and not (isinstance(scope, str) and LABEL.fullmatch(scope)):
        wrong = "has a namespace that cannot be one"
        fix = "use lower-case letters, digits and dashes, 63 at most, as a string"
        return Flaw(at=("metadata", "namespace"), wrong=wrong, fix=fix)
    group, kind = str(value["apiVersion"]).rpartition("/")[0], str(value["kind"])
    return ResourceId(type=f"{kind}.{group}" if group else kind, name=str(name), scope=scope or "")


def unnamed(name: Any) -> Flaw | None:
    """What makes this no name. Some kinds allow more than DNS names (`system:node`), none a piece of a path."""
    at = ("metadata", "name")
    if name in (None, ""):
        return Flaw(at=at, wrong="has no name", fix="add metadata.name")
    if not isinstance(name, str):
        return Flaw(at=at, wrong="has a name that is not a string", fix="put the name in quotes")
    if len(name) > LONGEST_NAME:
        return Flaw(at=at, wrong=f"has a name of more than {LONGEST_NAME} characters", fix="shorten it")
    if name in (".", "..") or not name.isprintable() or not NO_NAME.isdisjoint(name):
        wrong, fix = "has a name that cannot be one", "use lower-case letters, digits, dashes and dots"
        return Flaw(at=at, wrong=wrong, fix=fix)
    return None
