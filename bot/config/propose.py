"""A first `tidegate.yaml` from what a repository holds: one environment for each directory of plain manifests."""

import posixpath
import re
from collections.abc import Iterable
from itertools import chain, count

from bot.config.rules import READ_AS_TRUTH
from bot.document import dump, load_documents, load_json
from bot.errors import DocumentError, TreeError
from bot.model.noun import noun
from bot.model.tree import Tree

__all__ = ["Proposal", "candidates", "propose"]

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MANIFESTS = (".yaml", ".yml", ".json")


@noun
class Proposal:
    """The text of a `tidegate.yaml`, the environments in it with their folders, and what was left out and why."""

    text: str
    environments: dict[str, str]
    skipped: tuple[str, ...]


def candidates(tree: Tree) -> frozenset[str]:
    """The files that have to be loaded to propose anything."""
    return frozenset(path for path in tree.entries if path.endswith(MANIFESTS) and not hidden(path))


def hidden(path: str) -> bool:
    """Whether a path is in a hidden folder, such as a forge's workflows."""
    return any(part.startswith(".") for part in path.split("/"))


def propose(tree: Tree) -> Proposal:
    """An environment for each folder that itself holds a manifest, the outermost ones that kustomize does not build.

    A kustomization file in a folder or above it means that kustomize builds it. The blobs of `candidates` are needed.
    """
    built = {posixpath.dirname(path) for path in tree.entries if posixpath.basename(path) in KUSTOMIZATIONS}
    files: dict[str, list[str]] = {}
    for path in sorted(candidates(tree)):
        files.setdefault(posixpath.dirname(path), []).append(path)
    found: dict[str, None] = {}
    skipped: list[str] = []
    for folder in sorted(files, key=lambda each: (each.count("/") + bool(each), each)):
        above = set(parents(folder))
        if above & built:
            skipped.append(f"{folder or '.'}: is built by a kustomization file")
        elif above.isdisjoint(found) and any(manifests(tree, path) for path in files[folder]):
            found[folder] = None
    names = unique(found)
    environments = {name: describe(tree, name, folder) for name, folder in names.items()}
    text = "version: 1\n" + dump({"environments": environments})
    return Proposal(text=text, environments=names, skipped=tuple(skipped))


def parents(folder: str) -> Iterable[str]:
    """A folder and every folder above it, the root ("") last."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def manifests(tree: Tree, path: str) -> list[dict[str, object]]:
    """The manifests of a file; none where it cannot be read."""
    load = load_json if path.endswith(".json") else load_documents
    try:
        values = [each.value for each in load(tree.read(path))]
    except (DocumentError, TreeError):
        return []
    return [each for each in values if isinstance(each, dict) and "apiVersion" in each and "kind" in each]


def unique(folders: Iterable[str]) -> dict[str, str]:
    """A name for each folder: its last part, or as much of its path as it takes to be the only one, or a number."""
    names: dict[str, str] = {}
    for folder in folders:
        parts = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") or "x" for part in (folder or "root").split("/")]
        tails = ("-".join(parts[-length:])[-63:].strip("-") for length in range(1, len(parts) + 1))
        whole = "-".join(parts)[-55:].strip("-")
        numbered = (f"{whole}-{number}" for number in count(2))
        name = next(each for each in chain(tails, numbered) if each not in names and each not in READ_AS_TRUTH)
        names[name] = folder
    return names


def describe(tree: Tree, name: str, folder: str) -> dict[str, object]:
    """One proposed environment."""
    below = [entry.path for entry in tree.under(folder) if entry.path.endswith(MANIFESTS)]
    secret = any(
        each["kind"] == "Secret" and (each.get("data") or each.get("stringData"))
        for path in below
        for each in manifests(tree, path)
    )
    plain = {"secrets": {"plain": "warning"}} if secret else {}
    return {
        "source": {"path": folder or "."}, "target": name, "apply": "on-merge", "first_apply": "on-merge",
        "drift": "revert", "approvals": {"count": 1}, **plain,
    }  # fmt: skip
