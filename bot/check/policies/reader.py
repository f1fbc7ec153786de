"""Reads a policy's fields one by one, so that whatever is not known or not of its type is refused by name and place."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model.noun import noun
from bot.model.resource import Locate

__all__ = ["Place", "Reader", "Refused"]


@noun
class Place:
    """Where something stands: a file ("" and 0: in no file) with line and column, both from 1."""

    path: str
    line: int = 0
    column: int = 0


class Refused(Exception):
    """A document that cannot be used, with the place of the field that keeps it from being."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message, self.place = message, place


class Reader:
    """A mapping of a document. Every method raises Refused for what is not as it must be."""

    def __init__(self, value: Any, file: str, locate: Locate, at: tuple[str | int, ...] = ()) -> None:
        self.file, self.locate, self.at = file, locate, at
        if not isinstance(value, Mapping):
            raise self.refused("", "is not a mapping")
        self.value: Mapping[str, Any] = value

    def place(self, *keys: str | int) -> Place:
        """Where a field stands; the nearest one above it where it is missing."""
        line, column = self.locate((*self.at, *keys))
        return Place(path=self.file, line=line, column=column)

    def refused(self, key: str, wrong: str) -> Refused:
        """The refusal of a field."""
        steps = [*self.at, key] if key else [*self.at]
        name = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in steps).lstrip(".")
        shown = "".join(sign if sign.isprintable() else "?" for sign in name)[:200]
        return Refused(f"{shown or 'the document'} {wrong}", self.place(*([key] if key else [])))

    def only(self, *keys: str) -> None:
        """Nothing but these fields."""
        for key in self.value:
            if key not in keys:
                raise self.refused(key, "is not a field that is supported")

    def text(self, key: str, otherwise: str | None = None) -> str:
        """A text; `otherwise` where there is none, None: there must be one."""
        found = self.value.get(key)
        if found is None and otherwise is not None:
            return otherwise
        if not isinstance(found, str) or (otherwise is None and not found):
            raise self.refused(key, "is missing" if found in (None, "") else "is not a text")
        return found

    def choice(self, key: str, choices: tuple[str, ...], otherwise: str | None = None) -> str:
        """One of these words."""
        found = self.text(key, otherwise)
        if found not in choices:
            raise self.refused(key, f"is none of {', '.join(choices)}")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        found = self.value.get(key) or []
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self.refused(key, "is not a list of texts")
        return tuple(found)

    def choices(self, key: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        """A list of some of these words, one at least."""
        found = self.texts(key)
        if not found:
            raise self.refused(key, "is missing")
        if wrong := [each for each in found if each not in choices]:
            shown = "".join(sign if sign.isprintable() else "?" for sign in wrong[0])[:60]
            raise self.refused(key, f"holds {shown}, which is none of {', '.join(choices)}")
        return found

    def part(self, key: str) -> "Reader | None":
        """A mapping within this one; None where there is none."""
        found = self.value.get(key)
        return None if found is None else Reader(found, self.file, self.locate, (*self.at, key))

    def needed(self, key: str) -> "Reader":
        """A mapping within this one that must be there."""
        part = self.part(key)
        if part is None:
            raise self.refused(key, "is missing")
        return part

    def parts(self, key: str) -> Iterator["Reader"]:
        """The mappings of a list."""
        found = self.value.get(key) or []
        if not isinstance(found, list):
            raise self.refused(key, "is not a list")
        for index, each in enumerate(found):
            yield Reader(each, self.file, self.locate, (*self.at, key, index))
