"""What a scalar of YAML means to kubectl.

kubectl reads YAML with sigs.k8s.io/yaml, whose goyaml.v2 resolves plain scalars by rules that are neither YAML 1.1's
nor 1.2's: `yes` is true, `0755` is 493, `1e3` is 1000, while `22:22` and dates stay text. The result then goes through
JSON, which makes whole floats integers and has neither NaN nor infinity. Source: `goyaml.v2/resolve.go` and
`yaml.go` there.

What kubectl would change silently is refused here with a ValueError, whose message has no value in it.
"""

import base64
import binascii
import re
from datetime import date

__all__ = ["Scalar", "is_merge", "key_text", "plain", "tagged"]

Scalar = str | int | float | bool | None

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
NUMERIC_START = frozenset("+-.0123456789")
INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
STABLE_FLOAT_KEY = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9]")
LONGEST_INTEGER = 80
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
CORE = "tag:yaml.org,2002:"


def plain(text: str) -> Scalar:
    """The value of a scalar that stands without quotes and without a tag."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC_START:
        return text
    return _number(text)


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag. A tag that is not YAML's own leaves the text as it is, as in kubectl."""
    name = tag.removeprefix(CORE)
    if name == tag or name == "str":
        return text
    if name == "binary":
        return _binary(text)
    value = plain(text)
    fits = {"bool": value is True or value is False, "null": value is None}
    if name == "timestamp" and not _is_day(text):
        raise ValueError("the value of a !!timestamp tag is not a day, such as 2030-01-31; leave the tag out")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits |= {"float": number, "int": number and INTEGER.fullmatch(text.replace("_", "")) is not None}
    if not fits.get(name, True):
        raise ValueError(f"the value is not what its tag !!{name} says")
    return value if name in fits else text


def key_text(tag: str | None, is_plain: bool, text: str) -> str:
    """The text of a mapping's key. kubectl makes text of numbers and truth values: `yes:` is the key "true"."""
    if not is_plain and tag is None:
        return text
    if is_plain and text not in WORDS and text[0] not in NUMERIC_START:
        return text
    value = plain(text) if is_plain or tag is None else tagged(tag, text)
    match value:
        case None:
            raise ValueError("a key is empty or null; give it a name, or quote it")
        case bool():
            return "true" if value else "false"
        case int() if tag != CORE + "float" and INTEGER.fullmatch(text.replace("_", "")):
            return str(value)
        case int() | float():
            return _float_key(text)
        case _:
            return str(value)


def is_merge(tag: str | None, is_plain: bool, text: str) -> bool:
    """Whether a key is the merge key, `<<` without quotes (yaml.org/type/merge.html)."""
    return text == "<<" and (is_plain or tag == CORE + "merge")


def _number(text: str) -> Scalar:
    digits = text.replace("_", "") if text[0] != "." else text
    integer = INTEGER.fullmatch(digits)
    if integer:
        return _integer(integer)
    if FLOAT.fullmatch(digits):
        return _whole(float(digits), text)
    if NOT_FINITE.fullmatch(text):
        raise ValueError("infinity and NaN cannot be written in JSON; quote the value if it is text")
    return text


def _integer(match: re.Match[str]) -> int:
    sign, hexadecimal, binary, octal, decimal = match.groups()
    digits, base = next(each for each in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)) if each[0])
    value = int(digits, base) if len(digits) <= LONGEST_INTEGER else LARGEST_INTEGER + 1
    value = -value if sign == "-" else value
    if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise ValueError("the integer does not fit in 64 bits, so digits would be lost; quote it if it is text")
    return value


def _whole(value: float, text: str) -> Scalar:
    if value in (float("inf"), float("-inf")):
        return text
    return int(value) if value.is_integer() and SMALLEST_INTEGER <= value <= LARGEST_INTEGER else value


def _float_key(text: str) -> str:
    # kubectl prints such a key as a 32-bit float, so `1.10` becomes "1.1". Six digits survive that unchanged.
    few = sum(map(str.isdigit, text)) <= 6
    if few and STABLE_FLOAT_KEY.fullmatch(text) and abs(float(text)) >= 1e-4:
        return text
    raise ValueError("a key is a number that readers of YAML write differently; quote it")


def _is_day(text: str) -> bool:
    # kubectl takes some times too, in forms of its own
    try:
        return len(text) == len("2030-01-31") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text.replace("\n", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("the value of a !!binary tag is not the base64 of UTF-8 text") from None
