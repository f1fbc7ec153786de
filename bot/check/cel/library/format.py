"""Forms of text in CEL: `!format.dns1123Label().validate(name).hasValue()`.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library
The engine cannot be given optionals, so what `validate` and `named` answer is a map that has an optional's `hasValue`
and `value`.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bot.check.cel.library import url
from bot.check.cel.library.declare import Function, function, method, tagged, untagged

__all__ = ["FORMATS", "FUNCTIONS"]

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
OLD_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)  # fmt: skip


def within(pattern: re.Pattern[str], longest: int) -> Callable[[str], bool]:
    """Whether a text has this form and is no longer."""
    return lambda text: len(text) <= longest and pattern.fullmatch(text) is not None


def beginning(whole: Callable[[str], bool]) -> Callable[[str], bool]:
    """The same for the beginning of a name, which may end with a dash."""
    return lambda text: whole(text[:-1] + "a" if len(text) > 1 and text.endswith("-") else text)


def is_qualified(text: str) -> bool:
    """`example.com/name`, or the name alone."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or within(SUBDOMAIN, 253)(prefix)) and within(NAME, 63)(name)


def is_day(text: str) -> bool:
    """A day of the calendar, `2030-01-31`."""
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def is_moment(text: str) -> bool:
    """A time of day on a day, by RFC 3339."""
    match = MOMENT.fullmatch(text)
    return match is not None and is_day(match[1])


def is_base64(text: str) -> bool:
    """Base64 with the standard alphabet and padding; nothing at all is none."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(text) and len(text) % 4 == 0


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "dns1123Label": within(LABEL, 63),
    "dns1123Subdomain": within(SUBDOMAIN, 253),
    "dns1035Label": within(OLD_LABEL, 63),
    "dns1123LabelPrefix": beginning(within(LABEL, 63)),
    "dns1123SubdomainPrefix": beginning(within(SUBDOMAIN, 253)),
    "dns1035LabelPrefix": beginning(within(OLD_LABEL, 63)),
    "qualifiedName": is_qualified,
    "labelValue": within(LABEL_VALUE, 63),
    "uri": url.is_url,
    "uuid": lambda text: UUID.fullmatch(text) is not None,
    "byte": is_base64,
    "date": is_day,
    "datetime": is_moment,
}


def named(name: str) -> dict[str, Any]:
    """An optional of the format of that name."""
    return tagged("optional", [tagged("format", name)] if name in FORMATS else [])


def validate(form: Any, text: str) -> dict[str, Any]:
    """An optional of what is wrong with a text."""
    name = untagged("format", form)
    return tagged("optional", [] if FORMATS[name](text) else [[f"must be a valid {name}"]])


def value(optional: Any) -> Any:
    """What an optional holds."""
    held = untagged("optional", optional)
    if not held:
        raise ValueError("optional.none() dereference")
    return held[0]


FUNCTIONS: tuple[Function, ...] = (
    *(function(f"format.{name}", "", "map", lambda name=name: tagged("format", name)) for name in FORMATS),
    function("format.named", "string", "map", named),
    method("validate", "map string", "map", validate),
    method("hasValue", "map", "bool", lambda optional: bool(untagged("optional", optional))),
    method("value", "map", "dyn", value),
)
