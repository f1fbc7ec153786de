"""What standard output can show."""

import os
import sys

__all__ = ["coloured"]


def coloured() -> bool:
    """Whether to use colours: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
