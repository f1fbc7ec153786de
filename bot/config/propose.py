"""A first `tidegate.yaml` from what a repository holds: overlays, charts, and folders of plain manifests."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.config.alike import Alike, alike
from bot.config.discover import MANIFESTS, Found, candidates, charts, manifests, overlays, parents, plain_folders
from bot.config.naming import unique
from bot.document import dump_in_order
from bot.model.noun import noun
from bot.model.tree import Tree

__all__ = ["EVERYTHING", "Proposal", "candidates", "propose"]

EVERYTHING = frozenset({"plain", "kustomize", "helm"})
PLAIN = frozenset({"plain"})


@noun
class Proposal:
    """The text of a `tidegate.yaml`, the environments in it with their folders, and what was left out and why.

    `patterns` are those that describe several of them.
    """

    text: str
    environments: dict[str, str]
    patterns: tuple[Alike, ...]
    skipped: tuple[str, ...]


def propose(tree: Tree, renderers: frozenset[str] = PLAIN) -> Proposal:
    """An environment for each overlay that nothing builds upon, each chart's file of values, each folder of manifests.

    Only what `renderers` can render is proposed. A kustomization file in a folder or above it means that kustomize
    builds it; so it is with charts. The blobs of `candidates` are needed.
    """
    built, packed = list(overlays(tree)), list(charts(tree))
    outer = frozenset(each.path for each in packed)
    built = [within(each, outer, "the chart") for each in built]
    taken = frozenset(each.path for each in (*built, *packed))
    plain = list(plain_folders(tree, taken, any(not each.skipped for each in (*built, *packed))))
    around = frozenset(each.path for each in plain if not each.skipped)
    everything = [*(within(each, around, "the folder of manifests") for each in built), *packed, *plain]
    chosen = sorted((each for each in everything if not each.skipped and each.kind in renderers), key=place)
    by_label = {label(each): each for each in chosen}
    found = {name: by_label[each] for name, each in unique(map(label, chosen)).items()}
    environments = {name: each.path for name, each in found.items()}
    lenient = frozenset(name for name, each in found.items() if holds_secret(tree, each))
    usual = {name: each.path for name, each in found.items() if not each.values and name not in lenient}
    patterns = tuple(alike(usual, environments, tree))
    return Proposal(
        text=dump_in_order({"version": 1, "environments": described(found, lenient, patterns)}),
        environments=environments, patterns=patterns,
        skipped=tuple(reason(each) for each in sorted(everything, key=place) if each not in chosen),
    )  # fmt: skip


def described(found: Mapping[str, Found], lenient: frozenset[str], patterns: Sequence[Alike]) -> dict[str, Any]:
    """The environments as the file describes them, a pattern in the place of the first that it stands for.

    `lenient` are those whose Secrets would keep their first plan from passing.
    """
    pattern_of = {name: each for each in patterns for name in each.environments}
    described: dict[str, Any] = {}
    for name, each in found.items():
        if pattern := pattern_of.get(name):
            described[pattern.name] = describe(pattern.name, {"path": pattern.path})
        else:
            options = {"options": {"values": [each.values]}} if each.values else {}
            secrets = {"secrets": {"plain": "warning"}} if name in lenient else {}
            described[name] = {**describe(name, {"path": each.path or ".", **options}), **secrets}
    return described


def within(found: Found, outer: frozenset[str], what: str) -> Found:
    """The same, skipped where it lies below something that is an environment as a whole."""
    around = next((each for each in parents(posixpath.dirname(found.path)) if each in outer and found.path), None)
    if around is None or found.skipped:
        return found
    return Found(kind=found.kind, path=found.path, skipped=f"lies in {what} {around or '.'}")


def place(found: Found) -> tuple[int, str, str]:
    """Outer folders first."""
    return found.path.count("/") + bool(found.path), found.path, found.values


def label(found: Found) -> str:
    """What the name of an environment is made of."""
    if not found.values:
        return found.path
    stem = re.sub(r"^values[-._]|[-._]values$", "", posixpath.splitext(posixpath.basename(found.values))[0])
    return posixpath.join(found.path, stem)


def reason(found: Found) -> str:
    """Why something is no environment."""
    kinds = {"kustomize": "a kustomization file", "helm": "a chart"}
    why = found.skipped or f"is built by {kinds.get(found.kind, found.kind)}"
    return f"{found.path or '.'}: {why}"


def describe(name: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """One proposed environment, or a pattern."""
    return {
        "source": source, "target": name, "apply": "on-merge", "first_apply": "on-merge",
        "drift": "revert", "approvals": {"count": 1},
    }  # fmt: skip


def holds_secret(tree: Tree, found: Found) -> bool:
    """Whether manifests below hold a Secret with values, which would keep the first plan from passing."""
    below = (entry for entry in tree.under(found.path) if entry.path.endswith(MANIFESTS) and entry.blob in tree.blobs)
    return any(
        each["kind"] == "Secret" and bool(each.get("data") or each.get("stringData"))
        for entry in below
        if b"Secret" in tree.blobs[entry.blob]
        for each in manifests(tree, entry.path)
    )
