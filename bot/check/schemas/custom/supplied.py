"""The operator's own CustomResourceDefinitions: a folder on this machine, read once when the server starts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.check.schemas.custom.definitions import CRD, definition
from bot.document import load_documents, load_json
from bot.errors import DocumentError, SettingsError
from bot.model.resource import Resource, ResourceId

__all__ = ["load_crds"]

MANIFESTS = frozenset({".yaml", ".yml", ".json"})


def load_crds(folder: Path) -> tuple[Resource, ...]:
    """The definitions in every manifest at or below `folder`, in order of path; objects of other kinds are left out.

    SettingsError: a file cannot be read, a definition is none that can be used, or there is none at all.
    """
    found: list[Resource] = []
    problems: list[str] = []
    try:
        files = sorted(each for each in folder.rglob("*") if each.suffix in MANIFESTS and each.is_file())
    except OSError as error:
        raise SettingsError([f"{folder}: cannot be read: {error.strerror}"]) from None
    for file in files:
        try:
            found += definitions_in(file)
        except (OSError, DocumentError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(f"{file}: {why}; correct or remove it, or leave kubernetes.crds out")
    if problems:
        raise SettingsError(problems)
    if not found:
        raise SettingsError([f"{folder}: holds no CustomResourceDefinition; correct kubernetes.crds, or leave it out"])
    return tuple(found)


def definitions_in(file: Path) -> Iterator[Resource]:
    """The definitions of one file. DocumentError, OSError, ValueError: it cannot be used."""
    load = load_json if file.suffix == ".json" else load_documents
    for document in load(file.read_bytes()):
        for body in objects(document.value):
            if body.get("kind") == "CustomResourceDefinition":
                yield usable(body)


def usable(body: dict[str, Any]) -> Resource:
    """One definition. ValueError: it has no name, or says too little to define a kind."""
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        raise ValueError("a CustomResourceDefinition has no name")
    resource = Resource(id=ResourceId(type=CRD, name=name), body=body)
    if definition(resource, ours=False) is None:
        raise ValueError(f"CustomResourceDefinition {name} is not of apiextensions.k8s.io/v1, or is incomplete")
    return resource


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a document: itself, or the items of a list."""
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from objects(item)
    elif isinstance(value, dict):
        yield value
