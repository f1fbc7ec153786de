"""From a CustomResourceDefinition's schema to a JSON Schema that judges as the API server does.

A structural schema says twice what an object looks like: its skeleton (types, fields, items) decides which fields there
are, and value validations below `allOf`, `anyOf`, `oneOf` and `not` only narrow values. What the API server refuses in
a schema is refused here, and nothing is taken over that is not known, so a hostile schema cannot refer to anything.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.check.schemas.patterns import BadPattern, go_pattern
from bot.check.schemas.problem import Path, shown
from bot.model.noun import noun

__all__ = ["Default", "Refused", "json_schema"]

Schema = dict[str, Any]

MOST = 50_000  # schemas within a schema; the largest in use have some ten thousand
TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})
FORBIDDEN = ("$ref", "definitions", "dependencies", "additionalItems", "patternProperties", "id", "$schema")
LENGTHS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
SKELETAL = (
    *("type", "title", "description", "default", "nullable", "additionalProperties", "x-kubernetes-validations"),
    *("x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"),
)
"""What a schema that only narrows values cannot say."""

BOUNDING = ("minimum", "maximum", "multipleOf")
NO_INTEGER: Schema = {"not": {"type": "integer"}}
OF_METADATA = frozenset({"type", "properties", "default"})
KEYS = "x-kubernetes-list-map-keys"
HALVES = [{"type": "integer"}, {"type": "string"}]
META = "#/definitions/meta.v1.ObjectMeta"
HEAD: Mapping[str, Schema] = {
    "apiVersion": {"type": "string", "minLength": 1},
    "kind": {"type": "string", "minLength": 1},
}
BOUNDS = {"int32": (-(2**31), 2**31 - 1)}
INT64 = (-(2**63), 2**63 - 1)


class Refused(Exception):
    """A schema that nothing can be validated by: where, and why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path, self.why = path, why


@noun
class Default:
    """A default with the JSON Schema that it has to satisfy as it stands, and where that schema is."""

    path: Path
    value: Any
    schema: Schema


def json_schema(schema: Any, formats: frozenset[str]) -> tuple[Schema, Sequence[Default]]:
    """The JSON Schema (draft 7) of a version's `openAPIV3Schema`, which refers to the definitions of ObjectMeta.

    With it the defaults that it sets. `formats` are the names of the string formats that are checked. Refused: it is no
    structural schema.
    """
    converter = Converter(formats)
    made = converter.skeleton(schema, (), embedded=True)
    if made.get("type") != "object":
        raise Refused((), "its type is not object")
    return made, converter.defaults


