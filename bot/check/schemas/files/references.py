"""What JSON Schemas of the repository refer to: other files of it, never anything else; and whether they ever end."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from bot.diff import key_of

__all__ = ["ROOT", "endless", "file_of", "named", "references", "uri_of"]

ROOT = "repository:///"
"""What the URI of every file begins with."""

SAME = ("allOf", "anyOf", "oneOf")
SAME_ONE = ("not", "if", "then", "else")


def uri_of(path: str) -> str:
    """The URI of a file of the repository."""
    return ROOT + path


def file_of(path: str, reference: str) -> str | None:
    """The file that a reference within the file at `path` leads to; None: it is no relative path."""
    target = urldefrag(reference).url
    if urlsplit(target).scheme or target.startswith("/"):
        return None
    if not target:
        return path
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target)))
    return None if found.startswith("..") else found


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` and `$dynamicRef` that is text, wherever it stands: a few too many do no harm."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield from (each[key] for key in ("$ref", "$dynamicRef") if isinstance(each.get(key), str))
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def endless(documents: Mapping[str, Any]) -> bool:
    """Whether a schema refers to itself for the same value, so that it never says anything.

    `documents` are the schemas by path. A validator would take such a schema for one that everything satisfies.
    """
    done: set[int] = set()
    for path, document in documents.items():
        if any(id(each) not in done and loops(path, each, documents, done) for each in nodes(document)):
            return True
    return False


def nodes(document: Any) -> Iterator[Any]:
    """Every mapping of a document."""
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def loops(path: str, start: Any, documents: Mapping[str, Any], done: set[int]) -> bool:
    """Whether the way from a schema to what it says of the same value comes back to a schema on that way."""
    trail: set[int] = set()
    waiting: list[tuple[str, Any, bool]] = [(path, start, True)]
    while waiting:
        where, node, entering = waiting.pop()
        if not entering:
            trail.discard(id(node))
            done.add(id(node))
            continue
        if id(node) in trail:
            return True
        if id(node) in done or not isinstance(node, Mapping):
            continue
        trail.add(id(node))
        waiting.append((where, node, False))
        waiting.extend((to, each, True) for to, each in steps(where, node, documents))
    return False


def steps(path: str, node: Mapping[str, Any], documents: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(file, schema) of everything that a schema says of the same value."""
    for key in SAME:
        listed = node.get(key)
        yield from ((path, each) for each in (listed if isinstance(listed, list) else ()))
    yield from ((path, node[key]) for key in SAME_ONE if key in node)
    reference = node.get("$ref")
    if isinstance(reference, str):
        target = file_of(path, reference)
        if target and target in documents:
            yield target, pointed(documents[target], urldefrag(reference).fragment)


def pointed(document: Any, fragment: str) -> Any:
    """What a JSON pointer leads to (RFC 6901); None where there is nothing, or it is no pointer."""
    found = document
    for part in unquote(fragment).split("/")[1:]:
        key = key_of(part)
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def named(path: str, document: Any) -> str:
    """What a schema calls itself, or its file's URI."""
    name = document.get("$id") if isinstance(document, Mapping) else None
    return urljoin(uri_of(path), name) if isinstance(name, str) else uri_of(path)
