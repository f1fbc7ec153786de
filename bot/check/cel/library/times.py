"""Times made of other values, as cel-go makes them: text is RFC 3339 as Go's time.Parse reads it, and nothing else.

The engine's own takes a second of 60, small letters, spaces and missing zeros too.
https://pkg.go.dev/time#pkg-constants
"""

import re
from datetime import UTC, datetime, timedelta

from bot.check.cel.library.declare import Function, function
from bot.check.cel.moments import EPOCH, Timestamp, handed

__all__ = ["FUNCTIONS"]

RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)  # fmt: skip
FIRST, LAST = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the first and the last second that CEL has: of the years 1 and 9999."""


def of_seconds(seconds: int, nanos: int = 0) -> Timestamp:
    """Seconds since 1970. ValueError: CEL has no such time."""
    if not FIRST <= seconds <= LAST:
        raise ValueError("timestamp overflow")
    return Timestamp(seconds, nanos)


def of_text(text: str) -> Timestamp:
    """What Go's time.Parse makes of it. ValueError: it is no time."""
    match = RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("cannot convert string to timestamp")
    *day_and_time, fraction, sign, hours, minutes = match.groups()
    moment = datetime(*map(int, day_and_time), tzinfo=UTC)  # type: ignore[arg-type, misc]
    ahead = int(hours or 0) * 60 + int(minutes or 0)
    if int(hours or 0) > 24 or int(minutes or 0) > 60:
        raise ValueError("cannot convert string to timestamp")
    seconds = (moment - EPOCH) // timedelta(seconds=1) - (-60 if sign == "-" else 60) * ahead
    return of_seconds(seconds, int((fraction or "0")[:9].ljust(9, "0")))


FUNCTIONS: tuple[Function, ...] = (
    function("timestamp", "string", "timestamp", of_text),
    function("timestamp", "int", "timestamp", of_seconds),
    function("timestamp", "timestamp", "timestamp", handed),
)
