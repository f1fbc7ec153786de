"""Dates that a chart makes of what is no time: functions of dates take that for the present.

Moving the clock of a render does not show that, since the clock is asked within the function. A render of its own does,
whose templates print in place of a date which type the function was given.
"""

import re

from bot.render.helm.functions import actions, called
from bot.render.helm.output import Output

__all__ = ["SHOWN", "asking", "dated"]

TYPE, SINCE = b"tidegate-type:", b"tidegate-since:"
SHOWN = {
    b"date": b'printf "%s%%.0s%%T;"' % TYPE,
    b"htmlDate": b'printf "%s%%T;"' % TYPE,
    b"dateInZone": b'printf "%s%%.0s%%T%%.0s;"' % TYPE,
    b"date_in_zone": b'printf "%s%%.0s%%T%%.0s;"' % TYPE,
    b"htmlDateInZone": b'printf "%s%%T%%.0s;"' % TYPE,
    b"durationRound": b'printf "%s%%T;"' % SINCE,
}
"""What stands for each function: it prints the type of the argument that should be a time, and no other argument."""

NAME = called(SHOWN)
NOW = re.compile(rb"%s(?!\*?time\.Time;|int(?:32|64)?;)|%s\*?time\.Time;" % (TYPE, SINCE))


def dated(data: bytes) -> bool:
    """Whether a template uses a function of dates."""
    return any(NAME.search(action[0]) for action in actions(data))


def asking(output: bytes) -> str | None:
    """The template that printed, with `SHOWN` in it, that a date is today's, or a duration up to now; None: no one."""
    found = NOW.search(output)
    return Output(output).source(output.count(b"\n", 0, found.start()) + 1) if found else None