class Converter:
    """One conversion; it counts what it met."""

    def __init__(self, formats: frozenset[str]) -> None:
        self.formats = formats
        self.count = 0
        self.defaults: list[Default] = []

    def skeleton(self, schema: Any, path: Path, *, embedded: bool = False) -> Schema:
        """A schema that says which fields there are. `embedded`: what it describes is an object of its own."""
        self.enter(schema, path)
        refuse_misplaced(schema, path)
        embedded = embedded or schema.get("x-kubernetes-embedded-resource") is True
        rest = without_halves(schema)
        made = self.values(rest, path)
        type = schema.get("type")
        if schema.get("x-kubernetes-int-or-string") is True:
            made["type"] = ["integer", "string"]
        elif isinstance(type, str):
            made["type"] = type
        elif schema.get("x-kubernetes-preserve-unknown-fields") is not True:
            raise Refused(path, "it has no type")
        if rest is not schema and made.get("type") not in ("integer", "string", ["integer", "string"]):
            made["allOf"] = [*made.get("allOf", ()), {"anyOf": HALVES}]
        # what is said of another type has no effect, and has to be sound all the same
        if type == "array" or schema.get("items") is not None:
            made["items"] = self.skeleton(self.part(schema, "items", path), (*path, "items"))
        if type == "array":
            made |= told_apart(schema, path)
        if type in ("object", None) or schema.get("properties") or schema.get("additionalProperties"):
            made |= self.fields(schema, path, embedded=embedded)
        if schema.get("nullable") is True and "type" in made:
            made["type"] = [*([made["type"]] if isinstance(made["type"], str) else made["type"]), "null"]
        if schema.get("default") is not None and looked_at(schema, path):
            self.defaults.append(Default(path=path, value=schema["default"], schema=made))
        return made

    def fields(self, schema: Any, path: Path, *, embedded: bool) -> Schema:
        """The fields of an object, and whether there may be others."""
        made: Schema = {}
        properties = {
            name: self.skeleton(each, (*path, "properties", name))
            for name, each in mapping(schema, "properties", path).items()
            if not (embedded and name == "metadata")
        }
        if embedded:
            properties = {**properties, **HEAD, "metadata": self.metadata(schema, path)}
            made["required"] = sorted({*strings(schema, "required", path), *HEAD})
        if properties:
            made["properties"] = properties
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping):
            if schema.get("properties"):
                raise Refused((*path, "additionalProperties"), "it has both properties and additionalProperties")
            made["additionalProperties"] = self.skeleton(others, (*path, "additionalProperties"))
        elif others is not True and schema.get("x-kubernetes-preserve-unknown-fields") is not True:
            made["additionalProperties"] = False
        return made

    def metadata(self, schema: Any, path: Path) -> Schema:
        """ObjectMeta, with what the schema says of the names in it, which is all that it may say."""
        own = mapping(schema, "properties", path).get("metadata")
        if own is None:
            return {"$ref": META}
        at = (*path, "properties", "metadata")
        self.enter(own, at)
        said, named = {name for name, each in own.items() if each}, mapping(own, "properties", at)
        if own.get("type") != "object" or not (said <= OF_METADATA and named.keys() <= {"name", "generateName"}):
            raise Refused(at, "of metadata it may only say that it is an object, and what its names are like")
        names = {name: self.skeleton(each, (*at, "properties", name)) for name, each in named.items()}
        return {"allOf": [{"$ref": META}, {"properties": names}]}

    def narrowing(self, schema: Any, path: Path) -> Schema:
        """A schema that only narrows values. `properties` and `items` lead to the values that it is about."""
        self.enter(schema, path)
        for name in SKELETAL:
            if schema.get(name) or (name == "default" and schema.get(name) is not None):
                raise Refused((*path, name), f"it has {name} where values are only narrowed")
        made = self.values(schema, path)
        if isinstance(schema.get("type"), str):
            made["type"] = schema["type"]
        properties = mapping(schema, "properties", path)
        if properties:
            made["properties"] = {
                name: self.narrowing(each, (*path, "properties", name)) for name, each in properties.items()
            }
        if schema.get("items") is not None:
            made["items"] = self.narrowing(self.part(schema, "items", path), (*path, "items"))
        return made

    def values(self, schema: Any, path: Path) -> Schema:
        """Everything that narrows a value, of either sort of schema."""
        made: Schema = {name: length(schema, name, path) for name in LENGTHS if schema.get(name) is not None}
        made |= self.text(schema, path) | numbers(schema, path)
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            made["enum"] = schema["enum"]
        if required := strings(schema, "required", path):
            made["required"] = required
        for name in ("allOf", "anyOf", "oneOf"):
            if branches := listed(schema, name, path):
                made[name] = [self.narrowing(each, (*path, name, index)) for index, each in enumerate(branches)]
        if schema.get("type") == "integer" and not bounds_are_integers(schema):
            made["allOf"] = [*made.get("allOf", ()), NO_INTEGER]
        if schema.get("not") is not None:
            made["not"] = self.narrowing(self.part(schema, "not", path), (*path, "not"))
        return made

    def text(self, schema: Any, path: Path) -> Schema:
        """The pattern and the format of a string."""
        made: Schema = {}
        pattern = schema.get("pattern")
        if pattern:
            try:
                go_pattern(pattern if isinstance(pattern, str) else "[")
            except BadPattern as error:
                raise Refused((*path, "pattern"), f"its pattern cannot be used ({error})") from None
            made["goPattern"] = pattern
        name = str(schema.get("format", "")).replace("-", "")
        if schema.get("type", "string") == "string" and name in self.formats:
            made["format"] = "go-" + name
        return made

    def part(self, schema: Any, name: str, path: Path) -> Any:
        """A schema that has to be there."""
        if not isinstance(schema.get(name), Mapping):
            raise Refused(path, f"its {name} is no schema")
        return schema[name]

    def enter(self, schema: Any, path: Path) -> None:
        """What is refused in every schema."""
        self.count += 1
        if self.count > MOST:
            raise Refused((), f"it holds more than {MOST} schemas")
        if not isinstance(schema, Mapping):
            raise Refused(path, "it is no schema")
        for name in FORBIDDEN:
            if schema.get(name) is not None:
                raise Refused((*path, name), f"it has {name}, which Kubernetes does not allow")
        if schema.get("uniqueItems") is True:
            raise Refused((*path, "uniqueItems"), "it has uniqueItems, which Kubernetes does not allow")
        type = schema.get("type")
        if type is not None and not (isinstance(type, str) and type in TYPES):
            raise Refused((*path, "type"), "its type is none that Kubernetes knows")


def looked_at(schema: Any, path: Path) -> bool:
    """Whether the API server looks at a default there: not in what maps hold, nor where either type will do."""
    return "additionalProperties" not in path and schema.get("x-kubernetes-int-or-string") is not True


