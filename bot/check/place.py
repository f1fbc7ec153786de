"""Findings at their places: in the file that an object came from, where it came from one."""

from typing import Literal

from bot.check.problem import Path
from bot.model.plan import Finding
from bot.model.resource import Resource

__all__ = ["SCHEMAS", "Level", "finding"]

SCHEMAS = "schemas"
"""The name that findings about schemas carry."""

Level = Literal["error", "unknown", "warning", "notice"]


def finding(resource: Resource, level: Level, message: str, fix: str, at: Path, rule: str = "") -> Finding:
    """A finding at a place of an object."""
    origin = resource.origin
    line, column = (origin.locate(at) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    return Finding(
        check=SCHEMAS, level=level, message=message, fix=fix, resource=resource.id, rule=rule,
        path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip
