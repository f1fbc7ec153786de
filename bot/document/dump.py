"""Values → YAML, which reads back as the same value in kubectl and in other readers.

Collections are in block style, and text is quoted wherever some reader of YAML 1.1 or 1.2 would make
something else of it. Text of several lines is a literal block where that keeps every character.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.document.scalar import LARGEST_INTEGER, SMALLEST_INTEGER, plain

__all__ = ["dump", "dump_in_order"]

SAFE = re.compile(r"[A-Za-z0-9_/](?:[\w./@+=(),;*<>$%&!?~^-]|:(?=[\w./@+-])| (?=[\w./@+=(),;*<>$%!?~^]))*")
"""Text that may stand without quotes as far as its characters go, in whatever place."""

OTHER_READERS = re.compile(r"[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*", re.DOTALL)
"""Base 60 and dates, which kubectl reads as text and YAML 1.1 does not."""

NOT_LITERAL = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What a literal block would lose or fold: carriage returns, line ends of YAML 1.1, non-printable characters."""

ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
LONGEST_SIMPLE_KEY = 1000
"""YAML allows 1024 characters for a key on one line (YAML 1.2.2, section 7.4.2)."""


def dump(value: Any) -> str:
    """`value` (dict with text keys, list, str, int, float, bool, None) as one document, ending with a line break.

    It is canonical: keys are sorted, and so there is one text for each value.

    TypeError: a value of another type. ValueError: NaN, infinity, an integer beyond 64 bits, or half a surrogate pair.
    """
    return dump_in_order(_sorted(value))


def dump_in_order(value: Any) -> str:
    """The same with keys in the order in which they are given: for files that people go on writing."""
    return "\n".join(_block(value, 0)) + "\n"


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list | tuple) else value


def _block(value: Any, indent: int) -> Iterator[str]:
    """The lines of a value that begins on a line of its own."""
    margin = " " * indent
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _entry(margin, key, each, indent)
    elif isinstance(value, list | tuple) and value:
        for item in value:
            yield from _item(margin, item, indent)
    else:
        yield margin + _inline(value, indent)


def _entry(margin: str, key: Any, value: Any, indent: int) -> Iterator[str]:
    if not isinstance(key, str):
        raise TypeError(f"a key is {type(key).__name__}, not text")
    name = _text(key)
    if len(name) > LONGEST_SIMPLE_KEY:
        yield f"{margin}? {name}"
        name = ""
    if not _nested(value):
        yield f"{margin}{name}: {_inline(value, indent + 2)}"
        return
    yield f"{margin}{name}:"
    yield from _block(value, indent if isinstance(value, list | tuple) and name else indent + 2)


def _item(margin: str, item: Any, indent: int) -> Iterator[str]:
    if not _nested(item):
        yield f"{margin}- {_inline(item, indent + 2)}"
        return
    first, *rest = _block(item, indent + 2)
    yield f"{margin}- {first[indent + 2 :]}"
    yield from rest


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _inline(value: Any, indent: int) -> str:
    """A value that follows its key or dash; only a literal block has more than one line, indented by `indent`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
                raise ValueError("an integer does not fit in 64 bits")
            return str(value)
        case float():
            if not math.isfinite(value):
                raise ValueError("infinity and NaN cannot be written")
            return repr(value)
        case str():
            return _literal(value, indent) if "\n" in value and indent and _literal_safe(value) else _text(value)
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
        case _:
            raise TypeError(f"a value is {type(value).__name__}, which YAML has no form for")


def _text(text: str) -> str:
    if SAFE.fullmatch(text) and not OTHER_READERS.fullmatch(text) and isinstance(_read(text), str):
        return text
    text.encode()
    return ESCAPED.sub(_escape, json.dumps(text, ensure_ascii=False))


def _read(text: str) -> Any:
    """What `text` would be read as without quotes; None too where it would be refused."""
    try:
        return plain(text)
    except ValueError:
        return None


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _literal_safe(text: str) -> bool:
    return bool(text.strip("\n ")) and NOT_LITERAL.search(text) is None


def _literal(text: str, indent: int) -> str:
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    chomping = ("-", "", "+")[min(trailing, 2)]
    explicit = "2" if body[0] in " \t\n" else ""
    margin = " " * indent
    lines = [margin + line if line else "" for line in body.split("\n")]
    return "\n".join([f"|{explicit}{chomping}", *lines, *[""] * max(trailing - 1, 0)])
