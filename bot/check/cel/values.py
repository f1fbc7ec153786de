"""Values on their way into the engine: what it would read wrongly is kept out, so that no verdict rests on it."""

from typing import Any

from bot.check.cel.moments import Duration, Timestamp

__all__ = ["MOST_ITEMS", "Unfit", "Unknown", "fitted"]

MOST_ITEMS = 4000
"""Items of one list or map. The engine's time and memory for a `map` or `filter` grow with the square of it: 4,000
take 0.6 s and 350 MB."""

LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Unknown:
    """Takes the place of a value that is not known; an evaluation that comes to use it fails for that reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Unfit(Exception):
    """A value that the engine cannot take; the message says which and quotes nothing."""


def fitted(value: Any) -> tuple[Any, int]:
    """A copy as the engine takes it, and the length of its longest list or map.

    Fields that are null are left out: Kubernetes reads them as not there. Unfit: text with NUL (the engine would cut it
    there) or that is not Unicode, a number of more than 64 bits, or more items than a list may have.
    """
    lengths = [0]
    found = copied(value, lengths)
    return found, max(lengths)


def copied(value: Any, lengths: list[int]) -> Any:
    """The copy of a value; the lengths of its lists and maps are added to `lengths`."""
    if isinstance(value, str):
        return fitted_text(value)
    if isinstance(value, dict | list):
        if len(value) > MOST_ITEMS:
            raise Unfit(f"holds a list or map of more than {MOST_ITEMS:,} items")
        lengths.append(len(value))
        if isinstance(value, dict):
            return {fitted_text(key): copied(each, lengths) for key, each in value.items() if each is not None}
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
