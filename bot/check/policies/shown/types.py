"""What an API server's own Go types make of an object: what is empty gets lost or appears, quantities look alike.

The server reads Kubernetes' own kinds, and the metadata of all, into Go types and shows policies what it writes of
them. What their types do is shipped as facts, made by `scripts/make_types.py`.
https://pkg.go.dev/encoding/json#Marshal (omitempty) and the types of https://pkg.go.dev/k8s.io/api
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from typing import Any

from bot.check.cel.library.quantity import canonical
from bot.check.schemas.native.catalogue import Catalogue, shipped

__all__ = ["Fill", "Type", "Types"]

Fill = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What is filled into a value of a type."""

Write = Callable[[Any], Any]

METADATA = "meta.v1.ObjectMeta"
OF_THE_SERVER = ("metadata", "status")
"""What is never empty once the server has an object."""


class Types:
    """The types of a minor version of Kubernetes, by their definitions' names. `fills` is what is filled into some.

    InputError: the version is none that is known.
    """

    def __init__(self, version: str, fills: Mapping[str, Fill]) -> None:
        self.catalogue, self.fills = Catalogue(version), fills
        self.forms = shipped(f"types-{version}")
        self._known: dict[str, Type] = {}

    def named(self, name: str) -> "Type":
        """A type by its name."""
        if name not in self._known:
            self._known[name] = Type(self, name)
        return self._known[name]

    def kind(self, api_version: str, kind: str) -> "Type | None":
        """The type of a kind; None: it is none of Kubernetes' own."""
        group, _, version = api_version.rpartition("/")
        name = self.catalogue.definition(version, group, kind)
        return None if name is None else self.named(name)

    @property
    def metadata(self) -> "Type":
        """The type of every object's metadata."""
        return self.named(METADATA)


class Type:
    """One type: which fields there are always, and which of those that are empty."""

    def __init__(self, types: Types, name: str) -> None:
        form: Mapping[str, Any] = types.forms.get(name, {})
        # when an object was made, the server knows, although the type would write null
        self._always: Mapping[str, Any] = {} if name == METADATA else form.get("always", {})
        self._kept = frozenset(form.get("kept", ()))
        self._fill = types.fills.get(name)
        self._types, self._properties = types, types.catalogue.definitions[name].get("properties", {})

    def whole(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """An object as the server writes it."""
        made = self.written(body)
        return {name: each for name, each in made.items() if name not in OF_THE_SERVER or name in body}

    def written(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A value of this type as the server writes it."""
        made = {**self._structs}
        kept, inner = self._kept, self._inner
        for name, each in value.items():
            if each or (each is not None and name in kept):
                write = inner.get(name)
                made[name] = each if write is None else write(each)
        return {**self._always, **(made if self._fill is None else self._fill(made))}

    @cached_property
    def _structs(self) -> Mapping[str, Any]:
        """The structs that there are always, which are filled before this one is."""
        return {
            name: self._inner[name]({})
            for name, empty in self._always.items()
            if isinstance(empty, dict) and name in self._inner
        }

    @cached_property
    def _inner(self) -> Mapping[str, Write]:
        """How to write what stands in a field, where it is not written as it is. Late: types contain themselves."""
        found = {name: writer(self._types, schema) for name, schema in self._properties.items()}
        return {name: each for name, each in found.items() if each is not None}


def writer(types: Types, schema: Mapping[str, Any]) -> Write | None:
    """How to write a value with that schema; None: as it is."""
    if isinstance(name := schema.get("$ref"), str):
        return of_definition(types, name.removeprefix("#/definitions/"))
    for key, through in (("items", listed), ("additionalProperties", keyed)):
        if isinstance(inner := schema.get(key), dict):
            one = writer(types, inner)
            return None if one is None else partial(through, one)
    return None


def of_definition(types: Types, name: str) -> Write | None:
    """How to write a value of a named type; None: as it is."""
    definition = types.catalogue.definitions[name]
    if definition.get("format") == "quantity":
        return amount
    if "properties" not in definition:
        return None
    type = types.named(name)
    return lambda value: type.written(value) if isinstance(value, dict) else value


def listed(one: Write, value: Any) -> Any:
    """The items of a list written."""
    return [one(each) for each in value] if isinstance(value, list) else value


def keyed(one: Write, value: Any) -> Any:
    """The values of a map written."""
    return {key: one(each) for key, each in value.items()} if isinstance(value, dict) else value


def amount(value: Any) -> Any:
    """A quantity as the server writes it; what is none stays as it is."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    found = in_form(value if isinstance(value, str) else format(Decimal(repr(value)), "f"))
    return value if found is None else found


@lru_cache(maxsize=1024)
def in_form(text: str) -> str | None:
    """The quantity in the server's form, None where it is none: the same few are in most objects."""
    try:
        return canonical(text)
    except ValueError:
        return None
