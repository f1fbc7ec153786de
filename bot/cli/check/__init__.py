"""`tidegate check`: a whole repository rendered and judged on this machine, without a server."""

from bot.cli.check.run import Request, run_check

__all__ = ["Request", "run_check"]
