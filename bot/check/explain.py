"""What a schema validator found, as problems that a person can mend: the field, what is wrong, what to write instead.

A manifest's values are never part of a text: a Secret is an object like any other here.
"""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bot.model.noun import noun

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

__all__ = ["Path", "Problem", "explain", "field_name"]

Path = tuple[str | int, ...]
"""Keys and indices from an object's root."""

NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
FORMS = {
    "quantity": ("is not a quantity", "write an amount such as 500m, 2 or 1Gi"),
    "byte": ("is not base64", "encode the value in base64"),
    "date-time": ("is not a time", "write it as RFC 3339 does, such as 2030-01-31T12:00:00Z"),
}
LONGEST_KEY = 80


@noun
class Problem:
    """One thing that is wrong: `field` and `wrong` make a sentence, `fix` says what to do, `at` is where to show it."""

    at: Path
    field: str
    wrong: str
    fix: str


def explain(error: "ValidationError", definitions: Mapping[str, Any]) -> Iterator[Problem]:
    """The problems behind one of the validator's errors; each unknown field is a problem of its own."""
    path: Path = tuple(error.instance_path)
    match error.kind.name:
        case "additionalProperties":
            known = parent_schema(error, definitions).get("properties", {})
            for key in error.kind.as_dict()["unexpected"]:
                yield unexpected((*path, key), known)
        case "required":
            missing = error.kind.as_dict()["property"]
            fix = f"add {missing} here"
            yield Problem(at=path, field=field_name((*path, missing)), wrong="is missing", fix=fix)
        case "x-kubernetes-list-map-keys":
            keys = " and ".join(parent_schema(error, definitions).get(error.kind.name, ()))
            item = (*path, int(error.kind.as_dict()["message"]))
            wrong, fix = f"has the same {keys} as an earlier item", "remove one of the two, or tell them apart"
            yield Problem(at=item, field=field_name(item), wrong=wrong, fix=fix)
        case _:
            wrong, fix = unfit(error)
            yield Problem(at=path, field=field_name(path), wrong=wrong, fix=fix)


def unexpected(path: Path, known: Mapping[str, Any]) -> Problem:
    """A field that there is not, with the one that was probably meant."""
    key = str(path[-1])
    near = get_close_matches(key[:LONGEST_KEY], known, n=1, cutoff=0.7)
    folded = [name for name in known if name.lower() == key.lower()]
    meant = (folded or near or [""])[0]
    fix = f"did you mean {meant}?" if meant else "remove it, or look at its indentation: it may belong to another field"
    return Problem(at=path, field=field_name(path), wrong="is not a field that Kubernetes knows", fix=fix)


def unfit(error: "ValidationError") -> tuple[str, str]:
    """What is wrong with a value that is there, and what to do."""
    details = error.kind.as_dict()
    match error.kind.name:
        case "type":
            actual = type_name(error.instance)
            wanted = " or ".join(NAMES.get(each, each) for each in details["types"])
            return f"must be {wanted}, not {NAMES[actual]}", retype(details["types"], error.instance)
        case "format" if details["format"] in FORMS:
            return FORMS[details["format"]]
        case "minimum":
            return f"is below {details['limit']}", "write a larger number"
        case "maximum":
            return f"is above {details['limit']}", "write a smaller number"
    return f"breaks the rule {error.kind.name} of its schema", "compare it with Kubernetes' API reference"


def retype(wanted: list[str], value: Any) -> str:
    """How to write a value of the wrong type."""
    if value is None:
        return "give it a value, or remove it"
    if "string" in wanted and isinstance(value, bool | int | float):
        return "put the value in quotes"
    if "integer" in wanted and isinstance(value, str) and value.isdecimal():
        return "write the number without quotes"
    if "boolean" in wanted and isinstance(value, str) and value.lower() in ("true", "false"):
        return "write true or false without quotes"
    if "array" in wanted and isinstance(value, Mapping):
        return "begin each item with a dash"
    return "change the value, or look at its indentation"


def type_name(value: Any) -> str:
    """JSON's name for a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case Mapping():
            return "object"
        case list() | tuple():
            return "array"
    return "number"


def parent_schema(error: "ValidationError", definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that holds the keyword which failed."""
    schema: Any = {"definitions": definitions}
    for key in error.schema_path[:-1]:
        schema = schema[key]
    found: Mapping[str, Any] = schema
    return found


def field_name(path: Path) -> str:
    """`spec.containers[0].image`; a key that is no plain word is quoted and cut, so that it stays one line."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key.isascii() and key.replace("_", "").isalnum() and len(key) <= LONGEST_KEY:
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key if len(key) <= LONGEST_KEY else key[:LONGEST_KEY] + '…')}]"
    return text or "the object"
