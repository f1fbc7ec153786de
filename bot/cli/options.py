"""A command whose options are the fields of a value: what a long parameter list would be."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

__all__ = ["command_of"]

T = TypeVar("T")


def command_of(options: type[T], carry_out: Callable[[T], int]) -> Callable[..., None]:
    """The function that Typer makes a command of: its parameters are the fields, its help is the docstring.

    `carry_out` does what was asked for, and answers with the exit status.
    """
    import typer

    def command(**given: Any) -> None:
        raise typer.Exit(carry_out(options(**given)))

    signature: Any = inspect.signature(options)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = get_type_hints(options, include_extras=True)
    command.__doc__ = options.__doc__
    return command
