"""What `transformMap` and `transformMapEntry` are made of; the engine has the macros and not the function behind them.

https://pkg.go.dev/github.com/google/cel-go/ext#hdr-TwoVarComprehensions
"""

from typing import Any

from bot.check.cel.library.declare import Function, function
from bot.check.cel.library.lists import ANY

__all__ = ["FUNCTIONS"]

INSERT = "cel.@mapInsert"
KEYS = ("string", "int", "uint", "bool")


def insert(values: dict[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
    """The map with one more entry. ValueError: it has that key already."""
    if key in values:
        raise ValueError("insert failed: the key is already there")
    return {**values, key: value}


FUNCTIONS: tuple[Function, ...] = (
    *(function(INSERT, f"map {key} {each}", "map", insert) for key in KEYS for each in ANY),
)