def refuse_misplaced(schema: Any, path: Path) -> None:
    """Refused: what is for mappings or for lists is said of something else, or is none of what can be said."""
    type, kinds = schema.get("type"), ("atomic", "set", "map")
    free = schema.get("x-kubernetes-preserve-unknown-fields")
    if free is False or (free and schema.get("x-kubernetes-int-or-string") is True):
        why = "it can only preserve unknown fields or say nothing of them, and an int-or-string has none"
        raise Refused((*path, "x-kubernetes-preserve-unknown-fields"), why)
    for name, wanted, known in (
        ("x-kubernetes-map-type", "object", ("atomic", "granular")), ("x-kubernetes-list-type", "array", kinds),
    ):  # fmt: skip
        if schema.get(name) is not None and (schema[name] not in known or type != wanted):
            raise Refused((*path, name), f"its {name} is none of {', '.join(known)}, or it is no {wanted}")
    has_fields = type == "object" and (free is True or schema.get("properties"))
    if schema.get("x-kubernetes-embedded-resource") is True and not has_fields:
        why = "an embedded resource must be of type object, and have properties or preserve unknown fields"
        raise Refused((*path, "x-kubernetes-embedded-resource"), why)


def without_halves(schema: Any) -> Any:
    """The schema without the `anyOf` by which tools say that it is of either type: no other types may stand there."""
    every = schema.get("allOf")
    if isinstance(every, list) and every and isinstance(every[0], Mapping) and every[0].get("anyOf") == HALVES:
        return {**schema, "allOf": [{**every[0], "anyOf": None}, *every[1:]]}
    return {**schema, "anyOf": None} if schema.get("anyOf") == HALVES else schema


def told_apart(schema: Any, path: Path) -> Schema:
    """How the items of a list are told apart. Defaults of keys are filled in before lists are compared."""
    keys, items, type = strings(schema, KEYS, path), schema["items"], schema.get("x-kubernetes-list-type")
    if (type == "map") != bool(keys) or len(keys) != len(set(keys)):
        raise Refused((*path, KEYS), "a list of type map has keys, each once, and no other list has any")
    if type in ("set", "map") and items.get("nullable") is True:
        raise Refused((*path, "items", "nullable"), f"items of a {type} cannot be null")
    if type == "set":
        if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
            raise Refused((*path, "items"), "mappings in a set must be atomic")
        return {"setList": True}
    properties = mapping(items, "properties", (*path, "items"))
    for each in keys:
        if items.get("type") != "object" or each not in properties:
            raise Refused((*path, KEYS), f"its items have no property {shown(each)}")
        if each not in strings(items, "required", path) and properties[each].get("default") is None:
            raise Refused((*path, "items"), f"the key {shown(each)} must be required or have a default")
    return {"mapList": dict.fromkeys(keys)} if keys else {}


def numbers(schema: Any, path: Path) -> Schema:
    """The bounds of a number: in OpenAPI 3.0, whether a bound itself is allowed is said apart."""
    made: Schema = {}
    if schema.get("type") == "integer":
        made |= bounds(BOUNDS.get(str(schema.get("format")), INT64))
    elif schema.get("x-kubernetes-int-or-string") is True:
        made |= bounds(INT64)
    for name in BOUNDING:
        value = schema.get(name)
        if value is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or (name == "multipleOf" and value <= 0):
            raise Refused((*path, name), f"its {name} is no number that can be used")
        if name == "multipleOf":
            made[name] = value
        elif schema.get("exclusive" + name.capitalize()) is True:
            made["exclusive" + name.capitalize()] = value
        else:
            narrower = max if name == "minimum" else min
            made[name] = narrower(made.get(name, value), value)
    return made


def bounds_are_integers(schema: Any) -> bool:
    """Whether the bounds of an integer are what it may be itself: where one is not, a server takes no value at all."""
    low, high = BOUNDS.get(str(schema.get("format")), INT64)
    given = [schema[name] for name in BOUNDING if schema.get(name) is not None]
    return all(each % 1 == 0 and low <= each <= high for each in given)


def bounds(range: tuple[int, int]) -> Schema:
    """The range of a Go type."""
    return {"minimum": range[0], "maximum": range[1]}


def length(schema: Any, name: str, path: Path) -> int:
    """A count that is not negative."""
    value = schema[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused((*path, name), f"its {name} is no count")
    return value


def mapping(schema: Any, name: str, path: Path) -> Mapping[str, Any]:
    """A mapping that may be missing."""
    value = schema.get(name)
    if not isinstance(value, Mapping | None):
        raise Refused((*path, name), f"its {name} is no mapping")
    return value or {}


def listed(schema: Any, name: str, path: Path) -> Sequence[Any]:
    """A list that may be missing."""
    value = schema.get(name)
    if not isinstance(value, list | None):
        raise Refused((*path, name), f"its {name} is no list")
    return value or []


def strings(schema: Any, name: str, path: Path) -> list[str]:
    """A list of strings that may be missing."""
    found = listed(schema, name, path)
    if not all(isinstance(each, str) for each in found):
        raise Refused((*path, name), f"its {name} is no list of names")
    return list(found)
