"""What a document is once it was read, and how much of one is read at all."""

from dataclasses import field
from typing import Any

from bot.model.noun import noun
from bot.model.resource import Locate

__all__ = ["Document", "Limits", "Root", "is_small"]

Root = tuple[Any, tuple[int, int]]
"""The value of a document, and the place (line, column) of its first thing."""


@noun
class Limits:
    """How much of a file is read. A file that goes beyond any of them is refused as a whole.

    `size` is in bytes. `depth` counts nested lists and mappings, through aliases too. `nodes` counts keys and values of
    the whole file with every alias counted as what it stands for. `aliases` counts the uses of anchors.
    """

    size: int = 16 * 1024 * 1024
    depth: int = 64
    nodes: int = 500_000
    aliases: int = 200


@noun
class Document:
    """One document: its value (dict with text keys, list, str, int, float, bool), its first line, and its positions.

    Values that an alias repeats are the same Python object, so the value is never to be changed in place.
    """

    value: Any = field(repr=False)
    line: int = field(default=1, compare=False)
    locate: Locate = field(repr=False, compare=False)


LARGEST = 256 * 1024
"""Characters; a larger file could stand for more nodes than should be in memory at once."""


def is_small(text: str, limits: Limits) -> bool:
    """Whether all of a text may be taken in before its nodes are counted: it cannot have more of them than signs."""
    return len(text) <= min(LARGEST, limits.nodes)
