"""The renderer `helm`: charts of the repository or from elsewhere, as the operator's `helm template` renders them."""

from bot.render.helm.options import HelmOptions
from bot.render.helm.renderer import Helm

__all__ = ["Helm", "HelmOptions"]
