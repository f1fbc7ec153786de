"""Rego policies in the repository's policy folders, evaluated by the operator's conftest or opa in the jail."""

from bot.check.rego.check import Rego

__all__ = ["Rego"]
