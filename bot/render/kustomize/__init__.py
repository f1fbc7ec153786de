"""The renderer `kustomize`: folders with a kustomization file, built by the operator's own program in the jail.

Banned here: the network, doing kustomize's work in its place, and running anything that a change brings along.
"""

from bot.render.kustomize.options import KustomizeOptions
from bot.render.kustomize.renderer import Kustomize

__all__ = ["Kustomize", "KustomizeOptions"]
