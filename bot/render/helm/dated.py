"""Whether a chart prints today's date without asking for the time: functions of dates take what is no time for now.

Moving the clock of a render does not show that, since the clock is asked within the function. A render of its own does,
whose templates print in place of a date which type the function was given.
"""

import re

from bot.render.helm.output import Output

__all__ = ["asking", "dated", "typed"]

ACTION = re.compile(rb"\{\{.*?\}\}", re.DOTALL)
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

NAME = re.compile(rb"(?<![\w.$])(?:%s)(?!\w)" % b"|".join(SHOWN))
TOKEN = re.compile(rb'"(?:\\.|[^"\\\n])*"|`[^`]*`|' + NAME.pattern)
# a percent sign is in a text that only looks like a template
NOW = re.compile(rb"%s(?!\*?time\.Time;|int(?:32|64)?;|%%)|%s\*?time\.Time;" % (TYPE, SINCE))


def dated(data: bytes) -> bool:
    """Whether a template uses a function of dates."""
    return any(NAME.search(action[0]) for action in ACTION.finditer(data))


def typed(data: bytes) -> bytes:
    """The template with types in place of dates."""
    return ACTION.sub(lambda action: TOKEN.sub(lambda each: SHOWN.get(each[0], each[0]), action[0]), data)


def asking(output: bytes) -> str | None:
    """The template whose `typed` form printed that a date is today's, or a duration up to now; None: there is none."""
    found = NOW.search(output)
    return Output(output).source(output.count(b"\n", 0, found.start()) + 1) if found else None
