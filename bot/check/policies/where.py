"""The place of what a policy refuses: the deepest part of the object that the expression names and that is there.

Which item of a list it is, is found by asking again with one item at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from bot.check.policies.paths import EACH, Pattern
from bot.errors import CelEvaluationError

__all__ = ["Holds", "Path", "existing", "refused_at"]

Path = tuple[str | int, ...]
Holds = Callable[[Mapping[str, Any]], bool]
"""Whether the validation holds for another body. CelEvaluationError: it has no result."""

MOST_TRIES = 200
DEEPEST = 3


def refused_at(patterns: Sequence[Pattern], body: Mapping[str, Any], holds: Holds) -> Path:
    """The path of the deepest part that exists, through the items that the validation does not hold for."""
    chosen: list[tuple[Path, Path]] = []
    narrow, rest = body, tuple(patterns)
    for _ in range(DEEPEST):
        found = culprit(rest, narrow, holds)
        if found is None:
            break
        at, key, narrow = found
        place = (*at, 0) if isinstance(key, int) else (*at, key)
        chosen.append((place, (*at, key)))
        rest = tuple((*place, *each[len(place) :]) for each in rest if begins(each, (*at, EACH)))
    candidates = [existing(each, narrow) for each in rest or patterns]
    deepest = max(candidates, key=len, default=())
    if chosen:
        deepest = max([deepest, chosen[-1][0]], key=len)
    return original(deepest, chosen)


def culprit(
    patterns: Sequence[Pattern], body: Mapping[str, Any], holds: Holds
) -> tuple[Path, str | int, Mapping[str, Any]] | None:
    """The list (or map) and the item in it that alone keeps the validation from holding, and the body with only it.

    For the body as it is given the validation does not hold.
    """
    lists = list(collections(patterns, body))
    if not lists:
        return None
    empty = body
    for at, value in lists:
        empty = replaced(empty, at, type(value)())
    if tried(holds, empty) is not True:
        return None
    items = list(islice(single(lists), MOST_TRIES))
    for at, key, each in items:
        if len(items) == 1 or tried(holds, replaced(empty, at, each)) is False:
            return at, key, replaced(body, at, each)
    return None


def collections(patterns: Sequence[Pattern], body: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The lists and maps whose items the patterns go through, outermost first, none within another."""
    seen: list[Path] = []
    places = dict.fromkeys(each[: each.index(EACH)] for each in patterns if EACH in each)
    for each in sorted(places, key=len):
        value = at_path(body, each)
        if isinstance(value, list | dict) and value and not any(begins(each, other) for other in seen):
            seen.append(each)
            yield each, value


def single(lists: Sequence[tuple[Path, Any]]) -> Iterator[tuple[Path, str | int, Any]]:
    """Every item by itself: where its list is, its index or key, and the list with nothing else in it."""
    for at, value in lists:
        if isinstance(value, list):
            yield from ((at, index, [each]) for index, each in enumerate(value))
        else:
            yield from ((at, key, {key: each}) for key, each in value.items())


def tried(holds: Holds, body: Mapping[str, Any]) -> bool | None:
    """Whether the validation holds; None: it has no result."""
    try:
        return holds(body)
    except CelEvaluationError:
        return None


def existing(pattern: Pattern, body: Any) -> Path:
    """As much of a path as exists."""
    path: list[str | int] = []
    value = body
    for step in pattern:
        if step == EACH or not has(value, step):
            break
        value = value[step]
        path.append(step)
    return tuple(path)


def has(value: Any, step: str | int) -> bool:
    """Whether a value has this key or item."""
    if isinstance(value, dict):  # a body is made of these two; to ask for any mapping takes far longer
        return step in value
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)


def at_path(body: Any, path: Path) -> Any:
    """The value at a path, or None."""
    for step in path:
        if not has(body, step):
            return None
        body = body[step]
    return body


def replaced(body: Any, path: Path, value: Any) -> Any:
    """A copy of the body with another value at a path that exists."""
    if not path:
        return value
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = replaced(body[path[0]], path[1:], value)
    return copy


def begins(path: Sequence[str | int], start: Sequence[str | int]) -> bool:
    """Whether a path begins with another one."""
    return tuple(path[: len(start)]) == tuple(start)


def original(path: Path, chosen: Sequence[tuple[Path, Path]]) -> Path:
    """A path of the narrowed body as one of the whole body: items have their own indices again."""
    steps = list(path)
    for place, real in chosen:
        if begins(path, place):
            steps[len(place) - 1] = real[-1]
    return tuple(steps)
