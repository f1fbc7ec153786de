"""Where a rendered object comes from: the file, the document in it, and the places of its fields."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from bot.document import load_documents
from bot.errors import DocumentError
from bot.model.noun import noun
from bot.model.resource import Locate, Origin
from bot.render.bounded import remembered
from bot.render.kustomize.kustomization import field, items, read
from bot.render.manifests import shown_path

__all__ = ["Candidate", "annotated", "best", "candidates", "generators", "identity"]

REMEMBERED = 32 * 1024 * 1024
GENERATORS = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}


@noun
class Candidate:
    """A document, or an item of a list, that an object may come from; a generator's entry is one too."""

    kind: str
    group: str
    name: str
    scope: str
    line: int
    locate: Locate

    def likeness(self, body: Mapping[str, Any]) -> tuple[int, int, int, int]:
        """How well an object fits; the largest is the best, and all zero in front is no fit at all.

        Its name may have got a prefix, a suffix or a hash, and its namespace may be another one by now.
        """
        kind, name, scope = body.get("kind"), *identity(body)
        group = str(body.get("apiVersion", "")).rpartition("/")[0]
        within = bool(self.name) and self.name in name
        return (
            2 * (kind == self.kind) + (group == self.group) if kind == self.kind and within else 0,
            int(name == self.name),
            len(self.name) if within else 0,
            int(scope == self.scope),
        )


@noun
class Within:
    """`Locate` for an item of a document."""

    locate: Locate
    at: tuple[str | int, ...]

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """The place of something within the item."""
        return self.locate((*self.at, *path))


@noun
class Generated:
    """`Locate` for what a generator makes: a key's place is the entry of `files` or `literals` that gives it."""

    locate: Locate
    at: tuple[str | int, ...]
    keys: Mapping[str, tuple[str | int, ...]]

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """The place of something within the generated object."""
        known = len(path) > 1 and path[0] in ("data", "stringData", "binaryData") and str(path[1]) in self.keys
        return self.locate((*self.at, *self.keys[str(path[1])]) if known else self.at)


@remembered(REMEMBERED)
def candidates(data: bytes) -> tuple[Candidate, ...]:
    """The objects of a manifest; none where it cannot be read."""
    try:
        documents = load_documents(data)
    except DocumentError:
        return ()
    return tuple(found for each in documents for found in taken_apart(each.value, each.locate, ()))


def taken_apart(value: Any, locate: Locate, at: tuple[str | int, ...]) -> Iterator[Candidate]:
    """A document, or the items of a list."""
    if not isinstance(value, Mapping):
        return
    if str(value.get("kind")).endswith("List") and isinstance(value.get("items"), list):
        for index, each in enumerate(value["items"]):
            yield from taken_apart(each, locate, (*at, "items", index))
        return
    name, scope = identity(value)
    group = str(value.get("apiVersion", "")).rpartition("/")[0]
    place: Locate = Within(locate=locate, at=at)
    yield Candidate(kind=str(value.get("kind")), group=group, name=name, scope=scope, line=locate(at)[0], locate=place)


@remembered(REMEMBERED)
def generators(data: bytes) -> tuple[Candidate, ...]:
    """What the generators and charts of a kustomization file make."""
    build = read(data)
    found = []
    for kind, name in GENERATORS.items():
        for at, each in items(build.value, name):
            title = field(each, "name")[1]
            if build.document and isinstance(title, str):
                locate = Generated(locate=build.document.locate, at=at, keys=keys_of(each))
                scope = field(each, "namespace")[1]
                found.append(
                    Candidate(kind=kind, group="", name=title, scope=scope if isinstance(scope, str) else "",
                              line=build.line(at)[0], locate=locate)
                )  # fmt: skip
    return tuple(found)


def keys_of(generator: Any) -> Mapping[str, tuple[str | int, ...]]:
    """The keys that a generator's literals and files give, each with the way to it in the generator's entry."""
    found = {}
    for name in ("files", "literals"):
        for way, text in items(generator, name):
            if isinstance(text, str):
                key, equals, _ = text.partition("=")
                found[key if equals else posixpath.basename(text)] = way
    return found


def identity(body: Mapping[str, Any]) -> tuple[str, str]:
    """The name and namespace of an object, as far as they are words."""
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping):
        return "", ""
    name, scope = metadata.get("name"), metadata.get("namespace")
    return name if isinstance(name, str) else "", scope if isinstance(scope, str) else ""


def best(body: Mapping[str, Any], choices: Iterator[tuple[str, Candidate]]) -> Origin | None:
    """The candidate that an object most likely comes from, as its origin; None where none fits."""
    chosen, mark = None, (0, 0, 0, 0)
    for path, each in choices:
        likeness = each.likeness(body)
        if likeness[0] and likeness > mark:
            chosen, mark = (path, each), likeness
    if chosen is None:
        return None
    path, found = chosen
    return Origin(path=shown_path(path), line=found.line, locate=found.locate)


@remembered(4 * 1024 * 1024)
def annotated(text: bytes) -> Mapping[str, Any]:
    """What an origin annotation says: `path`, or `configuredIn` and `configuredBy`; empty where it cannot be read."""
    try:
        documents = load_documents(text)
    except DocumentError:
        return {}
    return documents[0].value if documents and isinstance(documents[0].value, Mapping) else {}
