"""The gate: facts and rules → a `Verdict` tree with a reason, who can satisfy it and the next command at every node.

Banned here: I/O, clocks, and anything that cannot be computed from its arguments.
"""

from bot.gate.consent import agreed_rule, who_agreed
from bot.gate.decide import decide
from bot.gate.people import explain_person, why_not

__all__ = ["agreed_rule", "decide", "explain_person", "who_agreed", "why_not"]
