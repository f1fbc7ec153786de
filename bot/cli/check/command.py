"""The command `tidegate check`: loads what is slow to load beside other work, then hands over."""

# Typer carries a copy of click and exports only some of its errors.
from typer._click.exceptions import UsageError

from bot.cli.check.request import CheckRequest
from bot.model.noun import noun

__all__ = ["CheckCommand"]


@noun
class CheckCommand(CheckRequest):
    """Render and check every environment of the working tree, without a server.

    Without a tidegate.yaml: what `tidegate init` would propose. What could not be evaluated counts as failing.

    Exit codes: 0 nothing that fails, 2 findings that fail, 1 it could not run.
    """

    def run(self) -> int:
        """Check, write, and answer with the exit status. UsageError: the options make no sense."""
        if problem := self.problem():
            raise UsageError(problem)
        from bot.cli.check.collector import calm_collector
        from bot.scanner import preload

        calm_collector()
        loading = preload()  # while the rest is imported and the repository is read
        from bot.cli.check.run import run_check

        return run_check(self, loading)
