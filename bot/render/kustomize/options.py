"""What the renderer is told by the server's settings."""

from pathlib import Path

from bot.jail import Limits
from bot.model.noun import noun

__all__ = ["KustomizeOptions"]

MIB = 1024 * 1024


@noun
class KustomizeOptions:
    """How kustomizations are built.

    `bases` are the git URLs, with `*`, that remote bases may come from. `inflate` allows charts that are in the
    repository, by the program `helm`. `scratch` is the folder for what a build reads (None: one of the system's
    temporary folders), of at most `room` bytes. `kept` bytes of results are remembered in memory, and `stored` bytes of
    what the program printed in the folder `store` (None: nowhere).
    """

    bases: tuple[str, ...] = ()
    inflate: bool = False
    helm: str = "helm"
    limits: Limits = Limits()
    scratch: Path | None = None
    room: int = 256 * MIB
    kept: int = 64 * MIB
    store: Path | None = None
    stored: int = 256 * MIB
