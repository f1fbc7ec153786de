"""Comments → commands or a refusal with a suggestion. Pure.

Banned here: who may do what, and anything that needs the forge or the store.
"""

from bot.command.parse import Command, Parsed, Refusal, parse
from bot.command.reference import VERBS, Verb, reference
from bot.command.resolve import resolve

__all__ = ["VERBS", "Command", "Parsed", "Refusal", "Verb", "parse", "reference", "resolve"]
