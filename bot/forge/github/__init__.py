"""GitHub and GitHub Enterprise Server: webhooks decoded without I/O, the REST API read and written by gidgethub.

Banned here: the server's settings (the composition root hands over `GitHubOptions`), environments, plans, and facts
taken from a payload other than the text of a remark that was just written.
"""

from bot.forge.github.adapter import GitHub
from bot.forge.github.options import GitHubOptions

__all__ = ["GitHub", "GitHubOptions"]
