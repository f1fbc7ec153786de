"""Proof that a webhook comes from GitHub: HMAC-SHA256 over the raw body, compared in constant time.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
import re
from collections.abc import Mapping

from bot.errors import RefusedError

__all__ = ["sole", "verify"]

HEADER = "X-Hub-Signature-256"
FORM = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def verify(secret: bytes, headers: Mapping[str, str], body: bytes) -> None:
    """Return if `body` was signed with `secret`. RefusedError 401: otherwise, whatever the header looks like.

    `X-Hub-Signature` (SHA-1), which GitHub still sends, is never looked at.
    """
    given = sole(headers, HEADER)
    match = FORM.fullmatch(given) if given is not None else None
    if match is None:
        raise RefusedError(401, f"no valid {HEADER}: set the hook's secret to the one that this server has")
    expected = hmac.new(secret, body, "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode("ascii"), match[1].encode("ascii")):
        raise RefusedError(401, f"{HEADER} does not match the body: the hook's secret differs from this server's")


def sole(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a header that is there exactly once and is text (names compare without case), else None.

    A header sent twice has no one meaning: a proxy in front may have checked the other one.
    """
    found = [value for key, value in headers.items() if isinstance(key, str) and key.lower() == name.lower()]
    return found[0] if len(found) == 1 and isinstance(found[0], str) else None
