"""Values on their way into the engine: what it would read wrongly is kept out, so that no verdict rests on it."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.check.cel.moments import Duration, Timestamp

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

__all__ = ["ABSENT", "MOST_ITEMS", "SHORT", "Unfit", "Unknown", "fitted"]

ABSENT = object()
"""In the place of an old value: there was none."""

MOST_ITEMS = 4000
"""Items of one list or map. The engine's time and memory for a `map` or `filter` grow with the square of it: 4,000
take 0.6 s and 350 MB."""

SHORT = 250
"""Items of a list or map that is not long: what an evaluation makes of it may be kept for a while."""

LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Unknown:
    """Takes the place of a value that is not known; an evaluation that comes to use it fails for that reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Unfit(Exception):
    """A value that the engine cannot take; the message says which and quotes nothing."""


def fitted(value: Any) -> tuple[Any, int]:
    """The value, or a copy, as the engine takes it, and the length of its longest list or map where that is long.

    Unfit: text with NUL (the engine would cut it there) or that is not Unicode, a number of more than 64 bits, or more
    items than a list may have.
    """
    if is_plain(value):
        return value, 0
    lengths = [0]
    found = copied(value, lengths)
    return found, max(lengths)


def is_plain(value: Any) -> bool:
    """Whether the engine can take a value as it is; told by a schema, which is many times faster than a look here."""
    if value is None or value is True or value is False:
        return True
    if isinstance(value, str):
        return is_plain_text(value)
    if type(value) is dict and len(value) < 4 and all(map(is_plain_text, (*value, *value.values()))):
        return True
    try:
        return plain_schema().is_valid(value)
    except ValueError:  # text that is not Unicode, or a type that JSON does not have
        return False


def is_plain_text(value: Any) -> bool:
    """Whether a value is text of ASCII without NUL."""
    return type(value) is str and value.isascii() and "\0" not in value


@lru_cache(maxsize=1)
def plain_schema() -> "Draft7Validator":
    """The schema of JSON without NUL characters, large numbers and long lists."""
    from jsonschema_rs import Draft7Validator  # a server that evaluates nothing does not carry it

    text = {"pattern": "^[^\\x00]*$"}
    anything = {"$ref": "#"}
    schema = {
        **text, "type": ["string", "array", "object", "integer", "number", "boolean", "null"],
        "minimum": LOWEST, "maximum": HIGHEST, "maxItems": SHORT, "maxProperties": SHORT,
        "items": anything, "additionalProperties": anything, "propertyNames": text,
    }  # fmt: skip
    return Draft7Validator(schema, offline=True)


def copied(value: Any, lengths: list[int]) -> Any:
    """The copy of a value; the lengths of its lists and maps are added to `lengths`."""
    if isinstance(value, str):
        return fitted_text(value)
    if isinstance(value, dict | list):
        if len(value) > MOST_ITEMS:
            raise Unfit(f"holds a list or map of more than {MOST_ITEMS:,} items")
        lengths.append(len(value))
        if isinstance(value, dict):
            return {fitted_text(key): copied(each, lengths) for key, each in value.items()}
        return [copied(each, lengths) for each in value]
    if value is None or isinstance(value, bool | float | Timestamp | Duration | bytearray):
        return value
    if not isinstance(value, int):
        raise Unfit("holds a value that has no type in CEL")
    if not LOWEST <= value <= HIGHEST:
        raise Unfit("holds a number of more than 64 bits")
    return value


def fitted_text(text: str) -> str:
    """The text itself."""
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Unfit("holds text that is not valid Unicode")
    if "\0" in text:
        raise Unfit("holds text with a NUL character")
    return text
