"""Functions in templates: where one is called, and what is to stand in its place."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["SKIPPED", "actions", "called", "replacing", "rewritten"]

SKIPPED = rb'\\.|"(?:\\.|[^"\\\n])*+"|`[^`]*+`|\'(?:\\.|[^\'\\\n])*+\''
"""Texts and characters in an action, as Go reads them (its `text/template/parse/lex.go`).

A quote behind a backslash begins none: in a file of values, the whole action may stand in a text.
"""

COMMENT = rb"(?:-\s)?/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/(?:\s-)?"
WHOLE = re.compile(
    rb"(?s:\{\{(?:(?P<comment>%s)|(?!(?:-\s)?/\*)(?:[^\\\"\'`}]++|%s|(?!\}\}).)*+)\}\})" % (COMMENT, SKIPPED)
)
TORN = re.compile(rb"(?s:\{\{.*?\}\})")


def actions(data: bytes) -> Iterator[re.Match[bytes]]:
    """The actions of a template but its comments, each from its braces to its braces.

    Where one has no end, no template is left: what follows is text, in which an action ends at the next braces. So
    that is looked for once, and not from every brace.
    """
    at, form = 0, WHOLE
    while (start := data.find(b"{{", at)) >= 0:
        found = form.match(data, start)
        if found is None:
            if form is TORN:
                return
            form, at = TORN, start
            continue
        if form is TORN or found["comment"] is None:
            yield found
        at = found.end()


def called(names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Finds one of these functions, and no field or variable of such a name."""
    return re.compile(rb"(?<![\w.$])(?:%s)(?!\w)" % b"|".join(names))


def rewritten(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A template with each action as `change` has it."""
    parts, last = [], 0
    for action in actions(data):
        parts += [data[last : action.start()], change(action[0])]
        last = action.end()
    return b"".join((*parts, data[last:]))


def replacing(others: Mapping[bytes, bytes]) -> Callable[[bytes], bytes]:
    """What makes of a template the same one with other expressions in the place of functions, but within quotes."""
    token = re.compile(rb"%s|%s" % (SKIPPED, called(others).pattern))

    def change(action: bytes) -> bytes:
        return token.sub(lambda each: others.get(each[0], each[0]), action)

    return lambda data: rewritten(data, change)
