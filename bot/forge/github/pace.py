"""How long to leave GitHub alone after an answer: primary quotas, secondary limits, maintenance. Pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
"""

from collections.abc import Mapping

__all__ = ["hold_off"]

LEAST = 1.0
LONGEST = 3660.0
"""Quotas are counted by the hour; a longer wait than that and some clock skew is nobody's intention."""

UNEXPLAINED, UNEXPLAINED_MOST = 60.0, 900.0


def hold_off(status: int, headers: Mapping[str, str], body: bytes, strikes: int, now: float) -> float | None:
    """Seconds in which no request may be sent, or None. `now` is seconds since 1970.

    `Retry-After` counts before the quota's reset. A limit without either costs a minute, doubled with every further
    one in a row (`strikes`). A quota that an answer has just used up holds the next request off too.
    """
    refused = status in (403, 429)
    if refused or status == 503:
        after = number(headers, "retry-after")
        if after is not None:
            return bounded(after)
    if number(headers, "x-ratelimit-remaining") == 0:
        reset = number(headers, "x-ratelimit-reset")
        if reset is not None and (refused or reset > now):
            return bounded(reset - now)
    if status == 429 or (refused and is_secondary(body)):
        return min(UNEXPLAINED * 2.0 ** min(strikes, 8), UNEXPLAINED_MOST)
    return None


def is_secondary(body: bytes) -> bool:
    """Whether a 403 says in words that it is a limit: it need not carry any header."""
    words = body[:4096].lower()
    return b"secondary rate limit" in words or b"abuse detection" in words or b"rate limit exceeded" in words


def bounded(seconds: float) -> float:
    """A wait that ends: at least a second, at most an hour and a minute."""
    return min(max(seconds, LEAST), LONGEST)


def number(headers: Mapping[str, str], name: str) -> float | None:
    """A header's whole number, else None."""
    value = headers.get(name, "")
    return float(value) if value.isascii() and value.isdigit() and len(value) <= 12 else None
