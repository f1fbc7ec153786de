"""How a function of CEL is declared: as data, so that the libraries load without the engine."""

from collections.abc import Callable
from typing import Any

from bot.model.noun import noun

__all__ = ["KIND", "Function", "function", "method", "tagged", "untagged"]

KIND = "§"
"""The key that says what a value of one of Kubernetes' own types is: the engine has no such types, so they are maps.

Each is written in one way only, so that equal values are equal maps.
"""


@noun
class Function:
    """One overload. `parameters` and `result` are types of CEL; a member is called on its first parameter."""

    name: str
    parameters: tuple[str, ...]
    result: str
    member: bool
    run: Callable[..., Any]


def function(name: str, parameters: str, result: str, run: Callable[..., Any]) -> Function:
    """`name(a, b)`; `parameters` are types with spaces between them."""
    return Function(name=name, parameters=tuple(parameters.split()), result=result, member=False, run=run)


def method(name: str, parameters: str, result: str, run: Callable[..., Any]) -> Function:
    """`a.name(b)`; `parameters` are types with spaces between them, the first is what it is called on."""
    return Function(name=name, parameters=tuple(parameters.split()), result=result, member=True, run=run)


def tagged(kind: str, value: Any) -> dict[str, Any]:
    """A value of one of Kubernetes' own types."""
    return {KIND: kind, "value": value}


def untagged(kind: str, value: Any) -> Any:
    """What `tagged` was given. ValueError: it is of another type."""
    if value.get(KIND) != kind:
        raise ValueError(f"called on something that is no {kind}")
    return value["value"]
