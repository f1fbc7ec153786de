"""Documents → resources: lists are taken apart, and what no environment can hold is told with its place.

Every renderer ends here, whatever wrote the documents, so that all of them keep the same rules.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model.noun import noun
from bot.model.plan import Finding
from bot.model.resource import Locate, Origin, Resource, ResourceId
from bot.render.identity import Flaw, anonymous, identify

__all__ = ["annotations_of", "problem", "resources_of", "shown", "shown_path"]

LONGEST_PATH = 4096  # what Linux allows
SERVERS_OWN = frozenset({"uid", "resourceVersion", "generation", "managedFields"})

Path = tuple[str | int, ...]


@noun
class Part:
    """A value within a file, with the way to it from its document's root."""

    value: Any
    path: str
    line: int
    locate: Locate
    at: Path = ()

    def __call__(self, path: Path) -> tuple[int, int]:
        """The place of something within this part: it is the part's own `Locate`."""
        return self.locate((*self.at, *path))

    def child(self, value: Any, *keys: str | int) -> "Part":
        """A value within this one."""
        at = (*self.at, *keys)
        return Part(value=value, path=self.path, line=self.locate(at)[0], locate=self.locate, at=at)


def resources_of(path: str, value: Any, line: int, locate: Locate) -> list[Resource | Finding]:
    """The resources of one document, in its order, and a finding for each that cannot be one.

    `path` is the file, `line` the document's first line, `locate` finds places in it.
    """
    return taken_apart(Part(value=value, path=shown_path(path), line=line, locate=locate))


def taken_apart(part: Part, kind: Mapping[str, Any] | None = None) -> list[Resource | Finding]:
    """The resources of a part: of each item where it is a list, else the one that it is.

    `kind` is what the items of a typed list (`ConfigMapList`) are, where they do not say so, as kubectl has it.
    """
    value = part.value
    if isinstance(value, list):
        return [each for index, item in enumerate(value) for each in taken_apart(part.child(item, index))]
    if not isinstance(value, dict):  # asking for a Mapping takes ten times as long
        wrong = "is no Kubernetes object: a document must be a mapping with apiVersion and kind"
        return [flawed(part, Flaw(at=(), wrong=wrong, fix="make it an object, or move the file out of the source"))]
    if kind and not value.get("apiVersion") and not value.get("kind"):
        part = part.child({**value, **kind})
    if flaws := anonymous(part.value):
        return [flawed(part, each) for each in flaws]
    if part.value["kind"].endswith("List") and "items" in part.value:
        return items(part)
    return resource(part)


def items(part: Part) -> list[Resource | Finding]:
    """The resources of a list kind. Its own metadata belongs to a listing and is left out."""
    listed, kind = part.value["items"], part.value["kind"].removesuffix("List")
    given = {"apiVersion": part.value["apiVersion"], "kind": kind} if kind else None
    if not isinstance(listed, list | None):
        flaw = Flaw(at=("items",), wrong="has items that are not a list", fix="begin each item with a dash")
        return [flawed(part, flaw)]
    parts = (part.child(item, "items", index) for index, item in enumerate(listed or ()))
    return [each for part in parts for each in taken_apart(part, given)]


def resource(part: Part) -> list[Resource | Finding]:
    """The resource that a part is, or all that keeps it from being one."""
    id = identify(part.value)
    if isinstance(id, Flaw):
        return [flawed(part, id)]
    if flaws := unfit(id, part.value):
        return [flawed(part, each, id) for each in flaws]
    return [Resource(id=id, body=part.value, origin=Origin(path=part.path, line=part.line, locate=part))]


def unfit(id: ResourceId, value: Mapping[str, Any]) -> list[Flaw]:
    """What must not stand in git: fields that the API server writes, Secrets with nulls."""
    found = [] if SERVERS_OWN.isdisjoint(value["metadata"]) else list(servers_own(value["metadata"]))
    return [*found, *empty(value)] if id.type == "Secret" else found


def servers_own(metadata: Mapping[str, Any]) -> Iterator[Flaw]:
    """The fields of an object's metadata that the API server writes."""
    for name in metadata:
        if name in SERVERS_OWN and metadata[name] not in (None, ""):
            wrong = f"has metadata.{name}, which belongs to the API server"
            yield Flaw(at=("metadata", name), wrong=wrong, fix="remove it: it was exported from a cluster")


def empty(secret: Mapping[str, Any]) -> Iterator[Flaw]:
    """The keys of a Secret that have no value."""
    for field in ("data", "stringData"):
        values = secret.get(field)
        for key, each in values.items() if isinstance(values, Mapping) else ():
            if each is None:
                wrong = f"has no value at {field}.{shown(str(key))}"
                yield Flaw(at=(field, key), wrong=wrong, fix='write "" for an empty value, or remove the key')


def flawed(part: Part, flaw: Flaw, id: ResourceId | None = None) -> Finding:
    """A flaw as a finding at its place."""
    line, column = part(flaw.at)
    return problem(f"{id or named(part.value)} {flaw.wrong}", flaw.fix, path=part.path, place=(line, column), id=id)


def named(value: Any) -> str:
    """What to call something whose identity is not sound: by its kind and name as far as they are words."""
    if not isinstance(value, Mapping):
        return "the document"
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    words = [shown(each) for each in (value.get("kind"), name) if isinstance(each, str) and each]
    return " ".join(words) or "the document"


def annotations_of(value: Any) -> Mapping[str, Any]:
    """An object's annotations; none where it has none, or is no object."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    found = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def problem(
    message: str, fix: str, *, path: str = "", place: tuple[int, int] = (0, 0), id: ResourceId | None = None
) -> Finding:
    """An error of a renderer."""
    line, column = place
    return Finding(
        check="render", level="error", message=message, fix=fix, path=path, line=line, column=column, resource=id
    )


def shown(text: str, longest: int = 200) -> str:
    """Text that a stranger chose, on one line: whatever does not print is escaped, and what is long is cut."""
    if len(text) <= longest and text.isprintable():
        return text
    safe = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text[:longest])
    return safe + ("…" if len(text) > longest else "")


def shown_path(path: str) -> str:
    """A file's path on one line; a path is never cut, since it is where people look."""
    return shown(path, LONGEST_PATH)
