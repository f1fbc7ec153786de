"""The texts of a rendered object: to be scanned, with the way back to each, and those that are meant to be in git."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import re2

from bot.check.sops import cipher, encrypted
from bot.diff import lines_of
from bot.model.noun import noun
from bot.model.resource import Resource

__all__ = ["Text", "literal", "sealed", "text_of"]

Place = tuple[str | int, ...]


@noun
class Text:
    """All texts of an object, each behind its key on lines of its own, as rules look at what stands before a value.

    `ends` are the offsets at which each of them ends.
    """

    resource: Resource
    data: bytes
    ends: tuple[int, ...]

    def place(self, offset: int) -> Place:
        """Where in the object the text at that offset is."""
        index = bisect_right(self.ends, offset)
        return leaves(self.resource.body, ())[index][0] if index < len(self.ends) else ()


def text_of(resource: Resource) -> Text:
    """The texts of an object; those of a Secret's `data` decoded."""
    if resource.id.kind == "Secret":
        lines = [
            encoded(f"{place[-1]}: ") + (unpacked(text) if place[0] == "data" else encoded(text)) + b"\n"
            for place, text in leaves(resource.body, ())
        ]
    else:
        lines = lines_of(resource.body)
    return Text(resource=resource, data=b"".join(lines), ends=tuple(accumulate(map(len, lines))))


KEY = r"[\w.\"'/][\w.\"'/-]*"
ODD = "[^\n{0}]*(?:{0}[^\n{0}]*{0}[^\n{0}]*)*{0}[^\n{0}]*$"
ELSEWHERE = (
    # escapes, blocks, tags, marked keys, other ends of lines, doubled quotes, anchors and aliases
    r"[\\|>!?\r\v\f]|''|[*&][0-9A-Za-z_-]",
    # a line that begins neither an item nor a comment, and has no key either
    rf"^[ \t]*(?:[^-#\s\w.\"'/]|{KEY}(?:[^-:\s\w.\"'/]|[ \t]+[^: \t\n]|[ \t]*(?:$|:[^\s])))",
    r"^[ \t]+-[^\s]",
    # quotes that do not end on the line where they began
    "^" + ODD.format('"'),
    "^" + ODD.format("'"),
)
"""What tells that a text may stand in a file in another way than behind its key, as it is, on one line."""

SEARCH = re2.compile(f"(?m){'|'.join(ELSEWHERE)}".encode()).search


def literal(data: bytes) -> bool:
    """Whether every text of the objects in a file surely stands there as it is, on one line, behind its key."""
    return SEARCH(data) is None


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
