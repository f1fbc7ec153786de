"""What a report says, in order, before it is written for any medium."""

import re
from collections.abc import Sequence
from typing import Literal

from bot.model.noun import noun

__all__ = [
    "BREAK",
    "Block",
    "Fold",
    "Line",
    "Outline",
    "Piece",
    "Table",
    "code",
    "join",
    "line",
    "link",
    "listing",
    "strong",
]

MOST_LISTED = 20


@noun
class Piece:
    """A run of text in one style. Whatever writes it for a medium makes it inert there; the text itself is raw."""

    text: str
    style: Literal["plain", "code", "strong", "link", "break"] = "plain"
    url: str = ""


Line = tuple[Piece, ...]
BREAK = Piece(text="", style="break")


@noun
class Table:
    """A header and rows of equal width."""

    header: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@noun
class Block:
    """One object of a plan: its title and the lines of its diff, each with its mark. `length` counts lines left out."""

    title: Line
    diff: tuple[str, ...] = ()
    length: int = 0


@noun
class Fold:
    """A section that is folded away until somebody opens it: blocks, or plain lines."""

    title: Line
    blocks: tuple[Block, ...] = ()
    lines: tuple[Line, ...] = ()


@noun
class Outline:
    """A whole report.

    `urgent` are the numbered things to read first, most dangerous first; `steps` what to do, in order; `states` what
    the approvals are for; `preview` and `preview_folds` what takes effect after the merge; `answers` the newest first.
    `plan_url` leads to everything that did not fit ("" where there is no such page).
    """

    headline: Line
    under: Line = ()
    paragraphs: tuple[Line, ...] = ()
    table: Table | None = None
    urgent: tuple[Line, ...] = ()
    folds: tuple[Fold, ...] = ()
    steps: tuple[Line, ...] = ()
    states: tuple[Line, ...] = ()
    preview: Table | None = None
    preview_folds: tuple[Fold, ...] = ()
    answers: tuple[Line, ...] = ()
    links: tuple[Line, ...] = ()
    plan_url: str = ""

    @property
    def objects(self) -> int:
        """How many objects there are to show."""
        return sum(len(fold.blocks) for fold in (*self.folds, *self.preview_folds))


def code(text: str) -> Piece:
    """A name, a command or a hash."""
    return Piece(text=text, style="code")


def strong(text: str) -> Piece:
    """Something not to be overlooked."""
    return Piece(text=text, style="strong")


def link(text: str, url: str) -> Piece:
    """A link with its words."""
    return Piece(text=text, style="link", url=url)


def line(*parts: str | Piece | Line) -> Line:
    """A line of words and pieces. In words, what stands between back ticks is code and a line feed breaks the line."""
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            pieces += worded(part)
        elif isinstance(part, Piece):
            pieces.append(part)
        else:
            pieces += part
    return tuple(pieces)


def worded(text: str) -> list[Piece]:
    """Words, code and breaks of a text."""
    pieces = []
    for match in re.finditer(r"`([^`\n]+)`|(\n+)|([^`\n]+|`)", text):
        if match[1]:
            pieces.append(code(match[1]))
        elif match[2]:
            pieces.append(BREAK)
        else:
            pieces.append(Piece(text=match[3]))
    return pieces


def join(lines: list[Line], separator: str = " · ") -> Line:
    """The lines as one, separated; empty ones are left out."""
    joined: list[Piece] = []
    for each in lines:
        if each:
            joined += [*([Piece(text=separator)] if joined else []), *each]
    return tuple(joined)


def listing(lines: Sequence[Line]) -> Line:
    """The lines in a row; of hundreds, which nobody reads to the end, the first and how many more there are."""
    more = [line(f"and {len(lines) - MOST_LISTED} more")] if len(lines) > MOST_LISTED else []
    return join([*lines[:MOST_LISTED], *more], ", ")
