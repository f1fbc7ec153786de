"""The engine's environments: CEL with Kubernetes' libraries, and the variables that an expression may name."""

import ctypes
import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.check.cel.library import FUNCTIONS, OWN, Function
from bot.check.cel.library.order import ORDER

if TYPE_CHECKING:
    from cel_expr_python import cel

__all__ = ["environment"]

# Some of the engine's own extensions can only be had by way of a configuration.
CONFIGURATION = f"""
stdlib:
  exclude_functions: [{", ".join(f"{{name: {name}}}" for name in ORDER)}]
extensions:
  - name: bindings
  - name: lists
  - name: optional
  - name: sets
  - name: strings
    version: 2
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
        config=cel.NewEnvConfigFromYaml(CONFIGURATION),
        variables={name: type_of(type) for name, type in variables},
        functions=list(order()),
        extensions=[cel.CelExtension("kubernetes", list(declarations(FUNCTIONS)))],
    )


def order() -> "Iterable[cel.FunctionDecl]":
    """What is smaller than what, as the API server has it declared; the engine's own code is what runs."""
    from cel_expr_python import cel

    for name, overloads in ORDER.items():
        yield cel.FunctionDecl(
            name,
            [
                cel.Overload(id, return_type=cel.Type.BOOL, parameters=[type_of(each) for each in types])
                for id, types in overloads.items()
            ],
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
