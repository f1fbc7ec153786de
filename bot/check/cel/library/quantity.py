"""Kubernetes' quantities in CEL: `quantity("1.5Gi").isGreaterThan(quantity("1G"))`.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library
A quantity is the number that it stands for. The API server also goes by how it was written: `1000m` and `1.0` equal `1`
there too, but only `1` is an integer; here all of them are.
"""

import re
from decimal import ROUND_UP, Context, Decimal, localcontext
from typing import Any

from bot.check.cel.library.declare import Function, function, method, tagged, untagged

__all__ = ["FUNCTIONS", "amount", "canonical"]

FORM = re.compile(
    r"([+-]?[0-9]*(?:\.[0-9]*)?)(?:(?P<exponent>[eE][+-]?[0-9]+)|(?P<suffix>[KMGTPE]i|[numkMGTPE]))?",
    re.ASCII,
)
DECIMAL = ("n", "u", "m", "", *"kMGTPE")
BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
SUFFIXES = {
    **{sign: Decimal(1000) ** power for power, sign in enumerate(DECIMAL, -3)},
    **{sign: Decimal(1024) ** power for power, sign in enumerate(BINARY, 1)},
}
DIGIT = re.compile(r"[0-9]")
LONGEST = 400
"""Digits of a quantity, and the largest exponent: longer ones are nobody's amount of anything."""

SHORT = 18
"""Digits that apimachinery is sure to find room for."""

LARGEST = 2**63 - 1
EXACT = Context(prec=4 * LONGEST)
NANO = Decimal("1e-9")


def amount(text: str) -> Decimal | None:
    """The number that a quantity stands for, as apimachinery's ParseQuantity has it; None: it is no quantity.

    Anything finer than 1e-9 is rounded away from zero, and one with a binary suffix ends at 2^63-1. ValueError: it is
    longer than any quantity that is used.
    """
    if len(text) > LONGEST:
        raise ValueError("a quantity has too many digits")
    match = FORM.fullmatch(text) if text else None
    if match is None:
        return None
    exponent, suffix = match["exponent"], match["suffix"] or ""
    if exponent and abs(int(exponent[1:])) > LONGEST:
        raise ValueError("a quantity has too large an exponent")
    with localcontext(EXACT):
        # no digit at all is a zero: `-`, `.5`, `Ki`
        number = Decimal(match[1] if DIGIT.search(match[1]) else 0) * (
            Decimal(f"1{exponent}") if exponent else SUFFIXES[suffix]
        )
        number = number.quantize(NANO, rounding=ROUND_UP)
        return min(number, Decimal(LARGEST)) if suffix.endswith("i") else number


def canonical(text: str) -> str | None:
    """The quantity as apimachinery writes it: `1000m` is `1`, `0.5Gi` is `512Mi`; None: it is none.

    The number before the suffix is whole and as small as it can be. ValueError: as `amount`.
    """
    number, match = amount(text), FORM.fullmatch(text)
    if not number or match is None:
        return None if number is None else "0"
    if is_kept(match):
        return text
    binary = text.endswith("i") and abs(number) >= 1024 and number == number.to_integral_value()
    base, suffixes = (1024, ("", *BINARY)) if binary else (1000, DECIMAL)
    with localcontext(EXACT):
        whole, power = int(number if binary else number / NANO), 0
    while whole % base == 0 and power + 1 < len(suffixes):
        whole, power = whole // base, power + 1
    if match["exponent"]:
        return f"{whole}e{3 * power - 9}".removesuffix("e0")
    return f"{whole}{suffixes[power]}"


def is_kept(match: re.Match[str]) -> bool:
    """Whether a decimal quantity is short and looks as it should, for all apimachinery cares: `1.234`, `1e3`."""
    whole, _, fraction = match[1].lstrip("+-").partition(".")
    if (match["suffix"] or "").endswith("i") or len(digits := whole + fraction) > SHORT:
        return False
    power = int(match["exponent"][1:]) if match["exponent"] else 3 * (DECIMAL.index(match["suffix"] or "") - 3)
    scale = power - len(fraction)
    return scale >= -9 and scale % 3 == 0 and not digits.startswith("0") and not digits.endswith("000")


def quantity(text: str) -> dict[str, Any]:
    """The quantity that a text stands for."""
    number = amount(text)
    if number is None:
        raise ValueError("not a quantity")
    return written(number)


def written(number: Decimal) -> dict[str, Any]:
    """A number as a value of CEL; equal numbers are written alike."""
    with localcontext(EXACT):
        return tagged("quantity", format(number.normalize(), "f") if number else "0")


def read(value: Any) -> Decimal:
    """The number of a quantity, or of an int."""
    return Decimal(value) if isinstance(value, int) else Decimal(untagged("quantity", value))


def is_integer(value: Any) -> bool:
    """Whether it is a whole number of 64 bits."""
    number = read(value)
    return number == number.to_integral_value() and -LARGEST - 1 <= number <= LARGEST


def as_integer(value: Any) -> int:
    """The whole number that it is."""
    if not is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(read(value))


def sign(value: Any) -> int:
    """-1, 0 or 1."""
    number = read(value)
    return (number > 0) - (number < 0)


def add(one: Any, other: Any) -> dict[str, Any]:
    """Their sum, exactly."""
    return written(EXACT.add(read(one), read(other)))


def subtract(one: Any, other: Any) -> dict[str, Any]:
    """Their difference, exactly."""
    return written(EXACT.subtract(read(one), read(other)))


FUNCTIONS: tuple[Function, ...] = (
    function("quantity", "string", "map", quantity),
    function("isQuantity", "string", "bool", lambda text: amount(text) is not None),
    method("isInteger", "map", "bool", is_integer),
    method("asInteger", "map", "int", as_integer),
    method("asApproximateFloat", "map", "double", lambda value: float(read(value))),
    function("sign", "map", "int", sign),
    method("add", "map map", "map", add),
    method("add", "map int", "map", add),
    method("sub", "map map", "map", subtract),
    method("sub", "map int", "map", subtract),
)
