"""The formats that the API server checks in strings of custom resources, as it checks them.

Sources: `formats.go` of k8s.io/apiextensions-apiserver for which there are, `strfmt` of k8s.io/kube-openapi for what
they mean. They are looser than RFCs in places (a leap second is refused, a duration may be `3 days`), and so are these.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from email.utils import parseaddr
from urllib.parse import urlsplit

from bot.check.schemas.native.catalogue import minor_order
from bot.check.schemas.patterns import go_pattern

__all__ = ["STRING_FORMATS", "string_formats"]

HEX = "[0-9a-fA-F]"
UUID = f"{HEX}{{8}}-?{HEX}{{4}}-?%s{HEX}{{3}}-?%s{HEX}{{3}}-?{HEX}{{12}}"
NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
CARDS = (
    r"4[0-9]{12}([0-9]{3})?|5[1-5][0-9]{14}|6(011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(0[0-5]|[68][0-9])[0-9]{11}"
    r"|(2131|1800|35\d{3})\d{11}"
)
COLOUR = r"([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
# Whatever was matched is kept (`++`): to give signs back would take the square of a long text's length.
GO_DURATION = re.compile(r"[-+]?(0|(([0-9]++(\.[0-9]*+)?|\.[0-9]++)(ns|us|µs|μs|ms|s|m|h))++)", re.ASCII)
DURATION_PART = re.compile(r"(?<![0-9])[0-9]++\s*+([A-Za-zµ]+)")
BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
UNITS = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")
SHORT_UNITS = frozenset({"ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"})
HOSTNAME = (
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)"
    r"|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)
BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"


def matches(pattern: str, flags: int = re.ASCII) -> Callable[[str], bool]:
    """Whether the whole text is of the pattern, which has no repetition within a repetition."""
    compiled = re.compile(pattern, flags)
    return lambda text: compiled.fullmatch(text) is not None


def day(text: str) -> bool:
    """`2030-01-31`."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        # Go has a year 0, which is a leap year as 2000 is
        date.fromisoformat("2000" + text[4:] if text.startswith("0000") else text)
    except ValueError:
        return False
    return True


def moment(text: str) -> bool:
    """`2030-01-31T12:00:00Z`; a zone is required."""
    first, sign, rest = text.lower().partition("t")
    time = TIME.fullmatch(rest.partition("t")[0])
    return bool(sign) and day(first) and time is not None and time[1] <= "23" and time[2] <= "59" and time[3] <= "59"


def duration(text: str) -> bool:
    """`1h30m` as Go reads it, or some amounts with units in words: `2 days`, `3 min`."""
    if GO_DURATION.fullmatch(text):
        return True
    units = [each.lower() for each in DURATION_PART.findall(text)]
    return any(unit in SHORT_UNITS or unit.startswith(UNITS) for unit in units)


def parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IP address without a zone."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def without_zeros(text: str) -> str:
    """An address of four numbers without leading zeros, which the API server takes where Python does not."""
    return ".".join(each.lstrip("0") or "0" if each.isdecimal() else each for each in text.split("."))


def ipv4(text: str) -> bool:
    """Four numbers, also at the end of an IPv6 address."""
    return "." in text and parsed(without_zeros(text)) is not None


def ipv6(text: str) -> bool:
    """Groups with colons."""
    return ":" in text and parsed(text) is not None


def network(text: str) -> bool:
    """`10.0.0.1/8`: an address and the length of its prefix."""
    start, _, length = text.partition("/")
    found = parsed(without_zeros(start))
    if found is None or not (length.isascii() and length.isdecimal()) or len(length) > 3:
        return False
    return int(length) <= found.max_prefixlen


def mac(text: str) -> bool:
    """6, 8 or 20 bytes: `00:00:5e:00:53:01`, `00-00-…`, `0000.5e00.5301`."""
    for sign, digits in ((":", 2), ("-", 2), (".", 4)):
        parts = text.split(sign)
        if len(parts) * digits // 2 in (6, 8, 20) and all(re.fullmatch(f"{HEX}{{{digits}}}", each) for each in parts):
            return True
    return False


