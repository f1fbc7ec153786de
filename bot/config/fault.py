"""One thing that is wrong with `tidegate.yaml`, before it has a line and a column."""

from typing import NamedTuple

__all__ = ["Fault", "Path", "escaped", "shown"]

Path = tuple[str | int, ...]
"""Keys and indices from the document's root."""

LONGEST_SHOWN = 80


class Fault(NamedTuple):
    """Where, what, and what to do about it."""

    path: Path
    message: str
    fix: str = ""


def shown(path: Path) -> str:
    """A path of keys as people write it, in quotes: "prod.approvals.count"."""
    if not path:
        return "the file"
    if len(path) > 1 and path[0] == "environments":
        path = path[1:]
    return escaped("".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:])


def escaped(text: str) -> str:
    """Text of a file in quotes, what cannot be printed escaped, cut when it is long."""
    text = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return '"' + "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text) + '"'
