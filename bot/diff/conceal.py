"""Taking what a scanner finds out of a change: a key in a ConfigMap is as secret as one in a Secret."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.diff.mask import CHANGED, NEW, SAME, SECRET
from bot.diff.paired import ABSENT, each_item, each_key, present, value_of
from bot.diff.pointer import key_of, token
from bot.model.plan import Change, FieldChange

__all__ = ["conceal", "lines_of", "pieces"]

Find = Callable[[bytes], Iterable[str]]
"""Bytes → the texts in them that nobody may see."""

LEAST_PIECE = 6
"""Signs of a line that are worth hiding by themselves."""

FEW = 32
"""Texts that are looked for one after the other; where there are more, a place is looked at once for all of them."""


def conceal(change: Change, find: Find, known: Collection[str] = ()) -> Change:
    """The change with markers in the place of what `find` sees in either of its sides; what is around it stays.

    The rest of a text is as much worth reading as before: a line of a script shows that its password changed. What
    was unequal stays unequal, as with `mask`. `known` are texts that nobody may see either, seen elsewhere.
    """
    sides = change.before, change.after
    data = b"".join(line for each in sides for line in (*lines_of(each), *_keys(each)))
    values = {piece for each in find(data) for piece in pieces(each)}
    if known:
        text = data.decode("utf-8", "surrogatepass")
        values |= {each for each in known if each in text}
    if not values:
        return change
    hidden = Hidden(values)
    before, after = hidden.pair(change.before, change.after)
    return replace(change, before=before, after=after, fields=tuple(map(hidden.field, change.fields)))


def lines_of(value: Any) -> list[bytes]:
    """Every text in a value, in order, behind its key on lines of its own: rules look at what stands before it."""
    lines: list[bytes] = []
    _write("", value, lines)
    return lines


def pieces(value: str) -> Iterator[str]:
    """A text, and each of its lines: one that runs over several values stands in none of them as a whole."""
    if value:
        yield value
    for line in value.split("\n") if "\n" in value else ():
        tail = (line.partition(": ")[2] or line).strip()
        if len(tail) >= LEAST_PIECE:
            yield tail


def _write(key: str | int, value: Any, lines: list[bytes]) -> None:
    if isinstance(value, str):
        lines.append(f"{key}: {value}\n".encode("utf-8", "surrogatepass"))
    elif isinstance(value, Mapping):
        for name, each in value.items():
            _write(name, each, lines)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _write(index, each, lines)


def _keys(value: Any) -> Iterator[bytes]:
    """Every key of what is no text, which is in no line yet."""
    if isinstance(value, Mapping):
        yield from (f"{key}:\n".encode("utf-8", "surrogatepass") for key in value if not isinstance(value[key], str))
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _keys(each)


class Hidden:
    """Puts markers in the place of some texts, wherever they stand."""

    def __init__(self, values: Collection[str]) -> None:
        self._values = values
        self._least = min(map(len, values))
        self._by_head: dict[str, dict[int, set[str]]] = {}
        for each in values:
            self._by_head.setdefault(each[: self._least], {}).setdefault(len(each), set()).add(each)
        self._known: dict[str, list[tuple[int, int]]] = {}

    def pair(self, before: Any, after: Any) -> tuple[Any, Any]:
        """Two states of one object; None stands for an object that is not there."""
        shown_before, shown_after = self._walk(present(before), present(after))
        return value_of(shown_before), value_of(shown_after)

    def field(self, change: FieldChange) -> FieldChange:
        """One field of it."""
        before, after = self.pair(change.before, change.after)
        marker = NEW if change.before is None else SECRET
        shown = (token(self._marked(key_of(each), "", marker, SECRET)) for each in change.path.split("/"))
        return FieldChange(path="/".join(shown), before=before, after=after)

    def _walk(self, before: Any, after: Any) -> tuple[Any, Any]:
        sides = [side for side in (before, after) if side is not ABSENT]
        if all(isinstance(side, Mapping) for side in sides):
            left, right = each_key(before, after, lambda _, b, a: self._walk(b, a))
            names = self._names(left, right)
            return renamed(left, names), renamed(right, names)
        if all(isinstance(side, list | tuple) for side in sides):
            return each_item(before, after, self._walk)
        if any(isinstance(side, Mapping | list | tuple) for side in sides):
            return self._walk(before, ABSENT)[0], self._walk(ABSENT, after)[1]
        return self._texts(before, after)

    def _names(self, before: Any, after: Any) -> dict[str, str]:
        """What the keys of two mappings are shown as: two keys never as one, and a new one never as one that goes."""
        old, new = (side if side is not ABSENT else {} for side in (before, after))
        names = {key: key for key in (*old, *new) if not self._spans(key)}
        taken = set(names)
        for key in {**old, **new}:
            if key not in names:
                name = self._marked(key, "", SECRET if key in old else NEW, SECRET)
                while name in taken:
                    name = f"{name} {len(taken)}"
                names[key] = name
                taken.add(name)
        return names

    def _texts(self, before: Any, after: Any) -> tuple[Any, Any]:
        """Two values that are no collections."""
        left, right = (side if isinstance(side, str) else "" for side in (before, after))
        instead = CHANGED if self._spans(left) else NEW
        shown_before = self._marked(left, right, SECRET, SAME) if left else before
        shown_after = self._marked(right, left, instead, SAME) if right else after
        if shown_before == shown_after and left != right:  # the same ones in another order
            return SECRET, CHANGED
        return shown_before, shown_after

    def _marked(self, text: str, other: str, marker: str, same: str) -> str:
        """The text with a marker for every piece, `same` for those that `other` holds too."""
        shown, at = [], 0
        for start, end in self._spans(text):
            shown += [text[at:start], same if text[start:end] in other else marker]
            at = end
        return "".join(shown) + text[at:]

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where the texts stand, those that overlap as one."""
        if text not in self._known:
            self._known[text] = joined(self._places(text))
        return self._known[text]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each of them."""
        if len(self._values) <= FEW:
            yield from (found.span() for each in self._values for found in re.finditer(re.escape(each), text))
            return
        for start in range(len(text) - self._least + 1):
            for length, values in self._by_head.get(text[start : start + self._least], {}).items():
                if text[start : start + length] in values:
                    yield start, start + length


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A mapping under other keys, in its order; what is absent stays so."""
    return value if value is ABSENT else {names[key]: each for key, each in value.items()}


def joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in order, those that touch each other as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
