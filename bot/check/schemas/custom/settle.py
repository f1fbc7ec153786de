"""What the API server makes of a custom resource before it validates it: nulls go, defaults come."""

from collections.abc import Mapping
from typing import Any

__all__ = ["settled", "without_nulls"]


def settled(value: Any, schema: Mapping[str, Any], *, embedded: bool = False) -> Any:
    """The value as it is validated, by a structural schema that was found sound.

    A null of a field that is not nullable is a field that is not there, and a missing field has its default.
    `embedded`: the value is an object with metadata of its own.
    """
    if isinstance(value, Mapping):
        embedded = embedded or schema.get("x-kubernetes-embedded-resource") is True
        return settled_object(value, schema, embedded=embedded)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        return [settled(items.get("default") if absent(each, items) else each, items) for each in value]
    return value


def settled_object(value: Mapping[str, Any], schema: Mapping[str, Any], *, embedded: bool) -> dict[str, Any]:
    """The same for an object."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    rest = others if isinstance(others, Mapping) else None
    made: dict[str, Any] = {}
    for name, each in value.items():
        if embedded and name == "metadata":
            made |= {} if each is None else {name: without_nulls(each)}
            continue
        inner = properties.get(name, rest)
        if inner is None:
            made[name] = each
        elif not absent(each, inner):
            made[name] = settled(each, inner)
        elif inner.get("default") is not None:
            made[name] = settled(inner["default"], inner)
    for name, inner in properties.items():
        if name not in value and inner.get("default") is not None and not (embedded and name == "metadata"):
            made[name] = settled(inner["default"], inner)
    return made


def absent(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether this is a null where null is no value."""
    return value is None and schema.get("nullable") is not True


def without_nulls(value: Any) -> Any:
    """The value without fields that are null: Kubernetes reads such a field of its own kinds as one that is not there.

    Items of a list stay, so that the others keep their places.
    """
    if isinstance(value, Mapping):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value
