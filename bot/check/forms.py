"""Strings and lists that Kubernetes reads in a way of its own, as functions for the schema validator."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["FORMATS", "KEYWORDS", "MapList"]

# k8s.io/apimachinery/pkg/api/resource: a decimal number, then a suffix or an exponent.
QUANTITY = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?", re.ASCII
)  # fmt: skip
# The schema of a port says that the API server fills in TCP; a list's key counts with it.
DEFAULTS = {"protocol": "TCP"}


def quantity(text: str) -> bool:
    """Whether this is an amount such as `500m` or `1.5Gi`."""
    return QUANTITY.fullmatch(text) is not None


def base64_bytes(text: str) -> bool:
    """Whether Go's `base64.StdEncoding` reads it: the standard alphabet, padded, with line breaks anywhere."""
    joined = text.replace("\n", "").replace("\r", "")
    try:
        base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(joined) % 4 == 0  # Python lets more padding pass than Go does


class MapList:
    """`x-kubernetes-list-map-keys`: a list whose items are told apart by some of their fields.

    Two items with the same key make the API server refuse a server-side apply. An item without its key is left to the
    other keywords. https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
    """

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        del parent_schema, schema_path
        self.keys: tuple[str, ...] = tuple(value)

    def validate(self, instance: Any) -> None:
        """ValueError, whose text is the index of the first item that repeats an earlier one's key."""
        if not isinstance(instance, list) or len(instance) < 2:
            return
        seen = set()
        for index, item in enumerate(instance):
            if not isinstance(item, Mapping):
                continue
            key = tuple(item.get(name, DEFAULTS.get(name)) for name in self.keys)
            if any(not isinstance(part, str | int) for part in key):
                continue
            if key in seen:
                raise ValueError(str(index))
            seen.add(key)


FORMATS = {"quantity": quantity, "byte": base64_bytes}
KEYWORDS = {"x-kubernetes-list-map-keys": MapList}
