"""A command whose options are the fields of a value: what a long parameter list would be."""

import inspect
from collections.abc import Callable
from typing import Any, Protocol, get_type_hints

__all__ = ["Runnable", "command_of"]


class Runnable(Protocol):
    """A command's options, which know how to carry it out."""

    def run(self) -> int:
        """Carry it out; the exit status."""
        ...


def command_of(options: type[Runnable]) -> Callable[..., None]:
    """The function that Typer makes a command of: its parameters are the fields, its help is the docstring."""
    import typer

    def command(**given: Any) -> None:
        raise typer.Exit(options(**given).run())

    signature: Any = inspect.signature(options)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = get_type_hints(options, include_extras=True)
    command.__doc__ = options.__doc__
    return command
