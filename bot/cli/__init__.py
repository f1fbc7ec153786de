"""The command `tidegate`: options in, text and exit codes out.

Exit codes: 0 done (or unchanged), 2 changes (`plan`), 1 anything that went wrong, a usage error included.
Banned here: rules of the gate, and anything that the server needs too.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `tidegate` program."""
    from bot.cli.commands import run  # imported late: `tidegate --version` stays quick

    sys.exit(run(sys.argv[1:]))
