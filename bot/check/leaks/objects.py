"""The texts of a rendered object: to be scanned, with the way back to each, and those that are meant to be in git."""

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from bot.check.sops import cipher, encrypted
from bot.model.noun import noun
from bot.model.resource import Resource

__all__ = ["Text", "literal", "sealed", "text_of"]

Place = tuple[str | int, ...]


@noun
class Text:
    """All texts of an object, each behind its key on lines of its own, as rules look at what stands before a value.

    `starts` are the offsets at which the values begin, `places` where each is in the object.
    """

    data: bytes
    starts: tuple[int, ...]
    places: tuple[Place, ...]

    def place(self, offset: int) -> Place:
        """Where in the object the value at that offset is."""
        return self.places[max(0, bisect_right(self.starts, offset) - 1)] if self.places else ()


def text_of(resource: Resource) -> Text:
    """The texts of an object; those of a Secret's `data` decoded."""
    parts: list[bytes] = []
    starts, places, length = [], [], 0
    for place, text in leaves(resource.body, ()):
        decoded = resource.id.kind == "Secret" and place[:1] == ("data",)
        value = unpacked(text) if decoded else encoded(text)
        head = encoded(str(place[-1])) + b": "
        starts.append(length + len(head))
        places.append(place)
        parts += [head, value, b"\n"]
        length += len(head) + len(value) + 1
    return Text(data=b"".join(parts), starts=tuple(starts), places=tuple(places))


SIGNS = (b"\\", b"|", b">", b"*", b"&", b"!", b"?", b"''")
"""Of escapes, blocks, aliases, tags, marked keys, doubled quotes."""

BELOW = re.compile(rb":[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+(?![-#\s]|[\w.\"'/-]+[ \t]*:(?:\s|\Z))")
"""A value on a line below its key."""


def literal(data: bytes) -> bool:
    """Whether every text of the objects in a file surely stands there as it is, on one line, behind its key."""
    return not any(sign in data for sign in SIGNS) and BELOW.search(data) is None


def sealed(resource: Resource) -> Iterator[str]:
    """The texts of an object that may stand in git, since only who has the key can read them.

    They are what SOPS wrote where it left its metadata, and a SealedSecret's `encryptedData`.
    """
    if encrypted(resource):
        yield from (text for place, text in leaves(resource.body, ()) if place[0] == "sops" or cipher(text))
    if resource.id.type == "SealedSecret.bitnami.com":
        spec = resource.body.get("spec")
        held = spec.get("encryptedData") if isinstance(spec, Mapping) else None
        yield from (text for _, text in leaves(held, ()))


def leaves(value: Any, place: Place) -> list[tuple[Place, str]]:
    """Every text in a value, and where it is."""
    found: list[tuple[Place, str]] = []
    collect(value, place, found)
    return found


def collect(value: Any, place: Place, found: list[tuple[Place, str]]) -> None:
    """The same, into a list: nested generators cost more than all the rest."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            collect(each, (*place, key), found)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            collect(each, (*place, index), found)
    elif isinstance(value, str) and place:
        found.append((place, value))


def unpacked(text: str) -> bytes:
    """What base64 says; the text itself where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return encoded(text)


def encoded(text: str) -> bytes:
    """UTF-8, whatever the text is."""
    return text.encode("utf-8", "surrogatepass")
