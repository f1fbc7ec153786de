"""The adapters that a command works with: a server's programs and targets where its settings were named."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot.app import make_kubernetes, offline_tools
from bot.cli.check.request import minor
from bot.flow.assess import Tools
from bot.model.kubernetes import Kubernetes

__all__ = ["tools_of"]


def tools_of(config: Path | None, version: str = "", folder: Path | None = None) -> Tools:
    """Renderers, checks, and the API of each target; `version` (such as 1.36) is every target's, where it is given.

    `folder` is as `offline_tools` has it. SettingsError: the settings cannot be used.
    """
    settings = None
    if config:
        from bot.settings import load

        settings = load(config)
    tools = offline_tools(settings.render if settings else None, folder)
    known: Mapping[str, Kubernetes] = make_kubernetes(settings) if settings else {}
    return replace(tools, kubernetes=OneVersion(known, minor(version)) if version else known)


class OneVersion(dict[str, Kubernetes]):
    """The APIs of targets, all of them of one version; also those of targets that nobody described."""

    def __init__(self, known: Mapping[str, Kubernetes], version: str) -> None:
        super().__init__({name: replace(each, version=version) for name, each in known.items()})
        self._default = Kubernetes(version=version)

    def get(self, key: str, default: object = None) -> Kubernetes:
        """The target's API, or one of that version."""
        del default
        return super().get(key, self._default)
