"""Renderers: (tree, source) → resources. Pure over the tree; no network.

Banned here: network, the live state, the forge.
"""

from typing import Protocol

from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Elsewhere, Tree

__all__ = ["Renderer"]


class Renderer(Protocol):
    """One way of turning files into resources."""

    @property
    def name(self) -> str:
        """What `source.renderer` calls it."""
        ...

    def claims(self, tree: Tree, source: Source) -> bool:
        """Whether this renderer is the one for what is there. Looks at names only."""
        ...

    def reads(self, tree: Tree, source: Source) -> frozenset[str]:
        """The paths that a render of `source` would read, over-approximate.

        Called again after the named files were loaded, until nothing new is named.
        """
        ...

    def needs(self, tree: Tree, source: Source) -> frozenset[Elsewhere]:
        """What a render needs from outside the repository, as far as the loaded files tell.

        Asked again after it was fetched, like `reads`. RenderError: it is not pinned, or not allowed.
        """
        ...

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        """The resources, as meant for that API. RenderError: findings with file and line; never an empty result."""
        ...
