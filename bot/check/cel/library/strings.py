"""Parts of text as cel-go has them, by characters: `"a-b".substring(2, 3)`.

https://pkg.go.dev/github.com/google/cel-go/ext#Strings
The engine's own refuse an end that is the text's length and any place behind the text.
"""

from bot.check.cel.library.declare import Function, method

__all__ = ["FUNCTIONS"]


def tail(text: str, start: int) -> str:
    """Everything from a place on."""
    return part(text, start, len(text))


def part(text: str, start: int, end: int) -> str:
    """What is from one place up to another. ValueError: there are no such places."""
    for each in (start, end):
        if not 0 <= each <= len(text):
            raise ValueError(f"index out of range: {each}")
    if start > end:
        raise ValueError(f"invalid substring range. start: {start}, end: {end}")
    return text[start:end]


def first(text: str, wanted: str, start: int = 0) -> int:
    """Where a text stands first at or behind a place, or -1. Nothing stands at that place itself, wherever that is."""
    if not wanted:
        return start
    if start < 0:
        raise ValueError(f"index out of range: {start}")
    return text.find(wanted, start)


def last(text: str, wanted: str, start: int) -> int:
    """Where a text stands last at or before a place, or -1, also where the place is behind the end."""
    if not wanted:
        return start
    if start < 0:
        raise ValueError(f"index out of range: {start}")
    return text.rfind(wanted, 0, start + len(wanted)) if start < len(text) else -1


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """The parts between separators, no more than `most` where that is not negative; nothing separates characters."""
    if most == 0:
        return []
    if separator:
        return text.split(separator, most - 1 if most > 0 else -1)
    parts = list(text)
    return parts if most < 0 or len(parts) <= most else [*parts[: most - 1], text[most - 1 :]]


FUNCTIONS: tuple[Function, ...] = (
    method("substring", "string int", "string", tail),
    method("substring", "string int int", "string", part),
    method("indexOf", "string string", "int", first),
    method("indexOf", "string string int", "int", first),
    method("lastIndexOf", "string string", "int", lambda text, wanted: text.rfind(wanted)),
    method("lastIndexOf", "string string int", "int", last),
    method("split", "string string", "list<string>", split),
    method("split", "string string int", "list<string>", split),
)
