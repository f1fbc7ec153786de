"""The decorator that makes a frozen value, and the scalar types that values carry."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, NewType, TypeVar, cast, dataclass_transform

__all__ = ["Digest", "Json", "Sha", "noun"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def noun(cls: type[T]) -> type[T]:
    """A frozen, slotted dataclass whose fields are given by name.

    There are hundreds of nouns, and every method that a dataclass writes for one has to be compiled: those that need no
    text of their own are closures, so that all programs start sooner. What is sent to another process is read and set
    by the slots themselves, which takes half of the time.
    """
    made = dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)(cls)
    known = fields(cast(Any, made))
    compared = values(each.name for each in known if each.compare)
    state = values(each.name for each in known)
    shown = tuple(each.name for each in known if each.repr)
    slots = tuple(getattr(made, each.name).__set__ for each in known)

    def equal(self: Any, other: object) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    def written(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def restore(self: Any, given: tuple[Any, ...]) -> None:
        for put, value in zip(slots, given, strict=True):
            put(self, value)

    methods: dict[str, Callable[..., Any]] = {"__eq__": equal, "__hash__": hashed, "__repr__": written}
    methods |= {"__getstate__": lambda self: state(self), "__setstate__": restore}
    for name in methods.keys() - cls.__dict__.keys():
        setattr(made, name, methods[name])
    return made


def values(names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The function that takes the values of those fields."""
    wanted = tuple(names)
    if len(wanted) > 1:
        return attrgetter(*wanted)
    return lambda noun: tuple(getattr(noun, name) for name in wanted)


Sha = NewType("Sha", str)
"""A full git object id: 40 lower-case hexadecimal digits."""

Digest = NewType("Digest", str)
"""A hash with its scheme in front: `d1:` desired state, `r1:` render, `o1:` one object, `f1:` a file's bytes."""

Json = Mapping[str, Any]
"""A JSON object as Python values (dict, list, str, int, float, bool, None); treated as immutable."""
