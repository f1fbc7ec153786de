"""Functions in templates: where one is called, and what is to stand in its place."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["actions", "called", "replacing"]

ACTION = re.compile(rb"\{\{.*?\}\}", re.DOTALL)
QUOTED = rb'"(?:\\.|[^"\\\n])*"|`[^`]*`'


def actions(data: bytes) -> Iterator[re.Match[bytes]]:
    """The actions of a template, each from its braces to its braces."""
    return ACTION.finditer(data, 0, end(data))


def end(data: bytes) -> int:
    """Where the last action ends. Behind it, every brace would be looked for an end in vain."""
    return data.rfind(b"}}") + 2


def called(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Finds one of these functions, and no field or variable of such a name."""
    return re.compile(rb"(?<![\w.$])(?:%s)(?!\w)" % b"|".join(names))


def replacing(others: Mapping[bytes, bytes]) -> Callable[[bytes], bytes]:
    """What makes of a template the same one with other expressions in the place of functions, but within quotes."""
    token = re.compile(rb"%s|%s" % (QUOTED, called(others).pattern))

    def change(data: bytes) -> bytes:
        found = ACTION.sub(
            lambda action: token.sub(lambda each: others.get(each[0], each[0]), action[0]), data[: end(data)]
        )
        return found + data[end(data) :]

    return change
