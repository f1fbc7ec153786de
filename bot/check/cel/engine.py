"""Expressions: text → programs, programs and values → results."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.check.cel.environment import environment
from bot.check.cel.library import OWN, RIGHT
from bot.check.cel.source import chains, renamed, replaced
from bot.check.cel.values import SHORT, Unfit, Unknown, fitted
from bot.errors import CelError, CelEvaluationError
from bot.model.noun import noun

if TYPE_CHECKING:
    from cel_expr_python import cel

__all__ = ["Bindings", "Definition", "Program", "Scope", "compile"]

ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
NAMED = re.compile(r"for '([\w.]+)")
UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
BIND = ("cel", "bind")
"""What is made here of definitions, and must not be written."""
UNSUPPORTED = frozenset({"unwrapOpt", "optional", "net", "kubernetes"})
"""What begins names of Kubernetes' CEL that the engine does not have: `optional.unwrap`, `net.IP`."""
LONGEST = 16_384
"""Characters of an expression, as the API server has it."""


@noun
class Definition:
    """A value that expressions may use as `<first>.<name>`; it is evaluated when it is first used, if at all."""

    name: str
    expression: str


@noun
class Scope:
    """What an expression may name: `variables` with their types, and definitions, each of which may use earlier ones.

    `prefix` is the first name of every definition.
    """

    variables: frozenset[tuple[str, str]]
    definitions: tuple[Definition, ...] = ()
    prefix: str = "variables"


class Bindings:
    """The values of all variables, handed to the engine once for all programs that are evaluated with them.

    Values are JSON's (dict, list, str, int, float, bool, None) or `Unknown`. One that the engine cannot take is unknown
    too. Not for use by several threads at once.
    """

    def __init__(self, values: Mapping[str, Any], variables: frozenset[tuple[str, str]]) -> None:
        self.reasons: dict[str, str] = {}
        self._variables = variables
        self._large = False
        self._data = {name: self._bound(name, value) for name, value in values.items()}
        self._activation: cel.Activation | None = None

    def _bound(self, name: str, value: Any) -> Any:
        if not isinstance(value, Unknown):
            try:
                found, most = fitted(value)
                self._large |= most > SHORT
                return found
            except Unfit as unfit:
                value = Unknown(str(unfit))
        self.reasons[name] = value.reason
        return value

    def changed(self, values: Mapping[str, Any]) -> "Bindings":
        """The same with other values for some variables."""
        other = Bindings(values, self._variables)
        other._data = {**self._data, **other._data}
        other._large |= self._large
        other.reasons = {**{name: why for name, why in self.reasons.items() if name not in values}, **other.reasons}
        return other

    def without(self, name: str, value: Any) -> "Bindings":
        """The same with parts of one variable's value left out; what is left needs no second look."""
        other = Bindings({}, self._variables)
        other._data = {**self._data, name: value} if name not in self.reasons else self._data
        other._large, other.reasons = self._large, self.reasons
        return other

    @property
    def activation(self) -> "cel.Activation":
        """The values as the engine keeps them. What an evaluation used is only freed together with them."""
        if self._large:
            return environment(self._variables).Activation(self._data)
        if self._activation is None:
            self._activation = environment(self._variables).Activation(self._data)
        return self._activation


class Program:
    """A compiled expression; `expression` is its text as it was written. Made by `compile`."""

    def __init__(self, expression: str, compiled: "cel.Expression", result: Sequence[str]) -> None:
        self.expression = expression
        self._compiled = compiled
        self._types = frozenset(TYPES[each] for each in result)

    def evaluate(self, bindings: Bindings) -> Any:
        """The result. CelEvaluationError: there is none, or it is of another type; that is never a pass."""
        try:
            found = self._compiled.eval(bindings.activation)
            value = found.value()
            if value is True or value is False:
                name = "BOOL"
            else:
                name = found.type().name().partition("<")[0]
                value = found.plain_value() if name in ("LIST", "MAP") else value
        except Exception as error:  # the engine has no exceptions of its own
            raise CelEvaluationError(explained(str(error), bindings)) from None
        if name == "ERROR":
            raise CelEvaluationError(explained(str(value), bindings))
        if self._types and name not in self._types:
            raise CelEvaluationError(f"the result is of type {name.lower()}")
        return value


TYPES = {
    "bool": "BOOL", "string": "STRING", "int": "INT", "double": "DOUBLE", "null": "NULL", "list": "LIST", "map": "MAP",
    "dyn": "DYN",
}  # fmt: skip


