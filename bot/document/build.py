"""Events → values. Every limit is checked when an event arrives, so nothing beyond it is ever built.

PyYAML's own composer is not used: it recurses in C, which a deeply nested document crashes, and it refuses an anchor
that is set twice, which YAML allows. Here a stack of open collections is kept instead, and nothing recurses.
"""

from collections.abc import Callable
from typing import Any

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.nodes import Node

from bot.document.scalar import Scalar, is_merge, key_text, plain, tagged
from bot.document.text import quoted
from bot.document.value import Limits, Root
from bot.errors import DocumentError

__all__ = ["Builder", "place"]

NO_KEY, MERGE_KEY = object(), object()


class _Open:
    """A collection whose end was not seen yet."""

    __slots__ = ("anchor", "before", "height", "key", "lines", "merged", "value")

    def __init__(self, value: Any, anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.height = 1
        self.key: Any = NO_KEY
        self.lines: list[int] = []
        self.merged: dict[str, Any] | None = None


class _Anchored:
    """What an anchor names: a value, how many nodes it stands for, and how deep it is; open until its end was seen."""

    __slots__ = ("closed", "height", "size", "value")

    def __init__(self, value: Any, size: int, height: int, closed: bool) -> None:
        self.value, self.size, self.height, self.closed = value, size, height, closed


class Builder:
    """Takes the events of a file one by one; `roots` holds (value, place) of every document that was completed."""

    def __init__(self, limits: Limits) -> None:
        self.roots: list[Root] = []
        self._limits = limits
        self._nodes = 0
        self._aliases = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._root: Root = (None, (1, 1))
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            StreamStartEvent: self._ignore,
            StreamEndEvent: self._ignore,
            DocumentStartEvent: self._begin,
            DocumentEndEvent: self._complete,
            ScalarEvent: self._scalar,
            AliasEvent: self._alias,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
        }

    def take(self, event: Event) -> None:
        """The next event. DocumentError: beyond a limit, a key set twice, or a value that kubectl would not take."""
        try:
            self._handlers[type(event)](event)
        except ValueError as problem:
            raise DocumentError(str(problem), *place(event)) from None

    def _ignore(self, _: Event) -> None:
        pass

    def _begin(self, _: DocumentStartEvent) -> None:
        self._anchors.clear()

    def _complete(self, _: DocumentEndEvent) -> None:
        if self._root[0] is not None:
            self.roots.append(self._root)

    def _scalar(self, event: ScalarEvent) -> None:
        self._count(1)
        top = self._stack[-1] if self._stack else None
        text, tag, is_plain = event.value, event.tag, event.implicit[0]
        if top is not None and top.key is NO_KEY and type(top.value) is dict:
            if is_merge(tag, is_plain, text):
                self._merge_key(top)
                return
            self._key(top, key_text(tag, is_plain, text), event)
            if event.anchor is not None:
                # as a value it is what it would be in a value's place: `&x 1: a` makes *x a number
                self._anchors[event.anchor] = _Anchored(_scalar_value(tag, is_plain, text), 1, 0, True)
            return
        value = _scalar_value(tag, is_plain, text)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, 1, 0, True)
        self._add(value, 0, event)

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and top.key is NO_KEY and type(top.value) is dict:
            raise ValueError("a key is a list or a mapping; a key must be text")
        if len(self._stack) >= self._limits.depth:
            raise ValueError(f"more than {self._limits.depth} lists and mappings are nested in one another")
        opened = _Open({} if isinstance(event, MappingStartEvent) else [], event.anchor, self._nodes)
        self._count(1)
        self._add(opened.value, 1, event)
        self._stack.append(opened)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(opened.value, 0, 0, False)

    def _close(self, _: CollectionEndEvent) -> None:
        done = self._stack.pop()
        if done.merged:
            for key, value in done.merged.items():
                done.value.setdefault(key, value)
        if done.anchor is not None:
            size = self._nodes - done.before
            self._anchors[done.anchor] = _Anchored(done.value, size, done.height, True)
        if self._stack:
            top = self._stack[-1]
            top.height = max(top.height, done.height + 1)
            if top.key is MERGE_KEY:
                self._merge(top, done.value)

    def _alias(self, event: AliasEvent) -> None:
        self._aliases += 1
        if self._aliases > self._limits.aliases:
            raise ValueError(f"more than {self._limits.aliases} aliases are used in one file")
        name = event.anchor or ""
        found = self._anchors.get(name)
        if found is None:
            raise ValueError("an alias has no anchor before it in this document; quote a text that begins with *")
        if not found.closed:
            raise ValueError(f"the alias {quoted(name)} stands inside its own anchor, so it would never end")
        self._count(found.size)
        if len(self._stack) + found.height > self._limits.depth:
            raise ValueError(f"more than {self._limits.depth} lists and mappings are nested through aliases")
        top = self._stack[-1] if self._stack else None
        if top is not None and top.key is NO_KEY and type(top.value) is dict:
            if not isinstance(found.value, str):
                raise ValueError(f"the alias {quoted(name)} is used as a key but is not text")
            self._key(top, found.value, event)
            return
        self._add(found.value, found.height, event)
        if top is not None and top.key is MERGE_KEY:
            self._merge(top, found.value)

    def _key(self, top: _Open, key: str, event: Event) -> None:
        line = place(event)[0]
        if key in top.value:
            first = top.lines[list(top.value).index(key)]
            raise ValueError(f"key {quoted(key)} is set twice (first at line {first})")
        # Reserving the place now keeps `lines` in step with the keys, whatever the value turns out to be.
        top.value[key] = None
        top.lines.append(line)
        top.key = key

    def _merge_key(self, top: _Open) -> None:
        if top.merged is not None:
            raise ValueError('key "<<" is set twice; give it one list of the mappings to merge')
        top.merged = {}
        top.key = MERGE_KEY

    def _merge(self, top: _Open, value: Any) -> None:
        top.key = NO_KEY
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in sources):
            raise ValueError('"<<" merges mappings only: a mapping, an alias of one, or a list of those')
        assert top.merged is not None
        for source in sources:
            for key, merged in source.items():
                if key in top.value:
                    # YAML keeps the key here and kubectl the merged value, so neither reading is right for everyone.
                    raise ValueError(f'key {quoted(key)} stands before a "<<" that sets it too; move "<<" to the top')
                top.merged.setdefault(key, merged)

    def _add(self, value: Any, height: int, event: NodeEvent) -> None:
        if not self._stack:
            self._root = (value, place(event))
            return
        top = self._stack[-1]
        top.height = max(top.height, height + 1)
        if type(top.value) is list:
            top.value.append(value)
        elif top.key is MERGE_KEY:
            if isinstance(event, ScalarEvent):
                self._merge(top, value)
        else:
            top.value[top.key] = value
            top.key = NO_KEY

    def _count(self, more: int) -> None:
        self._nodes += more
        if self._nodes > self._limits.nodes:
            raise ValueError(f"the file stands for more than {self._limits.nodes:,} keys and values, aliases included")


def _scalar_value(tag: str | None, is_plain: bool, text: str) -> Scalar:
    if tag is not None:
        return tagged(tag, text)
    return plain(text) if is_plain else text


def place(begun: Event | Node) -> tuple[int, int]:
    """(line, column) at which an event or a node begins, both from 1."""
    mark = begun.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
