"""Two JSON values walked side by side, either of which may be absent at any place."""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

__all__ = ["ABSENT", "each_item", "each_key", "present", "value_of"]


class _Absent:
    """Stands for "there is nothing", which is not the same as null."""


ABSENT: Final = _Absent()

Rule = Callable[[Any, Any], tuple[Any, Any]]


def present(value: Any) -> Any:
    """A whole object, ABSENT for None."""
    return ABSENT if value is None else value


def value_of(value: Any) -> Any:
    """A whole object, None for ABSENT."""
    return None if value is ABSENT else value


def each_key(before: Any, after: Any, rule: Callable[[str, Any, Any], tuple[Any, Any]]) -> tuple[Any, Any]:
    """Apply `rule(key, before, after)` to every key of two mappings; each side keeps its own order of keys."""
    left: Mapping[str, Any] = {} if before is ABSENT else before
    right: Mapping[str, Any] = {} if after is ABSENT else after
    pairs = {key: rule(key, left.get(key, ABSENT), right.get(key, ABSENT)) for key in {**left, **right}}
    return (
        ABSENT if before is ABSENT else {key: pairs[key][0] for key in left},
        ABSENT if after is ABSENT else {key: pairs[key][1] for key in right},
    )


def each_item(before: Any, after: Any, rule: Rule) -> tuple[Any, Any]:
    """Apply `rule(before, after)` to the items of two lists, paired by position."""
    left: Sequence[Any] = () if before is ABSENT else before
    right: Sequence[Any] = () if after is ABSENT else after
    pairs = [rule(b, a) for b, a in zip_longest(left, right, fillvalue=ABSENT)]
    return (
        ABSENT if before is ABSENT else [each[0] for each in pairs[: len(left)]],
        ABSENT if after is ABSENT else [each[1] for each in pairs[: len(right)]],
    )
