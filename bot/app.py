"""The composition root of everything that renders and checks: a new renderer or check is added here.

It loads nothing that only the server needs, so that commands start quickly; `bot.server` names the other adapters.
"""

from typing import TYPE_CHECKING, cast

from bot.check import Check
from bot.check.schemas import Schemas
from bot.check.secrets import PlainSecrets
from bot.flow.assess import Tools
from bot.flow.evaluate import InProcess
from bot.model.kubernetes import Kubernetes
from bot.model.rendering import Rendering
from bot.render import Renderer
from bot.render.plain import Plain

if TYPE_CHECKING:  # what validates settings is slow to load, and only the server needs it
    from bot.settings import RenderSettings, Settings

__all__ = ["checks", "evaluator", "make_kubernetes", "offline_tools", "renderers"]


def renderers(settings: "RenderSettings") -> tuple[Renderer, ...]:
    """Every renderer, in the order in which they are asked to claim a source."""
    del settings
    return (Plain(),)


def checks() -> tuple[Check, ...]:
    """Every check."""
    return (Schemas(), PlainSecrets())


def evaluator(settings: "RenderSettings") -> InProcess:
    """What renders and checks, in this process."""
    return InProcess(renderers(settings), checks())


def offline_tools(settings: "RenderSettings | None" = None) -> Tools:
    """What `tidegate plan` works with: no target, no sealing key, and render digests."""
    given = settings or cast("RenderSettings", Rendering())
    return Tools(renderers=renderers(given), evaluator=evaluator(given), targets={}, key=b"", scheme="r1")


def make_kubernetes(settings: "Settings") -> dict[str, Kubernetes]:
    """The Kubernetes API of every target."""
    return {
        name: Kubernetes(version=each.kubernetes.version, api_versions=each.kubernetes.api_versions)
        for name, each in settings.targets.items()
    }
