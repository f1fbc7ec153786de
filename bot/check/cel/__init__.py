"""CEL as the API server has it: expressions over JSON values.

Kubernetes' own functions are there but `authorizer`. Whatever has no result is an error, never a value.
"""

from bot.check.cel.engine import Bindings, Definition, Program, Scope, compile
from bot.check.cel.rules import ABSENT, Broken, Rule, Subject, rule_of
from bot.check.cel.values import Unknown

__all__ = [
    "ABSENT",
    "Bindings",
    "Broken",
    "Definition",
    "Program",
    "Rule",
    "Scope",
    "Subject",
    "Unknown",
    "compile",
    "rule_of",
]
