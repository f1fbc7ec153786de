"""Reports: what to say and in what order (`compose`), apart from how to write it for a comment, a check or a page.

Banned here: I/O, clocks, and the name of any forge.
"""

from bot.report.check_run import check_of
from bot.report.comment import MARKER, comment_of, find_own, outcome_marker
from bot.report.outcome import outcome_of

__all__ = ["MARKER", "check_of", "comment_of", "find_own", "outcome_marker", "outcome_of"]
