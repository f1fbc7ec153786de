"""What is filled into a value, said field by field."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from bot.model.noun import noun

__all__ = ["Fields", "Value", "mapping", "where"]

Value = Callable[[Mapping[str, Any]], Any]
"""What stands in a field, by what else stands in the mapping; None: nothing is filled in."""


@noun
class Fields:
    """What is filled into a mapping, where it is absent: values that are `fixed`, then those `derived`, in order."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    derived: Mapping[str, Value] = field(default_factory=dict)

    def __call__(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a mapping with its fields filled."""
        made = {**self.fixed, **value}
        for name, derive in self.derived.items():
            if name not in made and (found := derive(made)) is not None:
                made[name] = found
        return made


def where(name: str, *values: Any, value: Any) -> Value:
    """A value for mappings in which one of `values` stands in the field `name`."""
    return lambda mapping: value if mapping.get(name) in values else None


def mapping(value: Any) -> Mapping[str, Any]:
    """What stands in a field, where it is a mapping; else an empty one."""
    return value if isinstance(value, Mapping) else {}
