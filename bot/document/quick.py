"""Documents of the usual kind, by libyaml's composer: values and places as events have them, in a third of the time.

Only what both ways surely read alike is read here. Everything else (aliases, tags, merge keys, deep nesting, large
files, anything that is wrong) is left to the exact way, so that there is one place that knows the rules and the errors.
"""

import operator
import re
from collections.abc import Sequence
from typing import Any

from yaml import YAMLError
from yaml.cyaml import CBaseLoader
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.document.build import place
from bot.document.scalar import NUMERIC_START, WORDS, key_text, plain
from bot.document.value import Limits, Root, is_small

__all__ = ["composed", "located", "quick"]

MOST_BRACKETS = 300
"""The composer recurses in C, so nesting is bounded before it: by the brackets, by `deep`, and since n levels that
begin on lines of their own take n² / 4 characters.
"""

ALIAS = re.compile(r"(?:^|[\s\[{,:])(?:\*[0-9A-Za-z_-]|!(?:\s|$))", re.MULTILINE)
"""What may be an alias, or the tag that is a sign alone."""

INDICATORS = bytes.maketrans(b"?:", b"--")
MOST_INDICATORS = b"-" * 30


class Unusual(Exception):
    """Something that is left to the exact way."""


class _Composer(CBaseLoader):
    """libyaml's composer, which calls these for every node; built-in functions cost the least.

    A node without a tag of its own gets, as its tag, the slice (kind, text, (is plain, …)).
    """

    descend_resolver: Any = operator.is_
    ascend_resolver: Any = list
    resolve: Any = slice


def quick(text: str, limits: Limits) -> list[Root] | None:
    """(value, place) of every document that is not null, as `Builder.roots` has them; None: read it the exact way."""
    roots = composed(text, limits)
    if roots is None:
        return None
    try:
        found = [(_value(node, limits.depth), place(node)) for node in roots]
    except (Unusual, ValueError):
        return None
    return [each for each in found if each[0] is not None]


def composed(text: str, limits: Limits) -> list[Node] | None:
    """The root of every document; None: the text is left to the exact way."""
    if not is_small(text, limits) or text.count("[") + text.count("{") > MOST_BRACKETS:
        return None
    if (("*" in text or "!" in text) and ALIAS.search(text)) or deep(text):
        return None
    composer = _Composer(text)
    found: list[Node] = []
    try:
        while composer.check_node():
            root: Any = composer.get_node()
            found.append(root)
    except (YAMLError, ValueError):
        return None
    finally:
        composer.dispose()
    return found


def located(roots: Sequence[Node], root: tuple[int, int], path: tuple[str | int, ...]) -> tuple[int, int] | None:
    """The place of `path`, or of its nearest parent, in the document whose root is at `root`.

    None: it is left to the exact way.
    """
    node: Node | None = next((each for each in roots if place(each) == root), None)
    if node is None:
        return None
    at = root
    try:
        for step in path:
            part = _part(node, step)
            if part is None:
                break
            at, node = place(part[0]), part[1]
    except Unusual:
        return None
    return at


def _part(node: Node, step: str | int) -> tuple[Node, Node] | None:
    """The part that a key or an index leads to: what stands at its place, and the part itself."""
    if type(node) is MappingNode:
        return next(((key, value) for key, value in node.value if _key(key) == step), None)
    if type(node) is SequenceNode and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step], node.value[step]
    return None


def deep(text: str) -> bool:
    """Whether many collections may begin on one line (`- - - x`)."""
    return MOST_INDICATORS in text.encode("utf-8", "surrogatepass").translate(INDICATORS, b" \t")


def _value(node: Node, depth: int) -> Any:
    """What a node stands for; `depth` more collections may be nested."""
    tag: Any = node.tag
    if type(tag) is not slice:
        raise Unusual
    kind = type(node)
    if kind is ScalarNode:
        text: str = node.value
        return plain(text) if tag.step[0] and (text[:1] in NUMERIC_START or text in WORDS) else text
    if depth == 0:
        raise Unusual
    if kind is SequenceNode:
        return [_value(each, depth - 1) for each in node.value]
    if kind is not MappingNode:
        raise Unusual
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = _key(key)
        if name in found:
            raise Unusual
        found[name] = _value(value, depth - 1)
    return found


def _key(node: Node) -> str:
    """The text of a key."""
    tag: Any = node.tag
    if type(node) is not ScalarNode or type(tag) is not slice:
        raise Unusual
    text: str = node.value
    if not tag.step[0]:
        return text
    if text == "<<":
        raise Unusual
    return key_text(None, True, text)
