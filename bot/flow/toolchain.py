"""What rendered a state: programs, the API that it is meant for, Tidegate itself; and what changed of that since."""

import hashlib
from collections.abc import Mapping, Sequence

from bot import __version__
from bot.jail import Program, relocated
from bot.model.kubernetes import Kubernetes

__all__ = ["Installed", "difference", "toolchain"]

SHORT = 12  # digits of a digest, for people


def toolchain(tools: Sequence[str], kubernetes: Kubernetes) -> tuple[str, ...]:
    """Everything beside the tree that decides what a render yields, each as `name version` or `name version digest`."""
    return (*tools, f"kubernetes {api(kubernetes)}", f"tidegate {__version__}")


def api(kubernetes: Kubernetes) -> str:
    """An API as `version digest`."""
    served = "\n".join((*kubernetes.api_versions, *(each.id.name for each in kubernetes.crds)))
    return f"{kubernetes.version} sha256:{hashlib.sha256(served.encode()).hexdigest()}"


class Installed:
    """All that this server may render with, before anything is rendered: its programs, the APIs of its targets.

    `programs` are the names of each, of which the first that is there is used; that one is missing is told too.
    `known` is what was found at the last look; () before it.
    """

    def __init__(self, programs: Sequence[Sequence[str]], kubernetes: Mapping[str, Kubernetes]) -> None:
        self._programs, self._kubernetes = programs, kubernetes
        self._found: dict[str, Program | None] = {}
        self.known: tuple[str, ...] = ()

    def look(self) -> tuple[str, ...]:
        """The toolchain as it is now. A program that was not seen before is read as a whole, in tenths of a second."""
        apis = (f"kubernetes/{name} {api(each)}" for name, each in sorted(self._kubernetes.items()))
        self.known = (*map(self._told, self._programs), *apis, f"tidegate {__version__}")
        return self.known

    def _told(self, names: Sequence[str]) -> str:
        for found in map(self._located, names):
            if found:
                return f"{found.name} {found.digest.removeprefix('sha256:')[:SHORT]}"
        return f"{names[0]} missing"

    def _located(self, name: str) -> Program | None:
        try:
            self._found[name] = relocated(self._found.get(name), name)
        except OSError:  # it can be run, but not read; a render says so
            self._found[name] = None
        return self._found[name]


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
