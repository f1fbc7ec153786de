"""What violations of the schema mean to a person: which key, what it must be, and the nearest thing that is known."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.config.fault import Fault, Path, shown
from bot.config.patterns import is_pattern
from bot.config.rules import prefix_faults
from bot.config.schema import UNBUILT, schema

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema_rs import Draft202012Validator as Quick

__all__ = ["violations"]

NOUNS = {
    "object": "a mapping of keys",
    "array": "a list",
    "string": "text; put it in quotes",
    "integer": "a whole number",
    "boolean": "true or false",
}
FORMS = {
    "propertyNames": "must be lower case letters, digits and dashes, and begin and end with a letter or digit",
    "prefix": "must be a slash, a lower case letter, then lower case letters, digits and dashes, such as /gate",
    "from": "must be team:org/name or user:login",
    "expires": "must be a day, such as 2030-01-31",
    "digest": "must be sha256: and 64 hexadecimal digits",
}
UNBUILT_RENDERERS = ("bundle",)


def violations(value: Any) -> list[Fault]:
    """Everything in `value` that the schema does not allow."""
    if _quick().is_valid(value):
        return []
    return [fault for each in _validator().iter_errors(value) for fault in _explained(each)]


@cache
def _quick() -> "Quick":
    """Tells in no time that nothing is wrong, which is the usual answer."""
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema(), offline=True)


@cache
def _validator() -> "Draft202012Validator":
    """Tells all that is wrong. Imported when something is: it takes a while to load."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _explained(error: "ValidationError") -> Iterator[Fault]:
    path: Path = tuple(error.absolute_path)
    is_name = "propertyNames" in error.absolute_schema_path
    instance, rule = _anything(error.instance), _anything(error.validator_value)
    if is_name:
        path = (*path, instance)
    subject = shown(path)
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, path)
        case "required":
            # The library reports each absent key by itself, and names it in its message alone.
            yield from (_absent(path, key, error) for key in rule if error.message.startswith(f"{key!r} "))
        case "type":
            yield Fault(path, f"{subject} must be {NOUNS.get(rule, rule)}")
        case "enum" | "const":
            yield _not_among(path, instance, rule if isinstance(rule, list) else [rule])
        case "pattern" if is_name and is_pattern(instance):
            yield Fault(path, f"{subject} is no pattern of environments", 'write it like "{cluster}-{app}"')
        case "pattern":
            form = next(
                (FORMS[each] for each in error.absolute_schema_path if each in FORMS), "is not of the right form"
            )
            yield Fault(path, f"{subject} {form}")
        case "minimum" | "maximum":
            schema_of = _anything(error.schema)
            yield Fault(path, f"{subject} must be from {schema_of['minimum']} to {schema_of['maximum']}")
        case "maxLength":
            yield Fault(path, f"{subject} is longer than {rule} characters")
        case "uniqueItems":
            yield Fault(path, f"{subject} has an entry twice", "remove one of them")
        case "minProperties" | "minItems" | "minLength":
            yield Fault(path, f"{subject} is empty", "fill it in, or remove it")
        case "not" if path == ("prefix",):
            yield from prefix_faults(instance)
        case _:
            yield Fault(path, f"{subject} is not of the right form")


def _anything(value: object) -> Any:
    """What jsonschema types more narrowly than a schema can promise."""
    return value


def _unknown_keys(error: "ValidationError", path: Path) -> Iterator[Fault]:
    known: Mapping[str, Any] = _anything(error.schema)["properties"]
    for key in _anything(error.instance):
        if key in known:
            continue
        at = (*path, key)
        if key in UNBUILT:
            yield Fault(at, f"{shown((key,))} is not supported yet", "remove it")
        else:
            yield Fault(at, f"unknown key {shown((key,))}{_did_you_mean(key, list(known))}")


def _absent(path: Path, key: str, error: "ValidationError") -> Fault:
    rule = _anything(error.schema)["properties"][key]
    choices = rule.get("enum") or [rule[each] for each in ("const",) if each in rule]
    example = f" {' or '.join(map(str, choices))}" if choices else ""
    return Fault(path, f'{shown(path)} has no "{key}"', f"add {key}:{example}")


def _not_among(path: Path, value: Any, allowed: Sequence[Any]) -> Fault:
    if path[-1:] == ("renderer",) and value in UNBUILT_RENDERERS:
        return Fault(path, f'{shown(path)}: "{value}" is not supported yet', "write plain, kustomize or helm")
    choices = " or ".join(str(each) for each in allowed if each is not False)
    if str(value) in map(str, allowed):  # "1" instead of 1
        return Fault(path, f"{shown(path)} must be {choices}", "write it without quotes")
    return Fault(path, f"{shown(path)} must be {choices}{_did_you_mean(value, allowed)}")


def _did_you_mean(word: Any, known: Sequence[Any]) -> str:
    near = get_close_matches(str(word).lower(), [str(each) for each in known], n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
