"""What rendered a state: programs, the API that it is meant for, Tidegate itself; and what changed of that since."""

import hashlib
from collections.abc import Sequence

from bot import __version__
from bot.model.kubernetes import Kubernetes

__all__ = ["difference", "toolchain"]


def toolchain(tools: Sequence[str], kubernetes: Kubernetes) -> tuple[str, ...]:
    """Everything beside the tree that decides what a render yields, each as `name version` or `name version digest`."""
    served = "\n".join((*kubernetes.api_versions, *(each.id.name for each in kubernetes.crds)))
    digest = hashlib.sha256(served.encode()).hexdigest()
    return (*tools, f"kubernetes {kubernetes.version} sha256:{digest}", f"tidegate {__version__}")


def difference(before: Sequence[str], now: Sequence[str]) -> str:
    """`kustomize v5.7.1 → v5.8.2`: what changed from one toolchain to another; "" where nothing did."""
    old, new = (dict(each.split(" ", 1) for each in tools) for tools in (before, now))
    told = [step(name, old[name], new[name]) for name in old if name in new and old[name] != new[name]]
    gone, come = ([f"{n} {version(one[n])}" for n in one if n not in two] for one, two in ((old, new), (new, old)))
    if gone or come:
        told.append(f"{' and '.join(gone) or 'nothing'} → {' and '.join(come) or 'nothing'}")
    return ", ".join(told)


def step(name: str, before: str, now: str) -> str:
    """One of them in its two forms; programs of one version may be different builds."""
    if version(before) == version(now):
        return f"{name} {version(now)} (another build or other settings)"
    return f"{name} {version(before)} → {version(now)}"


def version(rest: str) -> str:
    """The version in what stands behind a name."""
    return rest.split(" ", 1)[0]
