"""Values that look like passwords, keys and tokens, in the files that a render read and in what it rendered."""

from bot.check.leaks.check import Leaks
from bot.check.leaks.quiet import quiet

__all__ = ["Leaks", "quiet"]
