"""Lists whose order says nothing: sets, and lists whose items are told apart by keys.

An API server takes two of them for equal whatever their order is. The engine knows no such lists, so the old one is put
in the order of the new one for rules that cannot tell.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.check.cel.source import Token, tokens

__all__ = ["arranged", "minds_order"]

BLIND = frozenset(
    [
        *("all", "exists", "exists_one", "existsOne", "has", "size", "sum", "min", "max"),
        *("hasValue", "value", "orValue", "optMap", "optFlatMap"),
        *("contains", "endsWith", "equivalent", "find", "intersects", "lowerAscii", "matches", "startsWith", "trim"),
        *("bool", "double", "int", "string", "uint"),
        *("duration", "quantity", "semver", "timestamp", "isGreaterThan", "isLessThan", "compareTo"),
    ]
)
"""Functions and methods that give the same whatever the order of a list is, or take no list."""

NOTHING = Token(kind="space", text="", at=0)
AHEAD = 5
"""Tokens that are looked at beyond one: `all(i, v,`."""


def arranged(old: Any, new: Any, schema: Mapping[str, Any]) -> Any:
    """The old value with every such list in the order of the new one's; what is in neither comes last."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
        rest = others if isinstance(others, Mapping) else {}
        return {key: arranged(each, new.get(key), properties.get(key, rest)) for key, each in old.items()}
    told_by = key_of(schema)
    if not isinstance(old, list) or not isinstance(new, list) or told_by is None:
        return old
    now = {told_by(each): (place, each) for place, each in enumerate(new)}
    gone = (len(new), None)
    placed = sorted(((*now.get(told_by(each), gone), each) for each in old), key=lambda each: each[0])
    return [arranged(each, other, schema["items"]) for _, other, each in placed]


def key_of(schema: Mapping[str, Any]) -> Callable[[Any], str] | None:
    """What tells an item of such a list from the others, as text; None: the list has an order."""
    match schema.get("x-kubernetes-list-type"):
        case "set":
            return lambda item: json.dumps(item, sort_keys=True)
        case "map":
            keys = schema.get("x-kubernetes-list-map-keys") or ()
            return lambda item: json.dumps([item.get(each) for each in keys] if isinstance(item, Mapping) else item)
    return None


def minds_order(expression: str) -> bool:
    """Whether the result may depend on the order of a list; also where it only looks as if it did."""
    given = (NOTHING, *tokens(expression), *[NOTHING] * AHEAD)
    return any(minds(*given[index : index + 2 + AHEAD]) for index in range(len(given) - 1 - AHEAD))


def minds(before: Token, token: Token, *after: Token) -> bool:
    """Whether a token makes it so: a sum of lists, an index, or the call of what is not known to be blind."""
    if token.text in ("[", "[?"):
        of_value = before.text in (")", "]", "}") or (before.kind in ("name", "quoted") and before.text != "in")
        return of_value and after[0].kind != "text"  # text is the key of a map
    if token.kind == "name" and after[0].text == "(":
        # with two variables the first one is the place in a list
        return token.text not in BLIND or (after[2].text == after[4].text == ",")
    return token.text == "+"
