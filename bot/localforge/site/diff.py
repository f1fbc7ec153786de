"""A patch as numbered lines for a page, with the annotations of checks at their lines. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.localforge.git.values import Change

__all__ = ["FileView", "Line", "file_views"]

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
LINES_SHOWN = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a diff: `kind` add, gone, same or hunk; its number before and after; annotations shown below it."""

    kind: str
    old: int | None
    new: int | None
    text: str
    notes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A changed file; `more` counts lines that are not shown, `notes` are annotations at lines outside the diff."""

    change: Change
    lines: tuple[Line, ...]
    more: int
    notes: tuple[Mapping[str, Any], ...] = field(default=())


def file_views(changes: Sequence[Change], annotations: Sequence[Mapping[str, Any]]) -> list[FileView]:
    """The changed files with their annotations."""
    return [_view(change, [each for each in annotations if each.get("path") == change.path]) for change in changes]


def _view(change: Change, annotations: Sequence[Mapping[str, Any]]) -> FileView:
    old = new = 0
    lines: list[Line] = []
    for text in (change.patch or "").split("\n") if change.patch else []:
        if found := HUNK.match(text):
            old, new = int(found[1]), int(found[2])
            lines.append(Line(kind="hunk", old=None, new=None, text=text))
        elif text.startswith("-"):
            lines.append(Line(kind="gone", old=old, new=None, text=text[1:]))
            old += 1
        elif text.startswith("+"):
            lines.append(Line(kind="add", old=None, new=new, text=text[1:], notes=_at(annotations, new)))
            new += 1
        elif text.startswith("\\"):
            lines.append(Line(kind="hunk", old=None, new=None, text=text))
        else:
            lines.append(Line(kind="same", old=old, new=new, text=text[1:], notes=_at(annotations, new)))
            old, new = old + 1, new + 1
    shown = tuple(lines[:LINES_SHOWN])
    placed = [note for line in shown for note in line.notes]
    rest = tuple(each for each in annotations if each not in placed)
    return FileView(change=change, lines=shown, more=len(lines) - len(shown), notes=rest)


def _at(annotations: Sequence[Mapping[str, Any]], line: int) -> tuple[Mapping[str, Any], ...]:
    return tuple(each for each in annotations if each.get("end_line") == line)
