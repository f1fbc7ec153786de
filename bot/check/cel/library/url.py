"""URLs in CEL: `url("https://example.com/a?b=c").getHost()`, read as Go's `net/url.ParseRequestURI` reads them.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library
"""

import re
from typing import Any
from urllib.parse import unquote, unquote_plus

from bot.check.cel.library.declare import Function, function, method, tagged, untagged
from bot.model.noun import noun

__all__ = ["FUNCTIONS", "Url", "parse"]

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


def parse(text: str) -> Url | None:
    """The parts; None: it is neither an absolute URL nor an absolute path."""
    if not text or CONTROL.search(text):
        return None
    if text == "*":
        return Url(scheme="", host="", path="*", query="")
    if text.startswith(":"):
        return None
    match = SCHEME.fullmatch(text)
    scheme, rest = (match[1].lower(), match[2]) if match else ("", text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        return Url(scheme=scheme, host="", path="", query=query) if scheme else None
    host = ""
    if scheme and rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        found = host_of(authority)
        if found is None:
            return None
        host = found
    if BAD_ESCAPE.search(rest):
        return None
    return Url(scheme=scheme, host=host, path=escaped(rest), query=query)


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
    if parse(text) is None:
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
    function("isURL", "string", "bool", lambda text: parse(text) is not None),
    method("getScheme", "map", "string", lambda value: read(value).scheme),
    method("getHost", "map", "string", lambda value: read(value).host),
    method("getHostname", "map", "string", host_name),
    method("getPort", "map", "string", port),
    method("getEscapedPath", "map", "string", lambda value: read(value).path),
    method("getQuery", "map", "map<string, list<string>>", query),
)
