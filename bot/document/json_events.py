"""JSON (RFC 8259) as the events that YAML is built from, so that both have the same limits, positions and errors.

A file may hold several values one after the other, as kubectl accepts them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from yaml.error import Mark
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bot.document.text import Lines
from bot.errors import DocumentError

__all__ = ["json_events"]

TOKEN = re.compile(
    r"(?P<sign>[\[\]{},:])"
    r'|(?P<string>"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>true|false|null)(?![0-9A-Za-z_])"
)
BLANK = re.compile(r"[ \t\r\n]*")
SURROGATE = re.compile("[\ud800-\udfff]")

VALUE, FIRST_ITEM, FIRST_KEY, KEY, COLON, NEXT = "a value", 'a value or "]"', 'a key or "}"', "a key", '":"', "more"


def json_events(text: str) -> Iterator[Event]:
    """The events of every value in `text`. DocumentError: not JSON, with the place and what was expected there."""
    return _Scanner(text).events()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._open: list[str] = []
        self._expected = VALUE

    def events(self) -> Iterator[Event]:
        position = self._skip(0)
        while position < len(self._text):
            if not self._open:
                yield DocumentStartEvent(self._mark(position))
            token = TOKEN.match(self._text, position)
            if token is None:
                self._refuse(position)
            event = self._sign(token) if token.lastgroup == "sign" else self._scalar(token)
            if event is not None:
                yield event
            if not self._open and self._expected == NEXT:
                yield DocumentEndEvent(self._mark(position))
                self._expected = VALUE
            position = self._skip(token.end())
        if self._open:
            self._refuse(position)

    def _skip(self, position: int) -> int:
        blank = BLANK.match(self._text, position)
        return blank.end() if blank else position

    def _sign(self, token: re.Match[str]) -> Event | None:
        sign, at = token[0], token.start()
        if sign in "{[" and self._expected in (VALUE, FIRST_ITEM):
            self._open.append(sign)
            self._expected = FIRST_KEY if sign == "{" else FIRST_ITEM
            start = MappingStartEvent if sign == "{" else SequenceStartEvent
            return start(None, None, True, self._mark(at))
        inside = self._open[-1] if self._open else ""
        if sign == "}" and inside == "{" and self._expected in (NEXT, FIRST_KEY):
            return self._end(MappingEndEvent, at)
        if sign == "]" and inside == "[" and self._expected in (NEXT, FIRST_ITEM):
            return self._end(SequenceEndEvent, at)
        if sign == "," and self._expected == NEXT:
            self._expected = KEY if inside == "{" else VALUE
        elif sign == ":" and self._expected == COLON:
            self._expected = VALUE
        else:
            self._refuse(at)
        return None

    def _end(self, kind: type[MappingEndEvent] | type[SequenceEndEvent], at: int) -> Event:
        self._open.pop()
        self._expected = NEXT
        return kind(self._mark(at))

    def _scalar(self, token: re.Match[str]) -> Event:
        is_string, at = token.lastgroup == "string", token.start()
        if self._expected in (KEY, FIRST_KEY) and is_string:
            self._expected = COLON
        elif self._expected in (VALUE, FIRST_ITEM):
            self._expected = NEXT
        else:
            self._refuse(at)
        text = self._string(token[0], at) if is_string else token[0]
        if token.lastgroup == "number" and float(text) in (float("inf"), float("-inf")):
            raise DocumentError("the number is too large for a 64-bit float", *self._lines.at(at))
        return ScalarEvent(None, None, (not is_string, is_string), text, self._mark(at))

    def _string(self, token: str, at: int) -> str:
        if "\\" not in token:
            return token[1:-1]
        text: str = json.loads(token)
        if SURROGATE.search(text):
            raise DocumentError("a string has half of a surrogate pair, which is no character", *self._lines.at(at))
        return text

    def _mark(self, position: int) -> Mark:
        line, column = self._lines.at(position)
        arguments: tuple[Any, ...] = ("", position, line - 1, column - 1, None, 0)
        return Mark(*arguments)

    def _refuse(self, position: int) -> NoReturn:
        closing = {"{": '"," or "}"', "[": '"," or "]"'}
        expected = closing[self._open[-1]] if self._expected == NEXT and self._open else self._expected
        where = "the file ends" if position >= len(self._text) else "something else stands here"
        raise DocumentError(f"not valid JSON: {expected} is expected, but {where}", *self._lines.at(position))
