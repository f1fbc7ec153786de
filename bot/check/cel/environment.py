"""The engine's environments: CEL with Kubernetes' libraries, and the variables that an expression may name."""

import ctypes
import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.check.cel.library import FUNCTIONS, OWN, Function

if TYPE_CHECKING:
    from cel_expr_python import cel

__all__ = ["environment"]

# Some of the engine's own extensions can only be had by way of a configuration.
EXTENSIONS = """
extensions:
  - name: bindings
  - name: encoders
  - name: lists
  - name: math
  - name: optional
  - name: sets
  - name: strings
  - name: two-var-comprehensions
"""

FOREVER = 1 << 60


@lru_cache(maxsize=64)
def environment(variables: frozenset[tuple[str, str]]) -> "cel.Env":
    """The environment with these variables, (name, type) each; made once."""
    # Imported here: a server that evaluates nothing does not carry the engine in its memory.
    from cel_expr_python import cel

    keep_none()
    return cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(EXTENSIONS),
        variables={name: type_of(type) for name, type in variables},
        extensions=[cel.CelExtension("kubernetes", list(declarations(FUNCTIONS)))],
    )


def declarations(functions: Iterable[Function]) -> "Iterable[cel.FunctionDecl]":
    """The functions as the engine takes them: all overloads of a name together."""
    from cel_expr_python import cel

    ordered = sorted(functions, key=engine_name)
    for name, overloads in groupby(ordered, key=engine_name):
        yield cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    f"kubernetes_{name}_{'_'.join(each.parameters)}_{'member' if each.member else 'global'}",
                    return_type=type_of(each.result), parameters=[type_of(one) for one in each.parameters],
                    is_member=each.member, impl=each.run,
                )
                for each in overloads
            ],
        )  # fmt: skip


def engine_name(each: Function) -> str:
    """What the engine knows a function by."""
    return OWN.get(f".{each.name}" if each.member else each.name, each.name)


def type_of(name: str) -> Any:
    """The engine's type for CEL's name of it; lists and maps hold anything unless it says more."""
    from cel_expr_python import cel

    match name:
        case "list<string>":
            return cel.Type.List(cel.Type.STRING)
        case "map<string, list<string>>":
            return cel.Type.Map(cel.Type.STRING, cel.Type.List(cel.Type.STRING))
    return getattr(cel.Type, name.upper())


def keep_none() -> None:
    """Keep the interpreter from losing None.

    The engine gives away a reference to None that it does not own for every null that it hands to Python. Before
    Python 3.12, which counts no references to None, an object with enough nulls would end the process.
    """
    if sys.version_info < (3, 12) and sys.getrefcount(None) < FOREVER:
        ctypes.c_ssize_t.from_address(id(None)).value += FOREVER
