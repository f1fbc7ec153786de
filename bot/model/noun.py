"""The decorator that makes a frozen value, and the scalar types that values carry."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from operator import attrgetter
from typing import Any, NewType, TypeVar, cast, dataclass_transform

import msgspec

__all__ = ["Digest", "Json", "Sha", "noun"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def noun(cls: type[T]) -> type[T]:
    """A frozen, slotted value whose fields are given by name. It extends no other class.

    It is written as a dataclass, and what `dataclasses` does with one (`replace`, `asdict`, `fields`) it does with a
    noun. msgspec makes it in a tenth of the time: there are hundreds of nouns, and some of them millions of times.
    """
    if cls.__bases__ != (object,):
        raise TypeError(f"{cls.__qualname__}: a noun extends no other class")
    read = dataclass(init=False, repr=False, eq=False, match_args=False)(cls)
    known = fields(cast(Any, read))
    kept = {name: each for name, each in vars(read).items() if name not in {*NOT_KEPT, *(each.name for each in known)}}
    made = msgspec.defstruct(
        cls.__name__, [given(each) for each in known], bases=(msgspec.Struct,), module=cls.__module__,
        namespace={"__qualname__": cls.__qualname__} | methods(known) | kept, frozen=True, kw_only=True,
    )  # fmt: skip
    return cast(type[T], made)


NOT_KEPT = frozenset({"__dict__", "__weakref__", "__annotations__", "__annotate_func__", "__annotations_cache__"})
"""What a class has by itself, and what is made anew of the fields."""


def given(each: Field[Any]) -> tuple[str, Any] | tuple[str, Any, Any]:
    """A field as msgspec wants it: with its default, if it has one."""
    if each.default_factory is not MISSING:
        return each.name, each.type, msgspec.field(default_factory=each.default_factory)
    return (each.name, each.type) if each.default is MISSING else (each.name, each.type, each.default)


def methods(known: tuple[Field[Any], ...]) -> dict[str, Any]:
    """The methods that look at what the fields say of themselves: which are shown, and which are compared."""
    state = values(each.name for each in known)
    shown = tuple(each.name for each in known if each.repr)

    def written(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def reduced(self: Any) -> tuple[Any, ...]:
        return again, (self.__class__, *state(self))

    made: dict[str, Any] = {"__repr__": written, "__reduce__": reduced}
    compared = tuple(each.name for each in known if each.compare)
    # msgspec compares all fields, if that is what is wanted
    return made if len(compared) == len(known) else made | comparison(values(compared))


def comparison(compared: Callable[[Any], tuple[Any, ...]]) -> dict[str, Any]:
    """The methods that compare some of the values only."""

    def equal(self: Any, other: object) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def unequal(self: Any, other: object) -> Any:
        return compared(self) != compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(compared(self))

    return {"__eq__": equal, "__ne__": unequal, "__hash__": hashed}


def again(made: type[T], *state: Any) -> T:
    """The noun in another process. Only the values travel, not the names of their fields."""
    return made(**dict(zip(cast(Any, made).__struct_fields__, state, strict=True)))


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
