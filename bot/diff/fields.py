"""The differences between two JSON values, field by field."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.diff.canonical import canonical
from bot.diff.pointer import token
from bot.model.plan import FieldChange

__all__ = ["field_changes"]


def field_changes(before: Any, after: Any) -> tuple[FieldChange, ...]:
    """Every field that differs, at the deepest place where both sides still have the same shape; sorted by key.

    Paths are JSON pointers (RFC 6901; "" is the whole). Items of lists are compared by position. Give it masked values:
    what goes in comes out.
    """
    return tuple(_changes("", before, after))


def _changes(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({**before, **after}):
            below = f"{path}/{token(key)}"
            if key in before and key in after:
                yield from _changes(below, before[key], after[key])
            else:
                yield FieldChange(path=below, before=before.get(key), after=after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            below = f"{path}/{index}"
            if index < len(before) and index < len(after):
                yield from _changes(below, before[index], after[index])
            elif index < len(before):
                yield FieldChange(path=below, before=before[index], after=None)
            else:
                yield FieldChange(path=below, before=None, after=after[index])
    elif canonical(before) != canonical(after):
        yield FieldChange(path=path, before=before, after=after)
