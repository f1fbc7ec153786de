"""The command `tidegate check`: loads what is slow to load beside other work, then hands over."""

# Typer carries a copy of click and exports only some of its errors.
from typer._click.exceptions import UsageError

from bot.cli.check.request import CheckRequest

__all__ = ["check"]


def check(request: CheckRequest) -> int:
    """Check, write, and answer with the exit status. UsageError: the options make no sense."""
    if problem := request.problem():
        raise UsageError(problem)
    from bot.cli.check.collector import calm_collector
    from bot.scanner.library import preload

    calm_collector()
    loading = preload()  # while the rest is imported and the repository is read
    from bot.cli.check.run import run_check

    return run_check(request, loading)
