"""What a schema validator found, as problems that a person can mend: the field, what is wrong, what to write instead.

A value is never part of a text: a Secret is an object like any other here. What a schema says is part of it, made fit
to be shown, since schemas come from strangers too.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bot.check.schemas.problem import LONGEST_NAME, Path, Problem, field_name, shown
from bot.model.noun import noun

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

__all__ = ["Words", "explain"]

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
    "datetime": ("is not a time", "write it as RFC 3339 does, such as 2030-01-31T12:00:00Z"),
    "microtime": ("is not a time with microseconds", "write it with six digits, such as 2030-01-31T12:00:00.000000Z"),
    "date": ("is not a day", "write it as 2030-01-31"),
    "duration": ("is not a duration", "write an amount such as 90s or 1h30m"),
    "ipv4": ("is not an IPv4 address", "write it as 192.0.2.1"),
    "ipv6": ("is not an IPv6 address", "write it as 2001:db8::1"),
    "cidr": ("is not a network", "write it as 192.0.2.0/24"),
    "uri": ("is not a URI", "write it as https://example.com/path"),
    "email": ("is not an e-mail address", "write it as name@example.com"),
}
LIMITS = {
    "minimum": ("is below {}", "write a larger number"),
    "maximum": ("is above {}", "write a smaller number"),
    "exclusiveMinimum": ("is not above {}", "write a larger number"),
    "exclusiveMaximum": ("is not below {}", "write a smaller number"),
    "minLength": ("is shorter than {} signs", "write a longer text"),
    "maxLength": ("is longer than {} signs", "write a shorter text"),
    "minItems": ("has fewer than {} items", "add what is missing"),
    "maxItems": ("has more than {} items", "remove some"),
    "minProperties": ("has fewer than {} fields", "add what is missing"),
    "maxProperties": ("has more than {} fields", "remove some"),
}
MOST_OPTIONS = 8


@noun
class Words:
    """Words for a schema: what to do where nothing better can be said, and what is wrong with a field unknown to it."""

    reference: str = "compare it with Kubernetes' API reference"
    unknown: str = "is not a field that Kubernetes knows"


KUBERNETES = Words()


def explain(error: "ValidationError", root: Mapping[str, Any], words: Words = KUBERNETES) -> Iterator[Problem]:
    """The problems behind one of the validator's errors; each unknown field is a problem of its own.

    `root` is the schema that was compiled.
    """
    path: Path = tuple(error.instance_path)
    match error.kind.name:
        case "additionalProperties" | "unevaluatedProperties" if "unexpected" in (details := error.kind.as_dict()):
            known = parent_schema(error, root).get("properties", {})
            for key in details["unexpected"]:
                yield unexpected((*path, key), known, words)
        case "required":
            missing = error.kind.as_dict()["property"]
            fix = f"add {shown(missing)} here"
            yield Problem(at=path, field=field_name((*path, missing)), wrong="is missing", fix=fix)
        case "mapList" | "setList":
            item = (*path, int(error.kind.as_dict()["message"]))
            keys = " and ".join(shown(each) for each in parent_schema(error, root).get("mapList", ()))
            wrong = f"has the same {keys} as an earlier item" if keys else "was in the list before"
            fix = "remove one of the two, or tell them apart" if keys else "remove one of the two"
            yield Problem(at=item, field=field_name(item), wrong=wrong, fix=fix)
        case _:
            wrong, fix = unfit(error, root, words.reference)
            yield Problem(at=path, field=field_name(path), wrong=wrong, fix=fix)


def unexpected(path: Path, known: Mapping[str, Any], words: Words) -> Problem:
    """A field that there is not, with the one that was probably meant."""
    meant = nearest(str(path[-1]), known)
    fix = f"did you mean {meant}?" if meant else "remove it, or look at its indentation: it may belong to another field"
    return Problem(at=path, field=field_name(path), wrong=words.unknown, fix=fix)


def nearest(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    """The known word that was probably meant, or ""."""
    folded = [name for name in known if name.lower() == word.lower()]
    near = folded or get_close_matches(word[:LONGEST_NAME], known, n=1, cutoff=0.7)
    return shown(near[0]) if near else ""


def unfit(error: "ValidationError", root: Mapping[str, Any], reference: str) -> tuple[str, str]:
    """What is wrong with a value that is there, and what to do."""
    details = error.kind.as_dict()
    match name := error.kind.name:
        case "type":
            actual = type_name(error.instance)
            wanted = " or ".join(NAMES.get(each, each) for each in details["types"])
            return f"must be {wanted}, not {NAMES[actual]}", retype(details["types"], error.instance)
        case "format":
            form = details["format"].removeprefix("go-").replace("-", "")
            return FORMS.get(form, (f"is not of the form {shown(form)}", "write it in that form"))
        case "enum":
            return none_of(details["options"], error.instance)
        case "const":
            return none_of([details["expected_value"]], error.instance)
        case "goPattern" | "pattern":
            pattern = parent_schema(error, root).get(name, "")
            return "does not match its pattern", f"write it so that it matches {shown(str(pattern))}"
        case "multipleOf":
            return f"is not a multiple of {details['multiple_of']}", "write a multiple of it"
        case "anyOf" | "oneOf":
            return alternatives(name, parent_schema(error, root).get(name, ()), reference)
        case "not":
            return "is what its schema excludes", forbidden(details["schema"], reference)
        case "uniqueItems":
            return "has the same item twice", "remove one of the two"
        case _ if name in LIMITS and "limit" in details:
            wrong, fix = LIMITS[name]
            return wrong.format(details["limit"]), fix
    return f"breaks the rule {shown(name)} of its schema", reference


def none_of(options: Sequence[Any], value: Any) -> tuple[str, str]:
    """A value that is none of those which there are."""
    words = [each for each in options if isinstance(each, str) and each]
    listed = [shown(str(each)) for each in options if each != ""]
    more = f" and {len(listed) - MOST_OPTIONS} more" if len(listed) > MOST_OPTIONS else ""
    meant = nearest(value, words) if isinstance(value, str) else ""
    one = f"is none of {', '.join(listed[:MOST_OPTIONS])}{more}" if len(listed) > 1 else f"is not {''.join(listed)}"
    return one, f"did you mean {meant}?" if meant else "write one of them" if len(listed) > 1 else "write that"


def alternatives(name: str, branches: Sequence[Any], reference: str) -> tuple[str, str]:
    """Which fields would make one of several alternatives true."""
    groups = [each.get("required") for each in branches if isinstance(each, Mapping)]
    wrong = "satisfies none of its alternatives" if name == "anyOf" else "does not satisfy exactly one alternative"
    if not groups or not all(groups):
        return wrong, reference
    texts = [" and ".join(shown(str(key)) for key in group) for group in groups if group]
    how_many = "exactly one" if name == "oneOf" else "at least one"
    return wrong, f"give {how_many} of: {', '.join(texts[:MOST_OPTIONS])}"


def forbidden(schema: Any, reference: str) -> str:
    """What to leave out."""
    fields = schema.get("required") if isinstance(schema, Mapping) else None
    return f"leave out {' or '.join(shown(str(each)) for each in fields)}" if fields else reference


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


def parent_schema(error: "ValidationError", root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that holds the keyword which failed; an empty one where it cannot be found."""
    schema: Any = root
    for key in error.schema_path[:-1]:
        try:
            schema = schema[key]
        except (KeyError, IndexError, TypeError):
            return {}
    return schema if isinstance(schema, Mapping) else {}
