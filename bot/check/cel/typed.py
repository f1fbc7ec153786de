"""Values as the rules of a schema see them: text of some formats is a time, and odd names of fields are escaped.

https://kubernetes.io/docs/reference/using-api/cel/#escaping and the table of OpenAPIv3 fields and CEL types there.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.check.cel.moments import handed

__all__ = ["RESERVED", "escaped", "typed"]

RESERVED = frozenset(
    [
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    ]
)
"""Words that are no names in CEL."""
SIGNS = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
# Whatever was matched is kept (`++`): to give signs back would take the square of a long text's length.
DURATION = re.compile(r"([0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(h|ms|us|µs|μs|ns|m|s)")
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}


def escaped(name: str) -> str:
    """The name of a field as an expression spells it."""
    if name in RESERVED:
        return f"__{name}__"
    return re.sub(r"__|[./-]", lambda match: SIGNS[match[0]], name)


def typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value, read by its structural schema; what the schema does not describe stays as it is.

    A property that is null is not there, although it may be null; the value of a map's key is.
    """
    if isinstance(value, Mapping):
        properties = schema.get("properties") or {}
        others = schema.get("additionalProperties")
        inner = others if isinstance(others, Mapping) else {}
        return {
            escaped(key) if key in properties else key: typed(each, properties.get(key, inner))
            for key, each in value.items()
            if each is not None or key not in properties
        }
    if isinstance(value, list):
        items = schema.get("items")
        return [typed(each, items if isinstance(items, Mapping) else {}) for each in value]
    if isinstance(value, str) and schema.get("type") == "string":
        return read(value, str(schema.get("format", "")))
    if isinstance(value, int) and not isinstance(value, bool) and schema.get("type") == "number":
        return float(value)
    return value


def read(text: str, form: str) -> Any:
    """Text of a format; what is not sound stays text, and the schema says so."""
    try:
        match form:
            case "date-time" | "date":
                found = datetime.fromisoformat(text)
                return handed(found if found.tzinfo else found.replace(tzinfo=UTC))
            case "byte":
                return bytearray(base64.b64decode(text, validate=True))
            case "duration":
                return handed(duration(text))
    except (ValueError, binascii.Error, OverflowError):
        pass
    return text


def duration(text: str) -> timedelta:
    """Go's `1h30m`. ValueError: it is none."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    seconds, at = 0.0, 0
    while found := DURATION.match(rest, at):
        seconds += float(found[1]) * SECONDS[found[2]]
        at = found.end()
    if rest != "0" and (not at or at < len(rest)):
        raise ValueError("not a duration")
    return sign * timedelta(seconds=seconds)
