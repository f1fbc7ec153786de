"""Numbers made of other values, as cel-go makes them: text has to be all number, and the number has to fit.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions
The engine's own overlook spaces around a number and take one that is too large for infinity.
"""

import math
import re
from datetime import timedelta

from bot.check.cel.library.declare import Function, function
from bot.check.cel.moments import EPOCH

__all__ = ["FUNCTIONS", "whole"]

WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
LONGEST = 4096
"""Characters of a number that Python reads: no number of 64 bits needs more."""

SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)


def whole(value: int) -> int:
    """A whole number, if it fits into 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise ValueError("integer overflow")
    return value


def int_of_text(text: str) -> int:
    """What Go's ParseInt makes of it."""
    if len(text) > LONGEST or not WHOLE.fullmatch(text):
        raise ValueError("cannot convert string to int")
    return whole(int(text))


def int_of_double(value: float) -> int:
    """Cut towards zero. Neither end of the range is taken, as a double cannot tell it from what is beyond."""
    if not -(2.0**63) < value < 2.0**63:
        raise ValueError("double out of int range")
    return int(value)


def double_of_text(text: str) -> float:
    """What Go's ParseFloat makes of it."""
    try:
        if len(text) > LONGEST or not text.isascii() or text != text.strip():
            raise ValueError
        value = float.fromhex(text) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        raise ValueError("cannot convert string to double") from None
    if math.isinf(value) and any(each.isdigit() for each in text):
        raise ValueError("cannot convert string to double")
    return value


FUNCTIONS: tuple[Function, ...] = (
    function("int", "int", "int", whole),
    function("int", "uint", "int", whole),
    function("int", "double", "int", int_of_double),
    function("int", "string", "int", int_of_text),
    function("int", "timestamp", "int", lambda value: (value - EPOCH) // SECOND),
    function("int", "duration", "int", lambda value: value // MICROSECOND * 1000),
    function("double", "double", "double", float),
    function("double", "int", "double", float),
    function("double", "uint", "double", float),
    function("double", "string", "double", double_of_text),
)
