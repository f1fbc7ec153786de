"""Values that look like passwords, keys and tokens, in the files that a render read and in what it rendered."""

from bot.check.leaks.check import Leaks

__all__ = ["Leaks"]
