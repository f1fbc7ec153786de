"""Values that look like passwords, keys and tokens, in the files that a render read and in what it rendered."""

from bot.check.leaks.check import MOST_BYTES, Leaks
from bot.check.leaks.quiet import LEAST_KNOWN, quiet

__all__ = ["LEAST_KNOWN", "MOST_BYTES", "Leaks", "quiet"]
