"""The composition root of what renders and checks: the only place that names a renderer, a check or a fetcher.

A new one is added here. What only the server needs (forges, targets, the store) is put together in `bot.server`, so
that a command does not load it.
"""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot.check import Check
from bot.check.leaks import Leaks
from bot.check.own import OwnChecks
from bot.check.policies import Policies
from bot.check.rego import Rego
from bot.check.schemas import Schemas
from bot.check.schemas.custom.supplied import load_crds
from bot.check.secrets import PlainSecrets
from bot.flow.assess import Tools
from bot.flow.evaluate import InProcess
from bot.git import Bases
from bot.jail import Jail, Limits
from bot.model.kubernetes import Kubernetes
from bot.model.login import Login
from bot.model.rendering import Rendering
from bot.model.tree import Elsewhere, Tree
from bot.render import Renderer
from bot.render.helm import Helm, HelmOptions
from bot.render.kustomize import Kustomize, KustomizeOptions
from bot.render.plain import Plain

if TYPE_CHECKING:  # what validates settings is slow to load, and only the server needs it
    from bot.fetch import Fetchers
    from bot.settings import LogForm, RenderSettings, Settings

__all__ = ["checks", "evaluator", "fetchers", "limits_of", "make_kubernetes", "offline_tools", "pooled", "renderers"]

MIB = 1024 * 1024


def renderers(settings: "RenderSettings", jail: Jail, folder: Path | None = None) -> tuple[Renderer, ...]:
    """Every renderer, in the order in which they are asked to claim a source. `folder` is for what they lay out."""
    limits = limits_of(settings)
    charts = HelmOptions(charts=settings.charts, limits=limits, scratch=folder / "helm" if folder else None)
    programs = (settings.programs.kustomize, settings.programs.kubectl)
    builds = KustomizeOptions(
        bases=settings.bases, inflate=settings.inflate, helm=settings.programs.helm, limits=limits,
        scratch=folder / "kustomize" if folder else None,
    )  # fmt: skip
    # helm first: it claims whatever has options, which are its alone, so that none is ever ignored
    return (Helm(jail, settings.programs.helm, charts), Kustomize(jail, programs, builds), Plain())


def limits_of(settings: "RenderSettings") -> Limits:
    """What one run of a foreign program may use."""
    return Limits(
        seconds=settings.seconds, processor=settings.processor, memory=settings.memory * MIB,
        output=settings.output * MIB,
    )  # fmt: skip


def fetchers(settings: "RenderSettings", folder: Path) -> "Fetchers":
    """What brings in things from outside of repositories, by their kind; `folder` keeps them."""
    from bot.fetch import Charts, Fetchers, Logins  # the client is loaded by who fetches something

    logins = Logins([Login(match=e.match, username=e.username, password_file=e.password_file) for e in settings.logins])
    charts = Charts(settings.charts, folder / "charts", logins=logins)
    return Fetchers({"chart": charts, "git": Bases(folder / "bases", logins)})


async def fetch(settings: "RenderSettings", folder: Path, wanted: Elsewhere) -> Tree:
    """What a command needs from outside the repository."""
    return await fetchers(settings, folder)(wanted)


def checks(settings: "RenderSettings", jail: Jail) -> tuple[Check, ...]:
    """Every check."""
    limits, programs = limits_of(settings), settings.programs
    return (
        Schemas(),
        PlainSecrets(),
        Policies(),
        Leaks(),
        Rego(jail, (programs.conftest, programs.opa), limits),
        OwnChecks(jail, limits),
    )


def evaluator(settings: "RenderSettings", folder: Path | None = None) -> InProcess:
    """What renders and checks, in this process."""
    jail = Jail(settings.jail)
    return InProcess(renderers(settings, jail, folder), checks(settings, jail))


def pooled(settings: "RenderSettings", folder: Path, form: "LogForm") -> InProcess:
    """The same in a process of the server's pool, which logs as the server does."""
    from bot import logs  # only the server has a log

    logs.configure(form)
    return evaluator(settings, folder)


def offline_tools(settings: "RenderSettings | None" = None, folder: Path | None = None) -> Tools:
    """What `tidegate plan` works with: no target, no sealing key, and render digests.

    `folder` is for what renderers lay out; without one each makes its own, and removes it when this process ends.
    """
    given = settings or cast("RenderSettings", Rendering())
    jail = Jail(given.jail)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidegate"
    known = renderers(given, jail, folder)
    return Tools(
        renderers=known, evaluator=InProcess(known, checks(given, jail)), targets={}, key=b"", scheme="r1",
        fetch=partial(fetch, given, cache),
    )  # fmt: skip


def make_kubernetes(settings: "Settings") -> dict[str, Kubernetes]:
    """The Kubernetes API of every target. SettingsError: a folder of CustomResourceDefinitions cannot be read."""
    return {
        name: Kubernetes(
            version=each.kubernetes.version,
            api_versions=each.kubernetes.api_versions,
            crds=load_crds(each.kubernetes.crds) if each.kubernetes.crds else (),
        )
        for name, each in settings.targets.items()
    }
