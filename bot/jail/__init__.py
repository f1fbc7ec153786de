"""Running a foreign program: argv only, limits on time, memory and output, no network, nothing to read but its inputs.

Banned here: shells, and knowing what a program is for.
"""

from bot.jail.job import Done, Job, Limits
from bot.jail.kernel import end_with_parent
from bot.jail.program import Program, is_current, locate, relocated
from bot.jail.run import Jail

__all__ = ["Done", "Jail", "Job", "Limits", "Program", "end_with_parent", "is_current", "locate", "relocated"]