def uri(text: str) -> bool:
    """What Go's `url.ParseRequestURI` reads: an absolute URI or an absolute path, without a fragment of its own."""
    if not text or any(sign <= " " or sign == "\x7f" for sign in text) or BAD_ESCAPE.search(text.partition("?")[0]):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return text.startswith("/") or bool(parts.scheme)


def email(text: str) -> bool:
    """What Go's `mail.ParseAddress` reads: an address, with a name before it or not."""
    try:
        local, at, domain = parseaddr(text)[1].rpartition("@")
    except RecursionError:  # it calls itself for each bracket
        return False
    bare = not local.startswith('"') and " " in local
    return bool(local and at and domain) and not bare and " " not in domain and " " not in text.rpartition("@")[2]


def hostname(text: str) -> bool:
    """RFC 1034, with letters and signs of any script."""
    fits = len(text.encode(errors="replace")) <= 255 and all(len(each.encode()) <= 63 for each in text.split("."))
    return fits and go_pattern(HOSTNAME).search(text) is not None


def isbn10(text: str) -> bool:
    """Nine digits and a check digit, which may be X."""
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits, re.ASCII):
        return False
    values = [10 if each == "X" else int(each) for each in digits]
    return sum((10 - place) * value for place, value in enumerate(values)) % 11 == 0


def isbn13(text: str) -> bool:
    """Twelve digits and a check digit."""
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"[0-9]{13}", digits, re.ASCII):
        return False
    return sum(int(each) * (3 if place % 2 else 1) for place, each in enumerate(digits)) % 10 == 0


def credit_card(text: str) -> bool:
    """A number of a known card with a right check digit."""
    digits = re.sub(r"[^0-9]+", "", text)
    if not re.fullmatch(CARDS, digits, re.ASCII):
        return False
    doubled = [int(each) * (2 if place % 2 else 1) for place, each in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def long_name(text: str) -> bool:
    """Short names joined by dots, at most 253 signs."""
    return len(text) <= 253 and all(re.fullmatch(NAME, each) for each in text.split("."))


STRING_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "bsonobjectid": matches(f"{HEX}{{24}}"),
    "uri": uri,
    "email": email,
    "hostname": hostname,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "cidr": network,
    "mac": mac,
    "uuid": matches(UUID % (HEX, HEX)),
    "uuid3": matches(UUID % ("3", HEX)),
    "uuid4": matches(UUID % ("4", "[89abAB]")),
    "uuid5": matches(UUID % ("5", "[89abAB]")),
    "isbn": lambda text: isbn10(text) or isbn13(text),
    "isbn10": isbn10,
    "isbn13": isbn13,
    "creditcard": credit_card,
    "ssn": matches(r"[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}"),
    "hexcolor": matches(f"#?({HEX}{{3}}|{HEX}{{6}})"),
    "rgbcolor": matches(rf"rgb\(\s*{COLOUR}\s*,\s*{COLOUR}\s*,\s*{COLOUR}\s*\)"),
    "byte": matches(BASE64),
    "date": day,
    "duration": duration,
    "datetime": moment,
    "k8sshortname": lambda text: len(text) <= 63 and re.fullmatch(NAME, text) is not None,
    "k8slongname": long_name,
}
"""By name without hyphens, as the API server compares names. `password` is any text, so it is not here."""

SINCE = {"k8sshortname": "1.34", "k8slongname": "1.34"}


def string_formats(version: str) -> frozenset[str]:
    """The names of the formats that a version of Kubernetes checks; it leaves others alone."""
    now = minor_order(version)
    return frozenset(name for name in STRING_FORMATS if minor_order(SINCE.get(name, "1.0")) <= now)
