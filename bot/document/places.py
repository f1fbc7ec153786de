"""Where the keys and items of a document stand, found only when somebody asks.

Most documents are never asked, so positions are not kept while values are built: the first question reads the file
again.
"""

from collections.abc import Callable, Iterator, Sequence

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from yaml.nodes import Node

from bot.document.build import place
from bot.document.quick import located
from bot.document.scalar import is_merge, key_text

__all__ = ["Place", "Places", "Reading"]


class _Node:
    """A value's place and, for a collection, its parts: (place of the key or item, the part itself) by key or index."""

    __slots__ = ("at", "parts")

    def __init__(self, at: tuple[int, int], parts: dict[str | int, tuple[tuple[int, int], "_Node"]] | None) -> None:
        self.at, self.parts = at, parts


Reading = tuple[Iterator[Event], Sequence[Node] | None]
"""A file's events, and the roots of its documents where they can be composed."""


class Places:
    """The places of one file's documents. `read` reads the file again, which was read without error before."""

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read
        self._reading: Reading | None = None
        self._roots: dict[tuple[int, int], _Node] | None = None

    def __reduce__(self) -> tuple[type["Places"], tuple[Callable[[], Reading]]]:
        # what was found is not taken along to another process: it is found again if somebody asks there
        return Places, (self._read,)

    def at(self, root: tuple[int, int], path: tuple[str | int, ...]) -> tuple[int, int]:
        """The place of `path` in the document whose root is at `root`; of the nearest parent if there is none."""
        if self._reading is None:
            self._reading = self._read()
        events, composed = self._reading
        if composed is not None and (place := located(composed, root, path)):
            return place
        if self._roots is None:
            self._roots = {node.at: node for node in _Walk(events).roots()}
        node = self._roots[root]
        found = node.at
        for step in path:
            part = node.parts.get(step) if node.parts else None
            if part is None:
                break
            found, node = part
        return found


class Place:
    """`bot.model.resource.Locate` for one document of a file."""

    __slots__ = ("_places", "_root")

    def __init__(self, places: Places, root: tuple[int, int]) -> None:
        self._places, self._root = places, root

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """(line, column) of a key or item, both from 1."""
        return self._places.at(self._root, path)


class _Walk:
    """One pass over a file's events. It may recurse: the builder has let nothing through that is nested too deeply."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, _Node] = {}
        self._texts: dict[str, str] = {}

    def roots(self) -> Iterator[_Node]:
        for event in self._events:
            if isinstance(event, NodeEvent):
                yield self._node(event)

    def _node(self, event: Event) -> _Node:
        if isinstance(event, AliasEvent):
            return self._anchors[event.anchor or ""]
        node = _Node(place(event), {} if isinstance(event, CollectionStartEvent) else None)
        if isinstance(event, MappingStartEvent):
            self._mapping(node)
        elif isinstance(event, CollectionStartEvent):
            self._sequence(node)
        elif isinstance(event, ScalarEvent) and event.anchor is not None:
            self._texts[event.anchor] = event.value
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, node: _Node) -> None:
        assert node.parts is not None
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            node.parts[len(node.parts)] = (place(event), self._node(event))

    def _mapping(self, node: _Node) -> None:
        assert node.parts is not None
        merged: list[_Node] = []
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                break
            key = self._key(event)
            following = next(self._events)
            value = self._node(following)
            if key is not None:
                node.parts[key] = (place(event), value)
            elif isinstance(following, SequenceStartEvent):
                merged = [part for _, part in (value.parts or {}).values()]
            else:
                merged = [value]
        for source in merged:
            for name, part in (source.parts or {}).items():
                node.parts.setdefault(name, part)

    def _key(self, event: Event) -> str | None:
        """The key's text; None for the merge key."""
        if isinstance(event, AliasEvent):
            return self._texts[event.anchor or ""]
        assert isinstance(event, ScalarEvent)
        if is_merge(event.tag, event.implicit[0], event.value):
            return None
        text = key_text(event.tag, event.implicit[0], event.value)
        if event.anchor is not None:
            self._texts[event.anchor] = text
            self._anchors[event.anchor] = _Node(place(event), None)
        return text
