"""The published JSON Schema of `tidegate.yaml` (draft 2020-12), which is also what the file is validated against."""

import json
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["UNBUILT", "schema"]

UNBUILT = frozenset(
    {
        "adopt",
        "deletions",
        "expire",
        "freeze",
        "hooks",
        "ignore",
        "namespace",
        "require",
        "rollback",
        "unit",
        "was",
    }
)
"""Keys that the design knows and this version does not carry out: refused by name, never ignored."""


@cache
def schema() -> dict[str, Any]:
    """The schema as a value. It must not be changed by its reader."""
    text = resources.files("bot.config").joinpath("tidegate.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
