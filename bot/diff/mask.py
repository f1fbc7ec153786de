"""Putting markers in the place of secret values, before anything else can see a difference.

A Secret is recognised by its kind alone, in any group and any spelling, and wherever it stands: what only looks like
one is masked too. Keys stay readable. Markers tell neither lengths nor hashes.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.diff.canonical import canonical
from bot.diff.paired import ABSENT, each_item, each_key, present, value_of

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


def mask(before: Any, after: Any) -> tuple[Any, Any]:
    """Two states of one object, masked together; None stands for an object that is not there.

    Where either side is a Secret both are masked. What was unequal stays unequal: `(secret)` becomes
    `(secret, changed)`, and equal values are `(secret, same)` on both sides.
    """
    masked_before, masked_after = _walk(present(before), present(after), top=True)
    return value_of(masked_before), value_of(masked_after)


def masked(value: Any) -> Any:
    """One object with `(secret)` in the place of every secret value."""
    return mask(value, None)[0]


def _walk(before: Any, after: Any, top: bool = False) -> tuple[Any, Any]:
    """Mask two values that stand at the same place; either may be absent."""
    if _is_secret(before, top) or _is_secret(after, top):
        return _secret(before, after)
    sides = [side for side in (before, after) if side is not ABSENT]
    if all(isinstance(side, Mapping) for side in sides):
        whole = any(_is_list_of_secrets(side) for side in sides)
        return each_key(before, after, partial(_member, whole))
    if all(isinstance(side, list | tuple) for side in sides):
        return each_item(before, after, _walk)
    if any(isinstance(side, Mapping | list | tuple) for side in sides):
        return _walk(before, ABSENT)[0], _walk(ABSENT, after)[1]
    return before, after


def _is_secret(value: Any, top: bool) -> bool:
    if not isinstance(value, Mapping) or "secret" not in _kinds(value):
        return False
    return top or any(str(key).casefold() in BELONGS_TO_A_SECRET for key in value)


def _is_list_of_secrets(value: Mapping[str, Any]) -> bool:
    return "secretlist" in _kinds(value)


def _kinds(value: Mapping[str, Any]) -> set[str]:
    """What the object calls itself, under any spelling of `kind`."""
    return {str(each).strip().casefold() for key, each in value.items() if str(key).casefold() == "kind"}


def _member(of_secrets: bool, key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """A field of an object that is no Secret but may be a list of them."""
    whole = of_secrets and str(key).casefold() == "items"
    return _secret_items(before, after) if whole else _field(key, before, after)


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
    return each_key(before, after, _secret_field)


def _secret_alone(value: Any, new: bool = False) -> tuple[Any, Any]:
    """One side of a pair whose sides have nothing in common."""
    if isinstance(value, Mapping):
        return each_key(ABSENT, value, _secret_field) if new else each_key(value, ABSENT, _secret_field)
    return _mark(ABSENT, value) if new else _mark(value, ABSENT)


def _secret_field(key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """A field at the top of a Secret: metadata and the like are shown, everything else is marked, key by key."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if key == "metadata" and all(isinstance(side, Mapping) for side in sides):
        odd = any(_is_secret(side, top=False) for side in sides)
        return _walk(before, after) if odd else each_key(before, after, _secret_metadata)
    if key in OPEN_FIELDS and all(isinstance(side, str | bool) for side in sides):
        return before, after
    if all(isinstance(side, Mapping) for side in sides):
        return each_key(before, after, lambda _, b, a: _mark(b, a))
    return _mark(before, after)


def _secret_metadata(key: str, before: Any, after: Any) -> tuple[Any, Any]:
    """A field of a Secret's metadata: an annotation that may be a copy of an object, whoever made it, is marked."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if key != "annotations" or not all(isinstance(side, Mapping) for side in sides):
        return _field(key, before, after)
    return each_key(before, after, lambda name, b, a: _mark(b, a) if "{" in f"{b}{a}" else _field(name, b, a))


def _secret_items(before: Any, after: Any) -> tuple[Any, Any]:
    """The items of a SecretList, which carry no kind of their own."""
    sides = [side for side in (before, after) if side is not ABSENT]
    if all(isinstance(side, list | tuple) for side in sides):
        return each_item(before, after, _secret)
    return _mark(before, after)


def _mark(before: Any, after: Any) -> tuple[Any, Any]:
    """The markers for one value."""
    if before is ABSENT:
        return ABSENT, NEW
    if after is ABSENT:
        return SECRET, ABSENT
    return (SAME, SAME) if canonical(before) == canonical(after) else (SECRET, CHANGED)
