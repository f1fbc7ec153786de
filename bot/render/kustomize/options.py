"""What the renderer is told by the server's settings."""

from pathlib import Path

from bot.jail import Limits, Program
from bot.model.noun import noun

__all__ = ["KUBECTL", "Options"]

KUBECTL = ("kustomize",)
"""The sub-command that makes `kubectl` build a kustomization."""

MIB = 1024 * 1024


@noun
class Options:
    """How kustomizations are built.

    `command` is what stands before the folder on the program's command line: `build` for kustomize itself. `bases` are
    the git URLs, with `*`, that remote bases may come from. `inflate` allows charts that are in the repository, which
    need the `helm` program. `scratch` is the folder for what a build reads (None: one of the system's temporary
    folders), of at most `room` bytes. `kept` bytes of results are remembered in memory, and `stored` bytes in `store`.
    """

    command: tuple[str, ...] = ("build",)
    bases: tuple[str, ...] = ()
    inflate: bool = False
    helm: Program | None = None
    limits: Limits = Limits()
    scratch: Path | None = None
    room: int = 256 * MIB
    kept: int = 64 * MIB
    store: Path | None = None
    stored: int = 256 * MIB
