"""References to other repositories, as kustomize reads them, and whether a render may use them.

Kustomize takes a reference for a git repository by its looks alone (`NewRepoSpecFromURL` of its source), so a path of
this repository can pass for one, and the same reading is needed here to know what it would try to reach.
"""

import posixpath
import re
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from bot.model.noun import noun
from bot.model.tree import Elsewhere

__all__ = ["Flaw", "Remote", "allowed", "is_url", "pinned", "remote"]

SCHEMES = ("ssh://", "https://", "http://", "file://")
USER = re.compile(r"([a-zA-Z][a-zA-Z0-9-]*)@")
COMMIT = re.compile(r"[0-9a-f]{40}")
# no user, no query, nothing encoded, and nothing that a server could read as a step upwards
PLAIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*)+/?")
MANIFEST = re.compile(r"[^?#]*\.(?:ya?ml|json)", re.IGNORECASE)
HTTP = re.compile(r"https?:", re.IGNORECASE)


@noun
class Remote:
    """What kustomize would clone: `url` for git, `folder` in that repository, `ref` ("" is the default branch)."""

    url: str
    folder: str
    ref: str


@noun
class Flaw:
    """Why a reference is not used, as a sentence without its subject, and what to do."""

    wrong: str
    fix: str


def is_url(text: str) -> bool:
    """Whether kustomize would ask a web server for it, where it expects a file."""
    return bool(HTTP.match(text))


@lru_cache(maxsize=4096)
def remote(text: str) -> Remote | None:
    """The repository that kustomize takes `text` for; None: it takes it for a path."""
    if text.startswith("/"):
        return None
    rest, _, query = text.partition("?")
    if (host := _host(rest)) is None:
        return None
    where, rest = host
    repository, folder = _split(rest, whole=where.startswith("file://"))
    folder = folder.lstrip("/")
    if not repository or posixpath.normpath(folder).split("/")[0] == "..":
        return None
    values = parse_qs(query)
    ref = (values.get("ref") or values.get("version") or [""])[0]
    return Remote(url=where + repository, folder=folder, ref=ref)


def _host(text: str) -> tuple[str, str] | None:
    """(scheme, user and host up to its separator, the rest), or None where there is no host."""
    if text[:5].lower() == "git::":
        text = text[5:]
    scheme = next((each for each in SCHEMES if text.lower().startswith(each)), "")
    text = text[len(scheme) :]
    found = USER.match(text)
    user = found[0] if found else ""
    text = text[len(user) :]
    github = text.lower().startswith(("github.com/", "github.com:"))
    scp = not scheme and bool(user or github)
    if not scheme and not scp:
        return None
    if scheme == "file://":
        return scheme, user + text
    at, colon = text.find("/"), text.find(":")
    if scp and (at == -1 or 0 < colon < at):
        at = colon
    host, rest = (text[: at + 1], text[at + 1 :]) if at >= 0 else (text, "")
    if github:
        scheme, user, host = (
            ("", user, "github.com:") if scheme == "ssh://" or user else ("https://", "", "github.com/")
        )
    return (scheme + user + host, rest) if host else None


def _split(text: str, whole: bool) -> tuple[str, str]:
    """The repository's path and the folder in it, by explicit marks or else after two segments."""
    if (at := text.find("_git/")) >= 0:
        name, _, folder = text[at + 5 :].partition("/")
        return text[: at + 5] + name, folder
    if (at := text.find("//")) >= 0:
        return text[:at], text[at + 2 :]
    if (at := text.find(".git")) >= 0:
        return text[: at + 4], text[at + 4 :]
    if whole:
        return text, ""
    parts = text.split("/")
    return ("/".join(parts[:2]), "/".join(parts[2:])) if len(parts) >= 2 else ("", "")


def pinned(text: str, bases: tuple[str, ...]) -> tuple[Elsewhere, str] | Flaw:
    """The repository at a commit, and the folder in it, that a reference to elsewhere means; or why it is not used."""
    found = remote(text)
    if found is None or (is_url(text) and MANIFEST.fullmatch(text.partition("?")[0]) and "//" not in text[8:]):
        wrong = "is a single file of a web server, which cannot be pinned: it may be another one at any time"
        return Flaw(wrong=wrong, fix="commit the file to the repository and name it by its path")
    if not found.url.startswith(("https://", "http://")):
        wrong = "is reached by another protocol than https"
        return Flaw(wrong=wrong, fix="write https://HOST/OWNER/REPOSITORY//FOLDER?ref=COMMIT")
    if not PLAIN.fullmatch(found.url):
        wrong = "has a user name or unusual characters in its URL"
        return Flaw(wrong=wrong, fix="write https://HOST/OWNER/REPOSITORY//FOLDER?ref=COMMIT with nothing else in it")
    if not allowed(found.url, bases):
        wrong = f"comes from {found.url}, which this server does not allow"
        return Flaw(wrong=wrong, fix="copy the base into the repository, or ask the operator to add it to render.bases")
    if not COMMIT.fullmatch(found.ref.lower()):
        given = "names a branch or a tag" if found.ref else "names no commit"
        wrong = f"{given}, so it may be something else at any time"
        return Flaw(wrong=wrong, fix="pin it by the full commit id: ?ref= and 40 hexadecimal digits")
    return Elsewhere(kind="git", url=found.url, revision=found.ref.lower()), found.folder


def allowed(url: str, patterns: tuple[str, ...]) -> bool:
    """Whether a URL is one of those. `*` stands for any run of characters, in the host never for more than the host."""
    return any(_matcher(each).fullmatch(url) for each in patterns)


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> re.Pattern[str]:
    parts = urlsplit(pattern)
    host = re.escape(parts.netloc.lower()).replace(r"\*", r"[a-z0-9.-]*")
    path = re.escape(parts.path or "/*").replace(r"\*", ".*")
    return re.compile(f"{re.escape(parts.scheme)}://{host}{path}/?")
