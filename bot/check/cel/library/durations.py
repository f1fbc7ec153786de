"""`getMilliseconds()` as cel-go has it: of a duration all of it, where the engine has what is left of the last second.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions
"""

from datetime import datetime, timedelta

from bot.check.cel.library.declare import Function, method

__all__ = ["FUNCTIONS"]

MILLISECOND = timedelta(milliseconds=1)


def of_duration(value: timedelta) -> int:
    """The whole duration in milliseconds, cut towards zero."""
    length = abs(value) // MILLISECOND
    return length if value >= timedelta() else -length


def of_moment(value: datetime) -> int:
    """What is left of the last second."""
    return value.microsecond // 1000


FUNCTIONS: tuple[Function, ...] = (
    method("getMilliseconds", "duration", "int", of_duration),
    method("getMilliseconds", "timestamp", "int", of_moment),
)
