"""Validation rules of a CustomResourceDefinition's schema: `x-kubernetes-validations`.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

from bot.check.cel.engine import Bindings, Program, Scope, compile
from bot.check.cel.source import chains
from bot.check.cel.typed import typed
from bot.check.cel.unordered import arranged, minds_order
from bot.check.cel.values import ABSENT, Unknown
from bot.errors import CelError, CelEvaluationError
from bot.model.noun import noun

__all__ = ["Broken", "Rule", "Subject", "rule_of"]

VARIABLES = frozenset({("self", "dyn"), ("oldSelf", "dyn"), ("__had", "bool")})
SCOPE = Scope(variables=VARIABLES)
# The engine cannot be given optionals, so they are made inside of it.
OPTIONAL = ("cel.bind(oldSelf, __had ? optional.of(oldSelf) : optional.none(),\n", ")")
STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*(?:'([^']*)'|\"([^\"]*)\")\s*\]")
KNOWN = frozenset({"rule", "message", "messageExpression", "reason", "fieldPath", "optionalOldSelf"})


class Subject:
    """A value that rules are applied to, and what it was before: a value, `ABSENT`, or `Unknown`.

    `schema` is the structural schema of the value. One subject serves all rules of the schema's node.
    """

    def __init__(self, value: Any, schema: Mapping[str, Any], old: Any = ABSENT) -> None:
        self.value, self.schema, self.old = value, schema, old
        self.had = old is not ABSENT
        had: Any = self.had
        before = typed(old, schema) if self.had else None
        if isinstance(old, Unknown):
            before = had = old
        self.bindings = Bindings({"self": typed(value, schema), "oldSelf": before, "__had": had}, VARIABLES)

    @cached_property
    def unordered(self) -> Bindings:
        """The same for rules that do not mind the order of lists: of some lists an API server does not mind it."""
        if not self.had or isinstance(self.old, Unknown):
            return self.bindings
        other = arranged(self.old, self.value, self.schema)
        return self.bindings if other == self.old else self.bindings.changed({"oldSelf": typed(other, self.schema)})


@noun
class Broken:
    """A rule does not hold: what to say, and where below the value (names of fields)."""

    message: str
    path: tuple[str, ...] = ()


@noun
class Rule:
    """One rule. `transition`: it compares with the old value, and holds where there is none.

    `ordered`: its result may depend on the order of lists.
    """

    program: Program
    saying: Program | None
    message: str
    path: tuple[str, ...]
    transition: bool
    ordered: bool

    def broken(self, subject: Subject) -> Broken | None:
        """What is wrong with the value; None: the rule holds. CelEvaluationError: nobody can tell."""
        if self.transition and not subject.had:
            return None
        if self.program.evaluate(subject.bindings if self.ordered else subject.unordered):
            return None
        said = ""
        if self.saying:
            with suppress(CelEvaluationError):  # the API server then says the other message too
                said = self.saying.evaluate(subject.bindings).strip()
        return Broken(message=said if said and "\n" not in said else self.message, path=self.path)


def rule_of(validation: Mapping[str, Any]) -> Rule:
    """The rule that one item of `x-kubernetes-validations` describes. CelError: it cannot be used, and why."""
    surplus = sorted(validation.keys() - KNOWN)
    if surplus:
        raise CelError(f"the field {surplus[0]} of a validation rule is not supported")
    text, saying = str(validation.get("rule", "")), validation.get("messageExpression")
    optional = validation.get("optionalOldSelf") is True
    return Rule(
        program=compiled(text, ("bool", "dyn"), optional),
        saying=compiled(str(saying), ("string", "dyn"), optional) if saying else None,
        message=str(validation.get("message") or f"failed rule: {' '.join(text.split())}"),
        path=path_of(str(validation.get("fieldPath", ""))),
        transition=not optional and any(names[0] == "oldSelf" for _, names, _ in chains(text)),
        ordered=minds_order(text),
    )


def compiled(text: str, result: tuple[str, ...], optional: bool) -> Program:
    """The program of a rule or its message, with `oldSelf` as an optional where that is asked for."""
    return compile(text, SCOPE, result, OPTIONAL if optional else ("", ""))


def path_of(text: str) -> tuple[str, ...]:
    """`.spec['a.b'].c` as names. CelError: it is no such path."""
    names, at = [], 0
    while at < len(text):
        match = STEP.match(text, at)
        if match is None:
            raise CelError("fieldPath is no path of fields, such as .spec.replicas")
        names.append(next(each for each in match.groups() if each is not None))
        at = match.end()
    return tuple(names)
