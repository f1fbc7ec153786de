"""The command `tidegate`: options in, text and exit codes out.

Exit codes: 0 done (or unchanged), 2 changes (`plan`) or findings (`check`), 1 anything that went wrong, a usage error
included, 130 Ctrl-C.
Banned here: rules of the gate, and anything that the server needs too.
"""

import os
import sys
from contextlib import suppress

__all__ = ["main"]

STOPPED = 130
"""The exit status after Ctrl-C, as shells have it."""


def main() -> None:
    """Entry point of the `tidegate` program."""
    checking = sys.argv[1:2] == ["check"] and "--help" not in sys.argv
    try:
        if checking:
            from bot.scanner.library import preload

            preload()  # of all that a check waits for this takes longest, and options are read beside it
        from bot.cli.commands import run  # imported late: `tidegate --version` stays quick

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while something is imported
        status = STOPPED
    if checking:
        leave(status)
    sys.exit(status)


def leave(status: int) -> None:
    """End at once, unless there is output that cannot be written: to take apart all that was read takes a while."""
    with suppress(OSError, ValueError, AttributeError):  # no output at all, where it was closed
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
