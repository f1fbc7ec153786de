"""What kustomize printed → resources: traced to their files, without the annotations that were only for that."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from bot.document import load_documents
from bot.errors import DocumentError, RenderError
from bot.model.finding import Finding
from bot.model.noun import noun
from bot.model.resource import Locate, Origin, Resource
from bot.model.tree import Tree
from bot.render.helm.hooks import Hook, events_of, hook, left_out
from bot.render.kustomize.kustomization import field, items, read
from bot.render.kustomize.layout import Layout
from bot.render.kustomize.mended import mended
from bot.render.kustomize.origins import Candidate, annotated, best, candidates, generators, identity
from bot.render.kustomize.plugins import INFLATES
from bot.render.kustomize.walk import Key, Walk
from bot.render.manifests import annotations_of, problem, resources_of, shown_path
from bot.render.plain import duplicates, first

__all__ = ["Traced", "applied", "resources"]

ORIGIN = "config.kubernetes.io/origin"


@noun
class Traced:
    """What an output is traced with: the tree, the walk through it, and what was laid out. `file` was built."""

    tree: Tree
    walk: Walk
    layout: Layout
    file: str


def resources(output: bytes, traced: Traced) -> tuple[tuple[Resource, ...], tuple[Finding, ...]]:
    """The objects of an output without the hooks of charts, and the notices of these.

    RenderError: one of them cannot be applied, or there is none.
    """
    try:
        documents = load_documents(output)
    except DocumentError as error:
        message = f"kustomize printed something that is no manifest: {error.message}"
        raise RenderError([problem(message, "look at what the kustomization makes", path=traced.file)]) from None
    found: list[Resource | Finding] = []
    hooks: list[Hook] = []
    for each in documents:
        origin, body = trace(each.value, traced)
        if is_hook(each.value, traced):
            hooks.append(hook(body, origin.path))
            continue
        found += resources_of(origin.path, body, origin.line, origin.locate or Nowhere(line=origin.line))
    problems: list[Finding] = [each for each in found if isinstance(each, Finding)]
    made = [each for each in found if isinstance(each, Resource)]
    problems += duplicates(made)
    if not found:
        message = f"{shown_path(traced.file)} renders to no object; an empty environment is never applied"
        fix = "add resources to it, or remove the environment from tidegate.yaml"
        problems.append(problem(message, fix, path=shown_path(traced.file), place=(1, 1)))
    if problems:
        raise RenderError(first(problems))
    return tuple(made), tuple(left_out(hooks))


def applied(output: bytes, traced: Traced) -> list[Any]:
    """What an output holds beside the hooks of charts; nothing where it cannot be read."""
    try:
        return [each.value for each in load_documents(output) if not is_hook(each.value, traced)]
    except DocumentError:
        return []


@noun
class Nowhere:
    """`Locate` where nothing is known but a line."""

    line: int

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """That line, whatever is asked for."""
        del path
        return self.line, 1


def trace(body: Any, traced: Traced) -> tuple[Origin, Any]:
    """Where an object comes from, and the object as kustomize would print it without being asked for that."""
    whole = Origin(path=shown_path(traced.file), line=1)
    if not isinstance(body, Mapping):
        return whole, body
    annotation = annotations_of(body).get(ORIGIN) if traced.layout.traced else None
    origin = from_annotation(body, annotation, traced) if isinstance(annotation, str) else None
    if origin is None:
        origin = best(body, everywhere(traced))
    if annotation is not None and not traced.layout.asked:
        body = without_origin(body)
    body = mended(body, traced.layout)
    return origin or whole, body


def is_hook(body: Any, traced: Traced) -> bool:
    """Whether a chart made this as a hook. Where nothing is traced, whatever says so beside a chart is taken for one.

    Helm takes no definition of a chart's `crds/` for a hook, and here they look like any other.
    """
    if not traced.walk.charts or not events_of(body) or body.get("kind") == "CustomResourceDefinition":
        return False
    text = annotations_of(body).get(ORIGIN) if traced.layout.traced else None
    return not isinstance(text, str) or made_by(annotated(text.encode())) == INFLATES


def made_by(said: Mapping[str, Any]) -> Any:
    """The kind of the generator that an origin names; None: no generator."""
    return field(said.get("configuredBy"), "kind")[1]


def without_origin(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object without its origin annotation; kustomize prints no empty annotations."""
    left = {key: value for key, value in annotations_of(body).items() if key != ORIGIN}
    metadata = {key: value for key, value in body["metadata"].items() if key != "annotations" or left}
    if left:
        metadata["annotations"] = left
    return {**body, "metadata": metadata}


def from_annotation(body: Mapping[str, Any], text: str, traced: Traced) -> Origin | None:
    """The origin that an annotation names. What comes from another repository stands where that is referred to."""
    said = annotated(text.encode())
    path = said.get("path") or said.get("configuredIn")
    if not isinstance(path, str):
        return None
    place = traced.layout.repository_path(posixpath.normpath(posixpath.join(traced.layout.folder, path)))
    if place is None:
        return None
    where, file = place
    if where is not None:
        route = traced.walk.routes[where]
        line = route.line[0]
        return Origin(path=shown_path(route.file), line=line, locate=Nowhere(line=line))
    if (data := content(traced.tree, (None, file))) is None:
        return None
    if made_by(said) == INFLATES and (None, file) in traced.walk.builds:
        return inflated(body, file, data)
    choices = generators(data) if (None, file) in traced.walk.builds else candidates(data)
    chosen = best(body, ((file, each) for each in choices))
    return chosen or by_position(body, file, choices)


def inflated(body: Mapping[str, Any], file: str, data: bytes) -> Origin:
    """The chart's entry in a kustomization: the one whose release the object's name has in it, or the first."""
    build = read(data)
    entries = list(items(build.value, "helmCharts"))
    names = [(at, field(each, "releaseName")[1]) for at, each in entries]
    name = identity(body)[0]
    fitting = [(len(release), at) for at, release in names if isinstance(release, str) and release in name]
    at = max(fitting, key=lambda each: each[0])[1] if fitting else None
    line = build.line(at or (entries[0][0] if entries else ()))[0]
    return Origin(path=shown_path(file), line=line, locate=Nowhere(line=line))


def by_position(body: Mapping[str, Any], file: str, choices: tuple[Candidate, ...]) -> Origin:
    """The only object of that kind in the file, or else its first: names can be changed beyond recognition."""
    same = [each for each in choices if each.kind == body.get("kind")] or list(choices)
    if not same:
        return Origin(path=shown_path(file), line=1)
    locate: Locate | None = same[0].locate if len(same) == 1 else None
    return Origin(path=shown_path(file), line=same[0].line, locate=locate)


def everywhere(traced: Traced) -> Iterator[tuple[str, Candidate]]:
    """Every object that the files of this repository hold or make."""
    for where, path in traced.walk.objects:
        if where is None and (data := content(traced.tree, (None, path))) is not None:
            yield from ((path, each) for each in candidates(data))
    for where, path in traced.walk.builds:
        if where is None and (data := content(traced.tree, (None, path))) is not None:
            yield from ((path, each) for each in generators(data))


def content(tree: Tree, key: Key) -> bytes | None:
    """A file of the repository, if it was loaded."""
    entry = tree.entries.get(key[1])
    return tree.blobs.get(entry.blob) if entry else None
