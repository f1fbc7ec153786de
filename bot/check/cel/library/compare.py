"""Comparing quantities with quantities and versions with versions: functions that both have."""

from typing import Any

from bot.check.cel.library import quantity, semver
from bot.check.cel.library.declare import KIND, Function, method

__all__ = ["FUNCTIONS"]


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1. ValueError: they are not of one type that can be compared."""
    kind = one.get(KIND)
    if kind not in ("quantity", "semver") or other.get(KIND) != kind:
        raise ValueError("only two quantities or two versions can be compared")
    read: Any = quantity.read if kind == "quantity" else semver.order
    a, b = read(one), read(other)
    return int(a > b) - int(a < b)


FUNCTIONS: tuple[Function, ...] = (
    method("compareTo", "map map", "int", compare),
    method("isLessThan", "map map", "bool", lambda one, other: compare(one, other) < 0),
    method("isGreaterThan", "map map", "bool", lambda one, other: compare(one, other) > 0),
)
