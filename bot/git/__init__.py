"""git as an object store: a bare mirror per repository, fetched by commit id; trees and merges as values.

Banned here: checkouts, hooks, submodules, LFS, archives, and any configuration of the machine or its user.
"""

from bot.git.elsewhere import Bases
from bot.git.mirror import Mirror, Mirrors

__all__ = ["Bases", "Mirror", "Mirrors"]