@lru_cache(maxsize=4096)
def compile(expression: str, scope: Scope, result: tuple[str, ...] = (), around: tuple[str, str] = ("", "")) -> Program:
    """The program of an expression whose result is of one of these types (none given: of any).

    As in the API server an expression must be of that type by what is written: one of type dyn is refused, unless
    "dyn" is among the types. `around` is what to put before and after it. CelError: it does not compile, with the place
    and the name of what is not known.
    """
    if len(expression) > LONGEST:
        raise CelError(f"the expression has more than {LONGEST:,} characters")
    if "\0" in expression:
        raise CelError("the expression has a NUL character in it")
    if any(names[:2] == BIND for _, names, _ in chains(expression)):
        raise CelError("cel.bind is not known: it is no function of Kubernetes' CEL")
    names = {(scope.prefix, each.name): f"__{scope.prefix}_{each.name}" for each in scope.definitions}
    body, places = replaced(expression, names)
    head = tail = ""
    for each in used(expression, scope):
        head += f"cel.bind({names[scope.prefix, each.name]}, ({replaced(each.expression, names)[0]}\n), "
        tail += ")"
    head, tail = head + around[0], around[1] + tail
    # The newline before the body keeps a comment at the end of a definition from swallowing it.
    text = renamed(f"{head}{body}\n{tail}", OWN, RIGHT)
    try:
        compiled = environment(scope.variables).compile(text)
        given = compiled.return_type().name()
    except Exception as error:  # the engine has no exceptions of its own
        raise refusal(str(error), expression, text, places, len(head)) from None
    wanted = {TYPES[each] for each in result}
    if wanted and given.partition("<")[0] not in wanted:
        raise CelError(f"the result must be {' or '.join(result)}, and is {given.lower()}")
    return Program(expression, compiled, result)


def used(expression: str, scope: Scope) -> list[Definition]:
    """The definitions that an expression needs, in the order in which they were made."""
    wanted = mentioned(expression, scope.prefix)
    found: list[Definition] = []
    for each in reversed(scope.definitions):
        if each.name in wanted:
            found.insert(0, each)
            wanted |= mentioned(each.expression, scope.prefix)
    return found


def mentioned(expression: str, prefix: str) -> set[str]:
    """The second names of everything that begins with `prefix`."""
    return {names[1] for _, names, _ in chains(expression) if names[0] == prefix and len(names) > 1}


def refusal(error: str, expression: str, text: str, places: Sequence[tuple[int, int]], before: int) -> CelError:
    """Why an expression does not compile, at its place in the expression as it was written."""
    match = ERROR.search(error)
    if match is None:
        return CelError(words(error.removeprefix("INVALID_ARGUMENT: ").partition("\n")[0]))
    line, column, message = int(match[1]), int(match[2]), match[3]
    lines = text.split("\n")
    offset = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1 - before
    if offset < 0:
        return CelError(words(message))
    new, old = max(each for each in places if each[0] <= offset)
    at = min(old + offset - new, len(expression))
    begun = expression.rfind("\n", 0, at) + 1
    return CelError(words(message), expression.count("\n", 0, at) + 1, at - begun + 1)


def words(message: str) -> str:
    """The engine's message on one line; what is not known is named."""
    message = message.removesuffix(" [INVALID_ARGUMENT]")
    for name, ours in OWN.items():
        message = message.replace(f"'{ours}'", f"'{name.removeprefix('.')}'")
    if match := UNDECLARED.match(message):
        name = match[1]
        if name.partition(".")[0] == "authorizer":
            return "authorizer is not supported: there is no API server to ask"
        if name.partition(".")[0] in UNSUPPORTED:
            return f"{name} is not supported here"
        return f"{name} is not known, neither as a variable here nor as a function of Kubernetes' CEL"
    return " ".join("".join(sign if sign.isprintable() else " " for sign in message).split())


def explained(error: str, bindings: Bindings) -> str:
    """Why there is no result; for a value that is not known, why it is not."""
    match = NAMED.search(error)
    if match and (reason := bindings.reasons.get(match[1])):
        return f"{match[1].replace('__had', 'oldSelf')} {reason}"
    text = words(error)
    if "Non-CEL value type" in text:
        return "a value has no type in CEL"  # the engine's words quote it
    return re.sub(r"^[A-Z_]+: |\s\[[A-Z_]+\]$", "", text)
