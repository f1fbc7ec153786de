"""The server's settings: read once from a YAML file and the environment, strict, with one clear line per problem.

Every key can also be given by environment: `TIDEGATE_FORGES__GITHUB__APP_ID=7`. A secret can be given in the file, or
as a file's path by the key with `_file` behind it. Relative paths are relative to the settings file.
Banned here: what a repository says of itself, and making anything of the settings, which the composition roots do.
"""

from bot.settings.load import load
from bot.settings.model import (
    KUBERNETES,
    DirectorySettings,
    GitHubSettings,
    Intervals,
    KubernetesSettings,
    LogForm,
    ProgramSettings,
    RenderSettings,
    RepositoryRule,
    Settings,
)

__all__ = [
    "KUBERNETES",
    "DirectorySettings",
    "GitHubSettings",
    "Intervals",
    "KubernetesSettings",
    "LogForm",
    "ProgramSettings",
    "RenderSettings",
    "RepositoryRule",
    "Settings",
    "load",
]
