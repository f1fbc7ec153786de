"""Reading JSON whose shape is GitHub's promise and not ours: every access is checked, nothing is assumed.

The same readers serve webhook payloads and API answers; ShapeError says which field was not as documented.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.errors import TemporaryError
from bot.model.noun import Json, Sha

__all__ = ["ShapeError", "integer", "items", "mapping", "moment", "optional_mapping", "repository_path", "sha", "text"]

BIGGEST = 2**63 - 1
SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)
PATH = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9._-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", re.ASCII)


class ShapeError(TemporaryError):
    """A field is missing or is not what GitHub documents: `problem` names the field and never its value.

    As an answer's error it is temporary: a proxy's or an outage's answers pass, and nothing was learnt from this one.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(f"GitHub sent something unexpected: {problem}")
        self.problem = problem


def mapping(value: Any, name: str) -> Json:
    """The JSON object at `name`."""
    found = optional_mapping(value, name)
    if found is None:
        raise ShapeError(f"{name!r} is not an object")
    return found


def optional_mapping(value: Any, name: str) -> Json | None:
    """The JSON object at `name`, or None where GitHub says null or nothing."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else None


def items(value: Any, name: str) -> list[Json]:
    """The objects of the list at `name`; what is not an object is left out, no list is an empty one."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def integer(value: Json, name: str) -> int:
    """The positive id at `name`: what a 64-bit column can hold."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= BIGGEST:
        raise ShapeError(f"{name!r} is not an id")
    return found


def text(value: Json, name: str) -> str:
    """The string at `name`; null and nothing are "". NUL and lone surrogates, which no store holds, become U+FFFD."""
    found = value.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise ShapeError(f"{name!r} is not text")
    return re.sub("[\x00\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", found)


def moment(value: Json, name: str) -> datetime:
    """The time at `name`, in UTC."""
    found = value.get(name)
    try:
        at = datetime.fromisoformat(found) if isinstance(found, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 has no hours before its first in UTC
        pass
    raise ShapeError(f"{name!r} is not a time with its zone")


def sha(value: Json, name: str) -> Sha:
    """The full commit id at `name`."""
    found = value.get(name)
    if not isinstance(found, str) or not SHA.fullmatch(found):
        raise ShapeError(f"{name!r} is not a commit id")
    return Sha(found)


def repository_path(value: str) -> str:
    """`owner/name`, safe to put into a URL's path as it is."""
    if not PATH.fullmatch(value):
        raise ShapeError("'full_name' is not owner/name")
    return value
