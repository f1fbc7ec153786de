"""Strings and lists that Kubernetes reads in a way of its own, as functions for the schema validator."""

import base64
import binascii
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from bot.check.schemas.patterns import GoPattern
from bot.check.schemas.problem import MOST

__all__ = ["FORMATS", "KEYWORDS", "MapList", "SetList"]

# k8s.io/apimachinery/pkg/api/resource: a decimal number, then a suffix or an exponent.
QUANTITY = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?", re.ASCII
)  # fmt: skip
# What Go's time.Parse takes for its layout RFC3339, and k8s.io/apimachinery/pkg/apis/meta/v1 for RFC3339Micro.
CLOCK = r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
ZONE = r"(?:Z|[+-](?:[01][0-9]|2[0-4]):(?:[0-5][0-9]|60))"
TIME = re.compile(rf"{CLOCK}(?:[.,][0-9]+)?{ZONE}")
MICRO_TIME = re.compile(rf"{CLOCK}[.,][0-9]{{6}}{ZONE}")


def quantity(text: str) -> bool:
    """Whether this is an amount such as `500m` or `1.5Gi`. Spaces around it are left out there, too."""
    return QUANTITY.fullmatch(text.strip(" ")) is not None


def base64_bytes(text: str) -> bool:
    """Whether Go's `base64.StdEncoding` reads it: the standard alphabet, padded, with line breaks anywhere."""
    joined = text.replace("\n", "").replace("\r", "")
    try:
        base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(joined) % 4 == 0  # Python lets more padding pass than Go does


def time(text: str) -> bool:
    """Whether this is a time that Go's `Time` takes: RFC 3339 in capitals, without leap seconds."""
    return _is_time(TIME.fullmatch(text))


def micro_time(text: str) -> bool:
    """Whether this is a time with exactly six digits behind the second, which Go's `MicroTime` asks for."""
    return _is_time(MICRO_TIME.fullmatch(text))


def _is_time(found: re.Match[str] | None) -> bool:
    if found is None:
        return False
    day = found["day"]
    try:
        # Go has a year 0, which is a leap year; Python has none
        date.fromisoformat("2000" + day[4:] if day.startswith("0000") else day)
    except ValueError:
        return False
    return True


class NoneTwice(ABC):
    """A keyword of the validator that says of a list that none of its items may repeat an earlier one."""

    @abstractmethod
    def repeated(self, items: list[Any]) -> Iterator[int]:
        """The indices of those that do."""

    def validate(self, instance: Any) -> None:
        """ValueError, whose text is the index of the first of them."""
        # most lists have one item, and there is nothing to look for in it
        if isinstance(instance, list) and len(instance) > 1:
            for index in self.repeated(instance):
                raise ValueError(str(index))

    def iter_errors(self, instance: Any) -> Iterator[Exception]:
        """The errors about them, no more than make it plain that not all are shown.

        The validator copies the whole list for each error, so that errors of every item would take the square of it.
        """
        items = instance if isinstance(instance, list) else []
        return (ValueError(str(index)) for index in islice(self.repeated(items), MOST + 1))


class MapList(NoneTwice):
    """`mapList`: a list whose items are told apart by some of their fields, each key given with its default or null.

    Two items with the same key make the API server refuse a server-side apply. An item without its key is left to the
    other keywords. https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
    """

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        del parent_schema, schema_path
        self.keys: Mapping[str, Any] = value

    def repeated(self, items: list[Any]) -> Iterator[int]:
        """The indices of the items that repeat an earlier one's key."""
        seen = set()
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                continue
            values = [item.get(name, default) for name, default in self.keys.items()]
            if any(not isinstance(each, str | int) for each in values):
                continue
            key = tuple((type(each), each) for each in values)
            if key in seen:
                yield index
            seen.add(key)


class SetList(NoneTwice):
    """`setList`: a list in which nothing may be twice."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        del parent_schema, value, schema_path

    def repeated(self, items: list[Any]) -> Iterator[int]:
        """The indices of the items that were there before."""
        seen = set()
        for index, item in enumerate(items):
            key = json.dumps(item, sort_keys=True)
            if key in seen:
                yield index
            seen.add(key)


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "quantity": quantity, "byte": base64_bytes, "date-time": time, "micro-time": micro_time,
}  # fmt: skip
KEYWORDS: Mapping[str, type] = {"mapList": MapList, "setList": SetList, "goPattern": GoPattern}
