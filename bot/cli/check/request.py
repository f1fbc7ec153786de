"""What a person asked `tidegate check` for."""

from pathlib import Path

from bot.model.noun import noun

__all__ = ["FORMATS", "Request"]

FORMATS = ("text", "json", "sarif", "junit", "github")


@noun
class Request:
    """The options: `since` "" is no revision, `config` None no server's settings, `output` None standard output.

    `version` "" is the version that the settings name for each target. No `environments` and no `paths` are all.
    """

    repository: Path
    paths: tuple[Path, ...] = ()
    environments: tuple[str, ...] = ()
    since: str = ""
    version: str = ""
    config: Path | None = None
    format: str = "text"
    output: Path | None = None
    jobs: int = 0
    warnings_fail: bool = False
