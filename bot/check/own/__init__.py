"""An operator's own checks: Python in a wheel of theirs, found by its entry point and run in a process of its own.

What a wheel provides is in `bot.check.own.shape`, with types only; it need not import it.
"""

from bot.check.own.check import OwnChecks

__all__ = ["OwnChecks"]
