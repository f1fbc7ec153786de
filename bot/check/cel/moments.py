"""Times on their way into the engine, which takes Python's own only where a type is declared, and never inside a map.

It takes protobuf's messages everywhere, and knows those by their look; so nothing more than the look is made here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["EPOCH", "Duration", "Timestamp", "handed"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Named:
    """What the engine asks a message for its type by."""

    def __init__(self, full_name: str) -> None:
        self.full_name = full_name


class Timestamp:
    """A `google.protobuf.Timestamp`: seconds since 1970, UTC. The engine looks at the class's name too."""

    DESCRIPTOR = _Named("google.protobuf.Timestamp")

    def __init__(self, seconds: int, nanos: int) -> None:
        self.seconds, self.nanos = seconds, nanos


class Duration:
    """A `google.protobuf.Duration`. The engine looks at the class's name too."""

    DESCRIPTOR = _Named("google.protobuf.Duration")

    def __init__(self, seconds: int, nanos: int) -> None:
        self.seconds, self.nanos = seconds, nanos


def handed(value: Any) -> Any:
    """The value as the engine takes it from anywhere."""
    if isinstance(value, datetime):
        seconds, rest = divmod(value - EPOCH, timedelta(seconds=1))
        return Timestamp(seconds, rest.microseconds * 1000)
    if isinstance(value, timedelta):
        seconds, rest = divmod(abs(value), timedelta(seconds=1))
        sign = -1 if value < timedelta() else 1  # a duration's parts have the same sign
        return Duration(sign * seconds, sign * rest.microseconds * 1000)
    return value
