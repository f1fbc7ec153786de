"""What a check of a whole repository found."""

from bot.model.noun import noun
from bot.model.plan import Finding

__all__ = ["Checked", "Judged"]


@noun
class Judged:
    """One environment: where its manifests are, how many objects they render to, and what is wrong with them."""

    name: str
    source: str
    objects: int = 0
    findings: tuple[Finding, ...] = ()


@noun
class Checked:
    """A whole repository. `files` is what is wrong beside the environments: in `tidegate.yaml`, in other files.

    `unaffected` are the environments that were left out, since nothing that they read has changed. Everything is in a
    fixed order: environments as the configuration has them, findings by file, line and column.
    """

    environments: tuple[Judged, ...]
    files: tuple[Finding, ...] = ()
    unaffected: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those of files first."""
        return self.files + tuple(finding for each in self.environments for finding in each.findings)
