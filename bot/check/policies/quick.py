"""Many policies asked at once: one evaluation that says whether there is anything to look into.

Most objects break nothing. For them one expression holds that joins all validations, each behind its policy's match
conditions. Where it does not hold, or has no result, every policy is asked by itself.
"""

from bot.check.cel.engine import Bindings, Definition, Program, Scope, compile
from bot.check.cel.source import replaced
from bot.check.policies.policy import VARIABLES, Policy
from bot.errors import CelError, CelEvaluationError

__all__ = ["nothing_to_find", "programs"]

LONGEST = 12_000
"""Characters of one joined expression, without the definitions."""


def nothing_to_find(joined: tuple[Program, ...], bindings: Bindings) -> bool:
    """Whether all policies that were joined hold, or do not apply; False: they must be asked one by one."""
    try:
        return all(program.evaluate(bindings) for program in joined)
    except CelEvaluationError:
        return False


def programs(policies: tuple[Policy, ...]) -> tuple[Program, ...]:
    """The joined expressions of policies; one that never holds where they cannot be joined."""
    definitions: list[Definition] = []
    texts: list[str] = []
    for number, policy in enumerate(policies):
        own, text = joined(policy, f"p{number}_")
        definitions += own
        if not texts or len(texts[-1]) + len(text) > LONGEST:
            texts.append(text)
        else:
            texts[-1] += f"\n&& {text}"
    scope = Scope(variables=VARIABLES, definitions=tuple(definitions))
    try:
        return tuple(compile(text, scope, ("bool",)) for text in texts)
    except CelError:  # each of them compiles by itself, but all of them may be too much
        return (compile("false", scope, ("bool",)),)


def joined(policy: Policy, prefix: str) -> tuple[list[Definition], str]:
    """A policy's definitions under names of their own, and its validations as one expression."""
    names = {(policy.scope.prefix, each.name): f"variables.{prefix}{each.name}" for each in policy.scope.definitions}

    def renamed(expression: str) -> str:
        return replaced(expression, names)[0]

    # A newline ends a comment that an expression may end in. An error of a condition must not be swallowed by an ||.
    conditions = " && ".join(f"({renamed(each.expression)}\n)" for each in policy.conditions)
    validations = " && ".join(f"({renamed(each.program.expression)}\n)" for each in policy.validations)
    # Whatever would be written to an audit log needs a result too.
    audits = [f"(dyn({renamed(each.expression)}\n) != {{}})" for each in policy.audits]
    text = " && ".join([validations, *audits] if validations else audits)
    own = [
        Definition(name=f"{prefix}{each.name}", expression=renamed(each.expression))
        for each in policy.scope.definitions
    ]
    return own, f"(({conditions}) ? ({text}) : true)" if conditions else f"({text})"
