"""URLs in CEL: `url("https://example.com/a?b=c").getHost()`, read as Go's `net/url` reads them.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library
"""

import re
from typing import Any
from urllib.parse import unquote, unquote_plus

from bot.check.cel.library.declare import Function, function, method, tagged, untagged
from bot.model.noun import noun

__all__ = ["FUNCTIONS", "Url", "is_url", "parse"]

SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
PORT = re.compile(r"(?::[0-9]*)?", re.ASCII)
USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
HOST = re.compile(r"(?:[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"]|[^\x00-\x7f]|%[89a-fA-F][0-9a-fA-F])*")
PATH_AS_IS = re.compile(r"[A-Za-z0-9\-_.~$&+,/:;=@!'()*\[\]%]*")
PATH_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@")


@noun
class Url:
    """The parts of a URL. `host` has the port; `path` is escaped; `query` is as it was written."""

    scheme: str
    host: str
    path: str
    query: str


def is_url(text: str) -> bool:
    """Whether it is an absolute URL or an absolute path; a `#` is a sign like others here (`ParseRequestURI`)."""
    if not text or CONTROL.search(text) or text.startswith(":"):
        return False
    scheme, rest = split(text)
    if not rest.startswith("/"):
        return bool(scheme) or text == "*"
    authority, slash, path = rest[2:].partition("/")
    if scheme and rest.startswith("//"):
        return host_of(authority) is not None and not BAD_ESCAPE.search(slash + path)
    return not BAD_ESCAPE.search(rest)


def parse(text: str) -> Url | None:
    """The parts; None: it has none. What stands behind a `#` is none of them, and a host needs no scheme (`Parse`)."""
    whole, _, fragment = text.partition("#")
    scheme, rest = split(whole)
    query = whole.partition("?")[2]
    if scheme and not rest.startswith("/"):
        return Url(scheme=scheme, host="", path="", query=query)
    host: str | None = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest, host = slash + path, host_of(authority)
    if host is None or BAD_ESCAPE.search(rest) or BAD_ESCAPE.search(fragment):
        return None
    return Url(scheme=scheme, host=host, path=escaped(rest), query=query)


def split(text: str) -> tuple[str, str]:
    """The scheme, and what stands between it and the query."""
    match = SCHEME.fullmatch(text)
    scheme, rest = (match[1].lower(), match[2]) if match else ("", text)
    return scheme, rest.partition("?")[0]


def host_of(authority: str) -> str | None:
    """The host and port behind the user's name; None: they are not sound."""
    user, _, host = authority.rpartition("@")
    if USER.fullmatch(user) is None or BAD_ESCAPE.search(user):
        return None
    if host.startswith("["):
        inner, bracket, port = host.rpartition("]")
        inner = inner.replace("%25", "")  # a zone, which may hold escapes of any kind
        sound = bool(bracket) and not BAD_ESCAPE.search(inner) and HOST.fullmatch(re.sub("%..", "", inner)) is not None
        return unquote(host) if sound and PORT.fullmatch(port) else None
    name, colon, port = host.rpartition(":")
    if (colon and PORT.fullmatch(colon + port) is None) or HOST.fullmatch(name if colon else host) is None:
        return None
    return unquote(host)


def escaped(path: str) -> str:
    """The path as it was written if it is escaped already, else with everything escaped that must be."""
    if PATH_AS_IS.fullmatch(path):
        return path
    signs = unquote(path, errors="surrogateescape").encode(errors="surrogateescape")
    return "".join(chr(sign) if chr(sign) in PATH_PLAIN else f"%{sign:02X}" for sign in signs)


def url(text: str) -> dict[str, Any]:
    """The URL that a text stands for."""
    if not is_url(text) or parse(text) is None:
        raise ValueError("URL parse error during conversion from string: not an absolute URL or path")
    return tagged("url", text)


def read(value: Any) -> Url:
    """The parts of a value."""
    found = parse(untagged("url", value))
    if found is None:
        raise ValueError("not a URL")
    return found


def host_name(value: Any) -> str:
    """The host without port and brackets."""
    host = read(value).host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, _ = host.rpartition(":")
    return name if colon else host


def port(value: Any) -> str:
    """The port as it was written, or nothing."""
    _, colon, found = read(value).host.rpartition("]")[2].rpartition(":")
    return found if colon else ""


def query(value: Any) -> dict[str, list[str]]:
    """The values of every key; what is not escaped properly is left out."""
    found: dict[str, list[str]] = {}
    for part in read(value).query.split("&"):
        if part and ";" not in part and not BAD_ESCAPE.search(part):
            key, _, given = part.partition("=")
            found.setdefault(unquote_plus(key), []).append(unquote_plus(given))
    return found


FUNCTIONS: tuple[Function, ...] = (
    function("url", "string", "map", url),
    function("isURL", "string", "bool", is_url),
    method("getScheme", "map", "string", lambda value: read(value).scheme),
    method("getHost", "map", "string", lambda value: read(value).host),
    method("getHostname", "map", "string", host_name),
    method("getPort", "map", "string", port),
    method("getEscapedPath", "map", "string", lambda value: read(value).path),
    method("getQuery", "map", "map<string, list<string>>", query),
)
