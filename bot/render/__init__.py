"""Renderers: (tree, source) → resources. Pure over the tree; no network.

Banned here: network, the live state, the forge.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.resource import Rendered, Resource
from bot.model.tree import Elsewhere, Tree

__all__ = ["Piecewise", "Renderer"]


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


@runtime_checkable
class Piecewise(Protocol):
    """A renderer whose objects come from single files, so that a large source can be read in parts."""

    def pieces(self, tree: Tree, source: Source) -> tuple[str, ...]:
        """The files of a source, in order. RenderError: the source cannot be used."""
        ...

    def piece(self, tree: Tree, path: str) -> Iterable[Resource | Finding]:
        """The objects of one of them, and what is wrong with it."""
        ...

    def across(self, source: Source, resources: Sequence[Resource]) -> Sequence[Finding]:
        """What is wrong with objects of several files together; their bodies are not needed."""
        ...

    def nothing(self, tree: Tree, source: Source) -> Sequence[Finding]:
        """What to say where all files together hold no object."""
        ...
