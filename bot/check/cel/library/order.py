"""Orders: `1 < 2`, and `1 < 1.5` between numbers of two types, which the engine knows how to do and does not declare.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#ordering
"""

from collections.abc import Mapping
from itertools import product

__all__ = ["ORDER"]

NAMES = {"_<_": "less", "_<=_": "less_equals", "_>_": "greater", "_>=_": "greater_equals"}
NUMBERS = {"int": "int64", "uint": "uint64", "double": "double"}
OTHERS = ("bool", "string", "bytes", "timestamp", "duration")


def overloads(name: str) -> dict[str, tuple[str, str]]:
    """The ids of one operator's overloads, each with the types on its two sides."""
    made = {f"{name}_{each}": (each, each) for each in OTHERS}
    for left, right in product(NUMBERS, repeat=2):
        other = "" if left == right else f"_{NUMBERS[right]}"
        made[f"{name}_{NUMBERS[left]}{other}"] = left, right
    return made


ORDER: Mapping[str, Mapping[str, tuple[str, str]]] = {sign: overloads(name) for sign, name in NAMES.items()}
"""Operator → id of the overload → types of the left and the right side."""
