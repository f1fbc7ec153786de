"""Every way in which GitHub, or the way to it, fails → TemporaryError or PermanentError. The only such place.

Messages name the method, the path, the status and GitHub's own words; never a header, a query or a credential.
"""

import json
from typing import Any

from bot.errors import AbsentError, PermanentError, TemporaryError, TidegateError
from bot.forge.github.shape import text

__all__ = ["AGAIN", "NotFound", "NotSeenYet", "Unauthorized", "answered", "unreachable"]

AGAIN = 5.0
CREDENTIAL_AGAIN = 60.0
WORDS = 300


class NotFound(AbsentError):
    """GitHub answered 404 or 410."""


class NotSeenYet(PermanentError):
    """GitHub does not know the commit: it is gone, or was pushed to a fork a moment ago and is not known here yet."""


class Unauthorized(TemporaryError):
    """The credential was refused. Work waits: it may be renewed, or its owner may put it right."""


def answered(method: str, path: str, status: int, body: bytes) -> TidegateError | None:
    """The error that an answer means; None for success and for "not modified"."""
    if 200 <= status < 300 or status == 304:
        return None
    said = f"GitHub answered {status} to {method} {path}{words(body)}"
    if status == 401:
        return Unauthorized(f"{said}; check the App's id and private key, or the token", CREDENTIAL_AGAIN)
    if status in (404, 410):
        return NotFound(said)
    if status == 422 and b"No commit found for SHA" in body:
        return NotSeenYet(said)
    if status >= 500 or status in (408, 425):
        return TemporaryError(said, AGAIN)
    return PermanentError(said)


def unreachable(method: str, path: str, error: Exception) -> TemporaryError:
    """No answer, or none that can be read. Only the kind of the error is told: its text may quote a request."""
    kind = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    return TemporaryError(f"GitHub could not be asked {method} {path}: {kind}", AGAIN)


def words(body: bytes) -> str:
    """GitHub's message and details, in one printable line."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict) or not isinstance(value.get("message"), str):
        return ""
    details = value.get("errors")
    parts = [text(value, "message"), *map(detail, details if isinstance(details, list) else ())]
    line = "; ".join(filter(None, parts))[:WORDS]
    return ": " + "".join(each if each.isprintable() else " " for each in line)


def detail(value: Any) -> str:
    """One entry of a validation error's `errors`."""
    if isinstance(value, dict):
        known = (value.get(name) for name in ("field", "code", "message"))
        return " ".join(each for each in known if isinstance(each, str))
    return value if isinstance(value, str) else ""
