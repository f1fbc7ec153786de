"""Every environment of a repository rendered and judged, as pieces of work that several processes may share.

What is found does not depend on how the work is cut or who does it. An environment whose objects come from single files
is read in parts; what takes all of them together (an object that is defined twice, a custom resource and its
definition) is judged when the parts are back. Any other environment is one piece.
"""

from bot.flow.checkup.pieces import perform
from bot.flow.checkup.whole import checkup
from bot.flow.checkup.work import Checkup, Outcome, Task, lost

__all__ = ["Checkup", "Outcome", "Task", "checkup", "lost", "perform"]
