"""Documents that every reader of YAML understands alike, read by ryaml (serde-yaml) in a fraction of the time.

serde-yaml keeps YAML 1.2's rules, kubectl its own (`bot.document.scalar`). A text is read here only where one search
over it shows that nothing in it may mean one thing to the one and another to the other; everything else, and
everything that is wrong, is left to the slower ways. Both scanners are libyaml's, so that they see the same words.
"""

import re
from typing import Any

import re2
import ryaml

from bot.document.value import Limits, Root, is_small

__all__ = ["simple"]

DEEPEST_COLUMN, MOST_BRACKETS, LEVELS = 20, 20, 64
"""At one column at most two block collections begin, and a flow collection has a bracket: 2 × 21 + 20 levels."""

BEGIN, END = r"(?:^|[\s,\[{]|[\"'\]}]:)", r"[ \t]*(?:$|[,\]}:]|[ \t]#)"
"""Around what stands without quotes."""

NO_TEXT = "true|True|TRUE|false|False|FALSE|null|Null|NULL|~|[-+]?[0-9][0-9a-fA-F.+-]*"
SPACE = r"(?:\s|#[^\n]*\n)*"
KEY_END = r"[ \t]*:(?:\s|$|[,\[\]{}])"

RISKY = (
    # truth to kubectl, text to YAML 1.2
    rf"{BEGIN}(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF){END}",
    # numbers of another base, with a sign, a point, an exponent, underscores, or more than 17 digits
    rf"{BEGIN}[-+]?0[0-9a-fA-FxXoObB]+{END}",
    rf"{BEGIN}(?:\+[0-9]|-0)[0-9]*{END}",
    rf"{BEGIN}[-+]?[0-9]*\.[0-9]*(?:[eE][-+]?[0-9]+)?{END}",
    rf"{BEGIN}[-+]?[0-9]+[eE][-+]?[0-9]+{END}",
    rf"{BEGIN}[-+.0-9][0-9a-zA-Z.+-]*_",
    rf"{BEGIN}-?[0-9]{{18}}",
    rf"{BEGIN}[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN){END}",
    # keys that are no text, the merge key, keys that are marked as such
    rf"{BEGIN}(?:{NO_TEXT}|<<)?{KEY_END}",
    rf"{BEGIN}\?",
    # tags, anchors, aliases; directives and ends of documents; signs that break lines only in YAML 1.1
    rf"{BEGIN}(?:!|[&*][0-9A-Za-z_-])",
    r"^(?:%|\.\.\.)",
    "[\r\u0085\u2028\u2029]",
    # in a flow mapping, a key without a value; in a list it is an item, which is not told apart
    rf"[,{{]{SPACE}(?:{NO_TEXT}){SPACE}[,}}]",
    # deep nesting
    rf"^[ -]{{{DEEPEST_COLUMN + 1}}}",
)
SEARCH = re2.compile(f"(?m){'|'.join(RISKY)}".encode()).search  # over bytes, which the library makes of a text anyway
OCTAL = re.compile(r"(?<=: )0[0-7]{1,20}(?=[ \t]*(?:$|[,\]}]|[ \t]#))", re.MULTILINE)
STAND_IN = "71717171717"  # the first digits of numbers that stand for octal ones
MARKER = re.compile(r"^---(?=[ \t\n]|\Z)", re.MULTILINE)
EMPTY = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?:#[^\n]*\Z)?")


def simple(text: str, limits: Limits) -> list[Root] | None:
    """(value, place) of every document that is not null, as `Builder.roots` has them; None: read it another way."""
    if not is_small(text, limits) or limits.depth < LEVELS:
        return None
    if text.count("[") + text.count("{") > MOST_BRACKETS:
        return None
    values = _with_modes(text) if _risky(text) else _values(text)
    if values is None:
        return None
    places = _places(text)
    if len(values) != len(places):
        return None
    return [(value, place) for value, place in zip(values, places, strict=True) if value is not None]


def _risky(text: str) -> bool:
    """Whether something in it may mean one thing to one reader and another to another."""
    return SEARCH(text.encode()) is not None


def _values(text: str) -> list[Any] | None:
    """The value of every document; None: something is wrong."""
    try:
        return ryaml.loads_all(text) or []
    except ValueError:
        return None


def _with_modes(text: str) -> list[Any] | None:
    """The same where all that is risky are octal numbers (`defaultMode: 0440`); None: there is more, or something else.

    Each is given to the library as a number that stands nowhere else, and put right where that comes back as one. What
    does not come back was no number but words, such as a line of a script.
    """
    if STAND_IN in text:
        return None
    meant: dict[int, int] = {}

    def stand_in(found: re.Match[str]) -> str:
        number = f"{STAND_IN}{len(meant):05}"
        meant[int(number)] = int(found[0], 8)
        return number

    decimal = OCTAL.sub(stand_in, text)
    values = None if _risky(decimal) else _values(decimal)
    values = _put_right(values, meant)
    return None if meant else values


def _put_right(value: Any, meant: dict[int, int]) -> Any:
    """The value with what the numbers in it stand for, each taken out of `meant`; lists and mappings are changed."""
    if isinstance(value, dict):
        value.update((key, _put_right(each, meant)) for key, each in value.items())
    elif isinstance(value, list):
        value[:] = [_put_right(each, meant) for each in value]
    elif type(value) is int and value in meant:
        return meant.pop(value)
    return value


def _places(text: str) -> list[tuple[int, int]]:
    """Where the first thing of each document stands, (line, column) from 1."""
    markers = list(MARKER.finditer(text)) if "---" in text else []
    first = _first(text, 0)
    # what precedes the first marker is a document only where it is more than comments
    begins = [first] if first < (markers[0].start() if markers else len(text)) else []
    begins += [_first(text, each.end()) for each in markers]
    found, line, before = [], 1, 0
    for begin in begins:
        line, before = line + text.count("\n", before, begin), begin
        found.append((line, begin - text.rfind("\n", 0, begin)))
    return found


def _first(text: str, at: int) -> int:
    """The offset of the first thing after `at` that is no space and no comment."""
    found = EMPTY.match(text, at)
    return found.end() if found else at
