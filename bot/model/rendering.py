"""How foreign programs render where no settings say otherwise.

The values are those of the settings' own defaults, without what reads and validates settings, which takes a command
longer to load than all the rest of it.
"""

from pathlib import Path
from typing import Literal

from bot.model.login import Login
from bot.model.noun import noun

__all__ = ["Programs", "Rendering"]


@noun
class Programs:
    """`render.programs` of the settings."""

    kustomize: str = "kustomize"
    kubectl: str = "kubectl"
    helm: str = "helm"
    conftest: str = "conftest"
    opa: str = "opa"
    sops: str = "sops"


@noun
class Rendering:
    """`render` of the settings, for a person's own machine: programs are jailed as well as it can be done there."""

    jail: Literal["required", "best-effort"] = "best-effort"
    programs: Programs = Programs()
    seconds: float = 30
    processor: float = 10
    memory: int = 1536
    output: int = 64
    inflate: bool = False
    bases: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()
    processes: int = 2
    sops_age_key_file: Path | None = None
