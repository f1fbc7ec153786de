"""Documents that every reader of YAML understands alike, read by yaml-rs in a fraction of the time.

It keeps YAML 1.2's rules, kubectl its own (`bot.document.scalar`), and it takes some of what libyaml refuses. A text is
read here only where a search over it shows that nothing in it may mean one thing to the one and another to the other;
everything else, and everything that is wrong, is left to the slower ways.
"""

import re
from typing import Any

import re2
import yaml_rs

from bot.document.value import Limits, Root, is_small

__all__ = ["simple"]

DEEPEST_COLUMN, LEVELS = 20, 64
"""At one column at most two block collections begin, and a line ends in three flow collections: 2 × 21 + 3 levels."""

BEGIN, END = r"(?:^|[\s,\[{]|[\"'\]}]:)", r" *(?:$|[,\]}:]| #)"
"""Around what stands without quotes."""

NO_TEXT = "true|True|TRUE|false|False|FALSE|null|Null|NULL|~|[-+]?[0-9][0-9a-fA-F.+-]*"
KEY_END = r" *:(?:\s|$)"

RISKY = (
    # truth to kubectl, text to YAML 1.2
    rf"{BEGIN}(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF){END}",
    # numbers of another base, with a point, an exponent, underscores, or more than 17 digits
    rf"{BEGIN}[-+]?0[0-9a-fA-FxXoObB]+{END}",
    rf"{BEGIN}[-+]?[0-9]*\.[0-9]*(?:[eE][-+]?[0-9]+)?{END}",
    rf"{BEGIN}[-+]?[0-9]+[eE][-+]?[0-9]+{END}",
    rf"{BEGIN}(?:_|[-+.0-9][0-9a-zA-Z.+-]*_)",
    rf"{BEGIN}[-+]?[0-9]{{18}}",
    rf"{BEGIN}[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN){END}",
    # keys that are no text, the merge key, keys that are marked as such
    rf"{BEGIN}(?:{NO_TEXT}|<<)?{KEY_END}",
    rf"{BEGIN}\?",
    # tags, anchors, aliases; directives and ends of documents
    rf"{BEGIN}(?:!|[&*][0-9A-Za-z_-])",
    r"(?:^|[-:,\[{]) *[&*]",
    r"^(?:%|\.\.\.)",
    # block scalars that are a document, have a header of their own, or are the last thing and empty
    r"^(?:---)? *[|>]",
    r"\s[|>][-+0-9]*[+0-9][-+0-9]* *(?:$| #)",
    r"\s[|>]-? *(?:#[^\n]*)?\s*\z",
    # tabs; signs that break lines only in YAML 1.1, and those that a text may not have
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
    # deep nesting
    rf"^[ -]{{{DEEPEST_COLUMN + 1}}}",
)
SEARCH = re2.compile(f"(?m){'|'.join(RISKY)}".encode()).search  # over bytes, which the library makes of a text anyway
OCTAL = re.compile(r"(?<=: )0[0-7]{1,20}(?= *(?:$|[,\]}]| #))", re.MULTILINE)
STAND_IN = "71717171717"  # the first digits of numbers that stand for octal ones

PLAIN = r"[A-Za-z0-9_./][A-Za-z0-9_./%@+=-]*+(?::[A-Za-z0-9_./%@+=-]++)*+"
SCALAR = rf"""(?:{PLAIN}|"[^"\\\n]*+"|'[^'\n]*+')"""
KEY = r"[A-Za-z_][A-Za-z0-9_./-]*+"


def _flow(item: str) -> str:
    """The form of a list or mapping in brackets on one line, whose items have a form."""
    return f"(?:{_bracketed('[', item, ']')}|{_bracketed('{', f'{KEY}: ++{item}', '}')})"


def _bracketed(opening: str, item: str, closing: str) -> str:
    """Items with a comma between each two. `item` is in it once, since a form of forms grows by every copy."""
    end = re.escape(closing)
    return rf"{re.escape(opening)} *+(?:{item} *+(?:, *+(?!{end})|(?={end})))*+{end}"


FLOW = _flow(f"(?:{SCALAR}|{_flow(f'(?:{SCALAR}|{_flow(SCALAR)})')})")
USUAL = re.compile(rf"(?:[^\[{{]++|(?<=\S)[\[{{]|{FLOW}(?= *(?: #.*)?$))*+", re.MULTILINE)
"""A text in which every bracket after a space begins a flow collection of at most three levels that ends its line."""

MARKER = re.compile(r"^---(?=[ \t\n]|\Z)", re.MULTILINE)
EMPTY = re.compile(r"(?: *(?:#[^\n]*)?\n)* *(?:#[^\n]*\Z)?")


def simple(text: str, limits: Limits) -> list[Root] | None:
    """(value, place) of every document that is not null, as `Builder.roots` has them; None: read it another way.

    The last line of `text` has its line break.
    """
    if not is_small(text, limits) or limits.depth < LEVELS:
        return None
    if ("[" in text or "{" in text) and USUAL.fullmatch(text) is None:
        return None
    places = _places(text)
    values = _with_modes(text, len(places)) if _risky(text) else _values(text, len(places))
    if values is None:
        return None
    return [(value, place) for value, place in zip(values, places, strict=True) if value is not None]


def _risky(text: str) -> bool:
    """Whether something in it may mean one thing to one reader and another to another."""
    return SEARCH(text.encode()) is not None


def _values(text: str, number: int) -> list[Any] | None:
    """The value of every document, of which there are `number`; None: something is wrong."""
    try:
        found: Any = yaml_rs.loads(text, parse_datetime=False)
    except ValueError:
        return None
    if number < 2:
        return [found] if number else []
    return found if isinstance(found, list) and len(found) == number else None


def _with_modes(text: str, number: int) -> list[Any] | None:
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
    values = None if _risky(decimal) else _values(decimal, number)
    if values is not None:
        _put_right(values, meant)
    return None if meant else values


def _put_right(values: list[Any] | dict[Any, Any], meant: dict[int, int]) -> None:
    """Put what they stand for in the place of numbers within the values, each taken out of `meant`."""
    for key, each in values.items() if isinstance(values, dict) else enumerate(values):
        if isinstance(each, dict | list):
            _put_right(each, meant)
        elif type(each) is int and each in meant:
            values[key] = meant.pop(each)


def _places(text: str) -> list[tuple[int, int]]:
    """Where the first thing of each document stands, (line, column) from 1."""
    if "---" not in text and text[:1].isalpha():
        return [(1, 1)]
    markers = list(MARKER.finditer(text))
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
