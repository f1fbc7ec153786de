"""Keeping the values of Secrets out of what a policy, a check or a program says of an object."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any

from bot.diff import masked
from bot.model.resource import Resource

__all__ = ["discreet", "hide", "one_line", "secrets_of"]

HIDDEN = "(secret)"
LONGEST = 1000  # signs of a message; nobody reads more
LEAST = 3  # signs of a whole value that are worth hiding
PIECE = 6  # signs of a value that are quoted together before they count as a piece of it


def discreet(text: str, resource: Resource | None) -> str:
    """The text on one line, with `(secret)` for every piece of the resource's secret values that it quotes."""
    return hide(text, list(secrets_of(resource)) if resource else [])


def hide(text: str, values: Sequence[str]) -> str:
    """The same with any values. A piece is six signs in a row, in either case, or a whole value of three to five."""
    line = one_line(text)
    folded, values = lower(line), [lower(each) for each in values]
    said = set(pieces(folded))  # few, while a value may be long: it is gone through once
    quoted = {piece for value in values for piece in pieces(value) if piece in said}
    quoted |= {value for value in values if LEAST <= len(value) < PIECE}
    hidden = [False] * len(line)
    for start in range(len(line)):
        for length in range(LEAST, min(PIECE, len(line) - start) + 1):
            if folded[start : start + length] in quoted:
                hidden[start : start + length] = [True] * length
    return "".join(
        HIDDEN if hide and not (place and hidden[place - 1]) else "" if hide else sign
        for place, (sign, hide) in enumerate(zip(line, hidden, strict=True))
    )


def pieces(text: str) -> Iterator[str]:
    """Every six signs in a row."""
    return (text[start : start + PIECE] for start in range(len(text) - PIECE + 1))


def one_line(text: str) -> str:
    """Text that a stranger chose, on one line: whatever does not print is escaped, and what is long is cut."""
    words = " ".join(text[: LONGEST + 1].split())
    safe = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in words[:LONGEST])
    return safe + ("…" if len(text) > LONGEST else "")


def secrets_of(resource: Resource) -> Iterator[str]:
    """The texts that masking puts a marker in the place of, as they are, encoded, and decoded where they are base64."""
    for text in hidden_in(resource.body, masked(resource.body)):
        yield " ".join(text.split())
        yield base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
        try:
            yield " ".join(base64.b64decode(text, validate=True).decode("utf-8", "replace").split())
        except (binascii.Error, ValueError):
            continue


def lower(text: str) -> str:
    """The text in lower case, sign for sign."""
    folded = text.lower()
    return folded if len(folded) == len(text) else text


def hidden_in(value: Any, shown: Any) -> Iterator[str]:
    """The texts of `value` that are not in `shown`, its masked form."""
    if isinstance(value, dict) and isinstance(shown, dict):
        for key, each in value.items():
            yield from hidden_in(each, shown.get(key))
    elif isinstance(value, list) and isinstance(shown, list):
        for each, seen in zip(value, shown, strict=True):
            yield from hidden_in(each, seen)
    elif value is not shown and value != shown:
        yield from texts_of(value)


def texts_of(value: Any) -> Iterator[str]:
    """Every text and number in a value, as text."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)
