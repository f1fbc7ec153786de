"""Finding text in CEL: `"v1.2".find("[0-9]+")`, by the expressions that Go understands.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-regex-library
"""

from functools import lru_cache
from typing import Any

from bot.check.cel.library.declare import Function, method

__all__ = ["FUNCTIONS", "compiled"]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The expression, as RE2 reads it, in time that grows no faster than the text. ValueError: it is none."""
    import re2  # a server that evaluates nothing does not carry it

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        raise ValueError("not a regular expression") from None


def find(text: str, pattern: str) -> str:
    """The first match, or nothing."""
    match = compiled(pattern).search(text)
    return match.group(0) if match else ""


def find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    """All matches, or the first `most`; an empty one right behind another does not count, as in Go."""
    found: list[str] = []
    end = -1
    for match in compiled(pattern).finditer(text):
        if 0 <= most <= len(found):
            break
        if match.group(0) or match.start() != end:
            found.append(match.group(0))
        end = match.end()
    return found


FUNCTIONS: tuple[Function, ...] = (
    method("find", "string string", "string", find),
    method("findAll", "string string", "list<string>", find_all),
    method("findAll", "string string int", "list<string>", find_all),
)
