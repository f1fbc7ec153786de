"""Lists in CEL: `[1, 2].sum()`.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bot.check.cel.library.declare import Function, method
from bot.check.cel.library.numbers import whole
from bot.check.cel.moments import handed

__all__ = ["FUNCTIONS", "equal"]

ANY = ("bool", "int", "uint", "double", "string", "bytes", "map", "list", "timestamp", "duration")
"""Every type but null: a function is found by the types of its values, and a parameter of type dyn is never met."""

COMPARABLE = ((bool,), (int, float), (str,), (bytearray,), (datetime,), (timedelta,))


def comparable(values: list[Any]) -> list[Any]:
    """The values. ValueError: they are not all of one type that has an order."""
    for types in COMPARABLE:
        if all(isinstance(each, types) and (isinstance(each, bool) == (types == (bool,))) for each in values):
            return values
    raise ValueError("the items of the list cannot be compared")


def total(values: list[Any]) -> Any:
    """The sum of numbers or of durations; 0 of none."""
    if not values:
        return 0
    if all(isinstance(each, timedelta) for each in values):
        return handed(sum(values, start=timedelta()))
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        raise ValueError("only numbers and durations have a sum")
    found = sum(values)
    return whole(found) if isinstance(found, int) else found


def least(values: list[Any]) -> Any:
    """The smallest item."""
    if not values:
        raise ValueError("min called on empty list")
    return handed(min(comparable(values)))


def greatest(values: list[Any]) -> Any:
    """The largest item."""
    if not values:
        raise ValueError("max called on empty list")
    return handed(max(comparable(values)))


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal for CEL, which takes true for no number."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other)


def first(values: list[Any], wanted: Any) -> int:
    """The index of the first item that is equal, or -1."""
    return next((index for index, each in enumerate(values) if equal(each, wanted)), -1)


def last(values: list[Any], wanted: Any) -> int:
    """The index of the last item that is equal, or -1."""
    return next((index for index in reversed(range(len(values))) if equal(values[index], wanted)), -1)


FUNCTIONS: tuple[Function, ...] = (
    method("sum", "list", "dyn", total),
    method("min", "list", "dyn", least),
    method("max", "list", "dyn", greatest),
    method("isSorted", "list", "bool", lambda values: all(a <= b for a, b in pairwise(comparable(values)))),
    *(method("indexOf", f"list {each}", "int", first) for each in ANY),
    *(method("lastIndexOf", f"list {each}", "int", last) for each in ANY),
)
