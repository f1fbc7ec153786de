"""What a repository holds that could be an environment: overlays, charts, folders of manifests; and what is none."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from bot.document import load_documents, load_json
from bot.errors import DocumentError, TreeError
from bot.model.noun import noun
from bot.model.tree import Tree

__all__ = ["Found", "candidates", "charts", "manifests", "overlays", "plain_folders"]

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
CHART = "Chart.yaml"
MANIFESTS = (".yaml", ".yml", ".json")
LOOKS_LIKE_ONE = re.compile(rb"""(?m)^\s*["']?apiVersion["']?\s*:|^\s*\{.*"apiVersion"\s*:""")

ELSEWHERE = ("skaffold/", "backstage.io/", "kind.x-k8s.io/", "ctlptl.dev/", "tilt.dev/", "kustomize.config.k8s.io/")
"""What looks like a manifest and is the file of another tool."""


@noun
class Found:
    """Something that could be an environment, or (`skipped` says why) is none. `values` are a chart's value files."""

    kind: Literal["kustomize", "helm", "plain"]
    path: str
    values: str = ""
    skipped: str = ""


def candidates(tree: Tree) -> frozenset[str]:
    """The files that have to be loaded to find anything."""
    names = (*KUSTOMIZATIONS, CHART)
    return frozenset(
        path
        for path in tree.entries
        if (path.endswith(MANIFESTS) or posixpath.basename(path) in names) and not hidden(path)
    )


def hidden(path: str) -> bool:
    """Whether a path is in a hidden folder, such as a forge's workflows."""
    return any(part.startswith(".") for part in path.split("/"))


def parents(folder: str) -> Iterator[str]:
    """A folder and every folder above it, the root ("") last."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def overlays(tree: Tree) -> Iterator[Found]:
    """Every folder with a kustomization file; skipped are components, and what another one builds upon."""
    files = {
        posixpath.dirname(path): path
        for path in sorted(tree.entries)
        if posixpath.basename(path) in KUSTOMIZATIONS and not hidden(path)
    }
    built = {folder: first(tree, path) for folder, path in files.items()}
    users = included(built)
    for folder, value in built.items():
        yield Found(kind="kustomize", path=folder, skipped=no_overlay(folder, value, users.get(folder, "")))


def no_overlay(folder: str, value: Mapping[str, Any] | None, user: str) -> str:
    """Why a kustomization is no environment; "" where it is one."""
    if value is None:
        return "its kustomization file cannot be read"
    if value.get("kind") == "Component":
        return "is a component, which is a part of overlays"
    if user:
        return f"{user or '.'} builds upon it"
    if posixpath.basename(folder) in ("base", "bases") and len(folder.split("/")) > 1:
        return "is named a base, and no overlay in this repository uses it"
    return ""


def included(built: Mapping[str, Mapping[str, Any] | None]) -> dict[str, str]:
    """Each kustomization that others name, with the first that does."""
    users: dict[str, str] = {}
    for folder, value in built.items():
        for key in ("resources", "bases", "components"):
            listed = (value or {}).get(key)
            for each in listed if isinstance(listed, list) else ():
                target = posixpath.normpath(posixpath.join(folder, each)) if isinstance(each, str) else ""
                target = "" if target == "." else target
                if target in built and target != folder:
                    users.setdefault(target, folder)
    return users


def charts(tree: Tree) -> Iterator[Found]:
    """Every chart that is not part of another one, once for each of its files of values."""
    folders = sorted(posixpath.dirname(p) for p in tree.entries if posixpath.basename(p) == CHART and not hidden(p))
    for folder in folders:
        above = [each for each in folders if each != folder and (not each or folder.startswith(each + "/"))]
        value = first(tree, posixpath.join(folder, CHART))
        if above:
            yield Found(kind="helm", path=folder, skipped=f"is a part of the chart {above[0] or '.'}")
        elif value is None:
            yield Found(kind="helm", path=folder, skipped="its Chart.yaml cannot be read")
        elif value.get("type") == "library":
            yield Found(kind="helm", path=folder, skipped="is a library chart, which renders nothing")
        else:
            files = value_files(tree, folder)
            yield from (Found(kind="helm", path=folder, values=each) for each in files or [""])


def value_files(tree: Tree, folder: str) -> list[str]:
    """A chart's files of values for environments: `values-prod.yaml`, `prod.values.yaml`, `values/prod.yaml`."""
    found = []
    for entry in tree.under(folder):
        name = posixpath.relpath(entry.path, folder or ".")
        if re.fullmatch(r"values[-._][^/]+\.ya?ml|[^/]+[-._]values\.ya?ml|values/[^/]+\.ya?ml", name):
            found.append(entry.path)
    return found


def plain_folders(tree: Tree, taken: frozenset[str], crowded: bool) -> Iterator[Found]:
    """The outermost folders that hold manifests, except in and below `taken` ones; parts of one namespace together.

    `crowded`: there are other environments, so a manifest at the root is not to make one of the whole repository.
    """
    files: dict[str, list[str]] = {}
    for path in sorted(candidates(tree)):
        if posixpath.basename(path) not in KUSTOMIZATIONS:
            files.setdefault(posixpath.dirname(path), []).append(path)
    found: dict[str, None] = {}
    for folder in sorted(files, key=lambda each: (each.count("/") + bool(each), each)):
        above = set(parents(folder))
        if above.isdisjoint(taken) and above.isdisjoint(found) and any(map_manifests(tree, files[folder])):
            if crowded and not folder:
                yield Found(kind="plain", path="", skipped="has manifests beside folders that are environments")
            else:
                found[folder] = None
    for folder in together(tree, list(found), taken):
        yield Found(kind="plain", path=folder)


def map_manifests(tree: Tree, paths: Iterable[str]) -> Iterator[bool]:
    """Whether each file holds a manifest."""
    return (bool(manifests(tree, path)) for path in paths)


def together(tree: Tree, folders: list[str], taken: frozenset[str]) -> list[str]:
    """The folders, with those replaced by their parent that live in a namespace which one of them makes."""
    result = list(folders)
    siblings: dict[str, list[str]] = {}
    for folder in folders:
        siblings.setdefault(posixpath.dirname(folder), []).append(folder)
    for parent, children in siblings.items():
        inside = any(each == parent or each.startswith(parent + "/") for each in taken)
        if parent and len(children) > 1 and not inside and one_namespace(tree, children):
            place = result.index(children[0])
            result[place : place + 1] = [parent]
            result = [each for each in result if each not in children]
    return result


def one_namespace(tree: Tree, folders: list[str]) -> bool:
    """Whether all objects of the folders are in a namespace that one of them makes, and none is there twice."""
    made: set[str] = set()
    used: set[str] = set()
    seen: set[tuple[str, str, str]] = set()
    for folder in folders:
        for value in (v for e in tree.under(folder) if e.path.endswith(MANIFESTS) for v in manifests(tree, e.path)):
            metadata = value.get("metadata")
            metadata = metadata if isinstance(metadata, Mapping) else {}
            name, scope = str(metadata.get("name")), str(metadata.get("namespace") or "")
            identity = (str(value["kind"]), scope, name)
            if identity in seen:
                return False
            seen.add(identity)
            made |= {name} if value["kind"] == "Namespace" else set()
            used |= {scope} if scope else set()
    return bool(made) and len(used) == 1 and used <= made


def first(tree: Tree, path: str) -> dict[str, Any] | None:
    """The first document of a file, if it is a mapping; {} for an empty file, None where it cannot be read."""
    try:
        documents = load_documents(tree.read(path))
    except (DocumentError, TreeError):
        return None
    if not documents:
        return {}
    return documents[0].value if isinstance(documents[0].value, dict) else None


def manifests(tree: Tree, path: str) -> list[dict[str, Any]]:
    """The manifests of a file; none where it cannot be read."""
    load = load_json if path.endswith(".json") else load_documents
    try:
        data = tree.read(path)
        # most files need not be read to know that they hold none
        values = [each.value for each in load(data)] if LOOKS_LIKE_ONE.search(data) else []
    except (DocumentError, TreeError):
        return []
    return [
        each
        for each in values
        if isinstance(each, dict)
        and "apiVersion" in each
        and "kind" in each
        and not str(each["apiVersion"]).startswith(ELSEWHERE)
    ]
