"""Functions in templates: where one is called, and what is to stand in its place."""

import re
from collections.abc import Callable, Iterable, Mapping

__all__ = ["ACTION", "called", "replacing"]

ACTION = re.compile(rb"\{\{.*?\}\}", re.DOTALL)
QUOTED = rb'"(?:\\.|[^"\\\n])*"|`[^`]*`'


def called(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Finds one of these functions, and no field or variable of such a name."""
    return re.compile(rb"(?<![\w.$])(?:%s)(?!\w)" % b"|".join(names))


def replacing(others: Mapping[bytes, bytes]) -> Callable[[bytes], bytes]:
    """What makes of a template the same one with other expressions in the place of functions, but within quotes."""
    token = re.compile(rb"%s|%s" % (QUOTED, called(others).pattern))

    def change(data: bytes) -> bytes:
        return ACTION.sub(lambda action: token.sub(lambda each: others.get(each[0], each[0]), action[0]), data)

    return change
