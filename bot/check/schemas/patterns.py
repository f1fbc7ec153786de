"""Go's regular expressions, by the library that Go's own was modelled on: in time linear in the text."""

from functools import lru_cache
from typing import Any

import re2

__all__ = ["BadPattern", "GoPattern", "go_pattern"]

LONGEST = 10_000  # signs of a pattern; the longest in use have some hundred
MEMORY = 4 << 20  # bytes of one compiled pattern


class BadPattern(ValueError):
    """A pattern that cannot be compiled; the text says why."""


@lru_cache(maxsize=4096)
def go_pattern(pattern: str) -> Any:
    """The compiled pattern, to be searched for. BadPattern: it is none, or too large."""
    if len(pattern) > LONGEST:
        raise BadPattern("it is too long")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        said = error.args[0] if error.args else ""
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise BadPattern(text) from None


class GoPattern:
    """`goPattern`: JSON Schema's `pattern` with Go's syntax, which has `(?i)` anywhere and no look-around."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        del parent_schema, schema_path
        self.search = go_pattern(value).search

    def validate(self, instance: Any) -> None:
        """ValueError: the text does not match."""
        if isinstance(instance, str) and self.search(instance) is None:
            raise ValueError
