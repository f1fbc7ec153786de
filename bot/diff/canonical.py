"""One spelling per JSON value, so that equal values have equal bytes and nothing else has."""

import json
import math
from collections.abc import Mapping
from typing import Any

from bot.errors import InputError

__all__ = ["canonical"]


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON: UTF-8, keys sorted, no spaces, lists in their order.

    In the manner of RFC 8785 with two departures, both to keep what Kubernetes keeps: integers are exact at any size,
    and keys are sorted by code point. Numbers that are equal are spelt alike (`1.0` as `1`). InputError: something that
    JSON cannot say (infinity, not-a-number, a key that is no string, bytes).
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    # JSON may hold half of a surrogate pair ("\ud800"); such a string is kept apart from all others, not refused.
    return text.encode("utf-8", "surrogatepass")


SPELT = frozenset({str, int, bool, type(None)})
"""What JSON spells in one way. Most of a manifest is that, so it is asked for first, by the type itself."""


def _plain(value: Any) -> Any:
    """The same value made of dict, list, str, int, float, bool and None only."""
    if type(value) in SPELT:
        return value
    if isinstance(value, dict):
        return {key if type(key) is str else _key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputError("a number is infinite or not a number, which JSON cannot say")
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return _plain(dict(value))
    if isinstance(value, str | int):
        return value
    raise InputError(f"a value of type {type(value).__name__} is not JSON")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise InputError("a mapping has a key that is not a string, which JSON cannot say")
    return key
