"""TOML 1.0: values by the standard library, and the lines of keys and tables by a small reader of its own."""

import math
import re
import tomllib
from collections.abc import Iterator
from datetime import date, time
from typing import Any

from bot.document.text import decode
from bot.document.value import Document, Limits
from bot.errors import DocumentError

__all__ = ["load_toml"]

LARGEST = 1 << 20  # bytes; the library's time grows faster than the file
KEY = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[A-Za-z0-9_-]+)\s*")
TABLE = re.compile(r"\s*(\[\[?)")
LONG = re.compile(r'"""|\'\'\'')
PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")

Path = tuple[str | int, ...]


def load_toml(data: bytes, limits: Limits | None = None) -> tuple[Document, ...]:
    """The one document of a TOML file. Dates and times become text as RFC 3339 has it.

    Places are those of tables and of keys that begin a line; what stands within a value is found at its key.
    DocumentError: not TOML, beyond a limit, or a number that JSON does not have.
    """
    limits = limits or Limits()
    text = decode(data, min(limits.size, LARGEST))
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = PLACE.search(str(error))
        line, column = (int(match[1]), int(match[2])) if match else (1, 1)
        raise DocumentError("not valid TOML", line, column) from None
    except RecursionError:
        raise DocumentError(f"nested more than {limits.depth} deep") from None
    counted = Counted(limits)
    return (Document(value=counted.plain(value, 1), locate=TomlPlaces(text)),)


class Counted:
    """Makes plain values, and counts them."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.count = limits, 0

    def plain(self, value: Any, depth: int) -> Any:
        """The value with types of JSON only."""
        self.count += 1
        if depth > self.limits.depth:
            raise DocumentError(f"nested more than {self.limits.depth} deep")
        if self.count > self.limits.nodes:
            raise DocumentError(f"more than {self.limits.nodes:,} keys and values")
        match value:
            case dict():
                return {key: self.plain(each, depth + 1) for key, each in value.items()}
            case list():
                return [self.plain(each, depth + 1) for each in value]
            case date() | time():
                return value.isoformat()
            case float() if not math.isfinite(value):
                raise DocumentError("infinity and NaN cannot be compared with a schema")
            case int() if not -(2**63) <= value < 2**63:
                raise DocumentError("an integer does not fit in 64 bits")
        return value


class TomlPlaces:
    """`bot.model.resource.Locate` for a TOML document; lines are looked for when somebody asks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[Path, tuple[int, int]] | None = None

    def __call__(self, path: Path) -> tuple[int, int]:
        """(line, column) of a key or table, or of the nearest parent that has a line."""
        if self._known is None:
            self._known = {}
            for each, place in places(self._text):
                self._known.setdefault(each, place)
        found = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in self._known), ())
        return self._known.get(found, (1, 1))


def places(text: str) -> Iterator[tuple[Path, tuple[int, int]]]:
    """The path and place of every table, and of every key that begins a line. The text is sound TOML."""
    table: Path = ()
    counts: dict[Path, int] = {}
    inside = ""
    depth = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if inside or depth > 0:
            inside, depth = rest(line, inside, depth)
            continue
        header = TABLE.match(line)
        names, end = dotted(line, header.end() if header else 0)
        if not names:
            continue
        column = len(line) - len(line.lstrip()) + 1
        if header:
            table = numbered(names, counts, repeated=header[1] == "[[")
            yield table, (number, column)
            if header[1] == "[[":
                yield table[:-1], (number, column)
            continue
        for length in range(1, len(names) + 1):
            yield (*table, *names[:length]), (number, column)
        inside, depth = rest(line[end:], "", 0)


def numbered(names: Path, counts: dict[Path, int], *, repeated: bool) -> Path:
    """A header's path, with the index of each array of tables that it goes through."""
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        last = position == len(names) - 1
        if last and repeated:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def dotted(line: str, at: int) -> tuple[Path, int]:
    """The parts of a key from `at` on, and where it ends."""
    names: list[str] = []
    while match := KEY.match(line, at):
        word = match[1]
        quoted = word[0] in "\"'"
        names.append(str(tomllib.loads(f"k={word}")["k"]) if quoted else word)
        at = match.end()
        if line[at : at + 1] != ".":
            break
        at += 1
    return tuple(names), at


def rest(line: str, inside: str, depth: int) -> tuple[str, int]:
    """What is still open behind a line: the quotes of a text of several lines, and how many brackets."""
    at = 0
    while at < len(line):
        if inside:
            end = line.find(inside, at)
            if end < 0:
                return inside, depth
            if inside[0] == '"' and escaped(line, end):
                at = end + 1
                continue
            at, inside = end + 3, ""
            continue
        if LONG.match(line, at):
            inside, at = line[at : at + 3], at + 3
            continue
        sign = line[at]
        if sign == "#":
            break
        if sign in "\"'":
            match = KEY.match(line, at)
            at = match.end() if match else at + 1
            continue
        depth += (sign in "[{") - (sign in "]}")
        at += 1
    return inside, depth


def escaped(line: str, at: int) -> bool:
    """Whether an odd number of back slashes stands before a place."""
    before = line[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
