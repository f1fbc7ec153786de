"""The decorator that makes a frozen value, and the scalar types that values carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, TypeVar, dataclass_transform

__all__ = ["Digest", "Json", "Sha", "noun"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def noun(cls: type[T]) -> type[T]:
    """A frozen, slotted dataclass whose fields are given by name."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


Sha = NewType("Sha", str)
"""A full git object id: 40 lower-case hexadecimal digits."""

Digest = NewType("Digest", str)
"""A hash with its scheme in front: `d1:` desired state, `r1:` render, `o1:` one object, `f1:` a file's bytes."""

Json = Mapping[str, Any]
"""A JSON object as Python values (dict, list, str, int, float, bool, None); treated as immutable."""
