"""`tidegate demo`: a small forge, the server against it, a repository, and something to try.

Banned here: shortcuts. The server is a process of its own, reached and told everything over HTTP.
"""

from bot.cli.demo.run import Wish, run_demo

__all__ = ["Wish", "run_demo"]
