"""Putting markers in the place of secret values, before anything else can see a difference.

A Secret is recognised by its kind alone, in any group and any spelling, and wherever it stands: what only looks like
one is masked too. Keys stay readable. Markers tell neither lengths nor hashes.
"""

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any, Final

from bot.diff.canonical import canonical

__all__ = ["mask", "masked"]

SECRET, NEW, CHANGED, SAME = "(secret)", "(secret, new)", "(secret, changed)", "(secret, same)"

COPIES = (
    "last-applied-configuration", "/last-applied", "kapp.k14s.io/original", "objectset.rio.cattle.io/applied",
)  # fmt: skip
"""The end of the annotations in which kubectl and its imitators keep a copy of the whole object, values included."""

OPEN_FIELDS = frozenset({"apiVersion", "kind", "metadata", "type", "immutable"})
"""All that is shown of a Secret; a misspelt `stringDatum` is as secret as what it was meant to be."""

BELONGS_TO_A_SECRET = frozenset({"metadata", "data", "stringdata"})
"""What tells a Secret inside another object from a mere reference to one, such as `{kind: Secret, name: db}`."""


class _Absent:
    """Stands for "there is nothing", which is not the same as null."""


ABSENT: Final = _Absent()


def mask(before: Any, after: Any) -> tuple[Any, Any]:
    """Two states of one object, masked together; None stands for an object that is not there.

    Where either side is a Secret both are masked. What was unequal stays unequal: `(secret)` becomes
    `(secret, changed)`, and equal values are `(secret, same)` on both sides.
    """
    masked_before, masked_after = _walk(_present(before), _present(after), top=True)
    return _value(masked_before), _value(masked_after)


def masked(value: Any) -> Any:
    """One object with `(secret)` in the place of every secret value."""
    return mask(value, None)[0]


def _present(value: Any) -> Any:
    return ABSENT if value is None else value


def _value(value: Any) -> Any:
    return None if value is ABSENT else value


def _walk(before: Any, after: Any, top: bool = False) -> tuple[Any, Any]:
    """Mask two values that stand at the same place; either may be absent."""
    if _is_secret(before, top) or _is_secret(after, top):
        return _secret(before, after)
    sides = [side for side in (before, after) if side is not ABSENT]
    if sides and all(isinstance(side, Mapping) for side in sides):
        whole = any(_is_list_of_secrets(side) for side in sides)
        return _each(
            before, after, lambda key, b, a: _secret_items(b, a) if whole and key == "items" else _field(key, b, a)
        )
    if sides and all(isinstance(side, list | tuple) for side in sides):
        return _pairs(before, after, _walk)
    if len(sides) == 2 and any(isinstance(side, Mapping | list | tuple) for side in sides):
        return _walk(before, ABSENT)[0], _walk(ABSENT, after)[1]
    return before, after


def _is_secret(value: Any, top: bool) -> bool:
    if not isinstance(value, Mapping) or "secret" not in _kinds(value):
        return False
    return top or any(str(key).casefold() in BELONGS_TO_A_SECRET for key in value)


def _is_list_of_secrets(value: Any) -> bool:
    return isinstance(value, Mapping) and "secretlist" in _kinds(value)


def _kinds(value: Mapping[str, Any]) -> set[str]:
    """What the object calls itself, under any spelling of `kind`."""
    return {str(each).strip().casefold() for key, each in value.items() if str(key).casefold() == "kind"}


def _field(key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """A field of an object that is no Secret."""
    if str(key).casefold().endswith(COPIES):
        return _mark(before, after)
    return _walk(before, after)


def _secret(before: Any, after: Any) -> tuple[Any, Any]:
    """A Secret, or what stands where the other side has one."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if not all(isinstance(side, Mapping) for side in sides):
        return _secret_alone(before)[0], _secret_alone(after, new=True)[1]
    return _each(before, after, _secret_field)


def _secret_alone(value: Any, new: bool = False) -> tuple[Any, Any]:
    """One side of a pair whose sides have nothing in common."""
    if isinstance(value, Mapping):
        return _each(ABSENT, value, _secret_field) if new else _each(value, ABSENT, _secret_field)
    return _mark(ABSENT, value) if new else _mark(value, ABSENT)


def _secret_field(key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """A field at the top of a Secret: metadata and the like are shown, everything else is marked, key by key."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if key == "metadata" and all(isinstance(side, Mapping) for side in sides):
        odd = any(_is_secret(side, top=False) for side in sides)
        return _walk(before, after) if odd else _each(before, after, _secret_metadata)
    if key in OPEN_FIELDS and all(isinstance(side, str | bool) for side in sides):
        return before, after
    if all(isinstance(side, Mapping) for side in sides):
        return _each(before, after, lambda _, b, a: _mark(b, a))
    return _mark(before, after)


def _secret_metadata(key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """A field of a Secret's metadata: an annotation that may be a copy of an object, whoever made it, is marked."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if key != "annotations" or not all(isinstance(side, Mapping) for side in sides):
        return _field(key, before, after)
    return _each(before, after, lambda name, b, a: _mark(b, a) if "{" in f"{b}{a}" else _field(name, b, a))


def _secret_items(before: Any, after: Any) -> tuple[Any, Any]:
    """The items of a SecretList, which carry no kind of their own."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if all(isinstance(side, list | tuple) for side in sides):
        return _pairs(before, after, _secret)
    return _mark(before, after)


def _mark(before: Any, after: Any) -> tuple[Any, Any]:
    """The markers for one value."""
    if before is ABSENT:
        return ABSENT, (ABSENT if after is ABSENT else NEW)
    if after is ABSENT:
        return SECRET, ABSENT
    return (SAME, SAME) if canonical(before) == canonical(after) else (SECRET, CHANGED)


def _each(before: Any, after: Any, rule: Callable[[str, Any, Any], tuple[Any, Any]]) -> tuple[Any, Any]:
    """Apply `rule(key, before, after)` to every key of two mappings; each side keeps its own order of keys."""
    left = {} if before is ABSENT else before
    right = {} if after is ABSENT else after
    pairs = {key: rule(key, left.get(key, ABSENT), right.get(key, ABSENT)) for key in {**left, **right}}
    return (
        ABSENT if before is ABSENT else {key: pairs[key][0] for key in left},
        ABSENT if after is ABSENT else {key: pairs[key][1] for key in right},
    )


def _pairs(before: Any, after: Any, rule: Callable[[Any, Any], tuple[Any, Any]]) -> tuple[Any, Any]:
    """Apply `rule(before, after)` to the items of two lists, paired by position."""
    left = () if before is ABSENT else before
    right = () if after is ABSENT else after
    pairs = [rule(b, a) for b, a in zip_longest(left, right, fillvalue=ABSENT)]
    return (
        ABSENT if before is ABSENT else [each[0] for each in pairs[: len(left)]],
        ABSENT if after is ABSENT else [each[1] for each in pairs[: len(right)]],
    )
