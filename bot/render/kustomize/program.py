"""One run of the operator's program: which one it is, its arguments and its environment."""

import asyncio
import json
import re
from pathlib import Path

from bot.errors import ProgramError
from bot.jail import Done, Jail, Job, Program, is_current, locate
from bot.model.kubernetes import Kubernetes
from bot.model.noun import noun
from bot.render.helm.program import served, sound_version, surroundings
from bot.render.kustomize.layout import Layout
from bot.render.kustomize.options import KustomizeOptions

__all__ = ["Builder", "Toolchain", "arguments_of"]

VERSION = re.compile(r"v?\d+(?:\.\d+)+[-+.\w]*")
KUBECTL = ("version", "--client", "--output=json")
INSTALL = "install one where Tidegate runs, or name it in `render.programs`"


@noun
class Toolchain:
    """The programs of a build. `command` stands before the folder; `helm` is None where nothing is inflated."""

    program: Program
    command: tuple[str, ...]
    version: str
    helm: Program | None = None
    helm_version: str = ""

    @property
    def programs(self) -> tuple[Program, ...]:
        """Kustomize or kubectl, and helm where something is inflated."""
        return (self.program, self.helm) if self.helm else (self.program,)

    @property
    def names(self) -> tuple[str, ...]:
        """The programs for people, and for telling one toolchain from another: name, version and digest."""
        own = f"{self.program.name} {self.version} {self.program.digest}"
        return (own, f"{self.helm.name} {self.helm_version} {self.helm.digest}") if self.helm else (own,)


class Builder:
    """Finds the programs when they are needed, and runs them in the jail. `names`: kustomize's and kubectl's."""

    def __init__(self, jail: Jail, names: tuple[str, str], options: KustomizeOptions) -> None:
        self._jail, self._names, self._options = jail, names, options
        self._found: dict[bool, Toolchain] = {}

    async def toolchain(self, inflates: bool) -> Toolchain:
        """The programs that a build uses. ProgramError: one is missing, or says no version."""
        found = self._found.get(inflates)
        if found is None or not all(map(is_current, found.programs)):
            found = self._found[inflates] = await self._find(inflates)
        return found

    async def _find(self, inflates: bool) -> Toolchain:
        own, kubectl = self._names
        words: tuple[str, ...] = ("version",)
        program, command = await asyncio.to_thread(locate, own), ("build",)
        if program is None:
            program, command, words = await asyncio.to_thread(locate, kubectl), ("kustomize",), KUBECTL
        if program is None:
            raise ProgramError(f"there is neither kustomize nor kubectl; {INSTALL}")
        version = await self._version(program, words)
        helm = await asyncio.to_thread(locate, self._options.helm) if inflates else None
        if inflates and helm is None:
            raise ProgramError(f"there is no helm; {INSTALL}")
        helm_version = sound_version(await self._ask(helm, ("version", "--template={{.Version}}"))) if helm else ""
        return Toolchain(program=program, command=command, version=version, helm=helm, helm_version=helm_version)

    async def _ask(self, program: Program, words: tuple[str, ...]) -> Done:
        job = Job(
            program=program, arguments=words, folder=program.path.parent, environment={"HOME": "/nonexistent"},
            limits=self._options.limits,
        )  # fmt: skip
        return await self._jail.run(job)

    async def _version(self, program: Program, words: tuple[str, ...]) -> str:
        done = await self._ask(program, words)
        text = done.output.decode("utf-8", "replace")
        if words == KUBECTL:
            try:
                text = str(json.loads(text).get("kustomizeVersion", ""))
            except (ValueError, AttributeError):
                text = ""
        found = VERSION.search(text)
        if done.status or found is None:
            raise ProgramError(f"{program.name} does not say which version it is")
        return found[0]

    async def build(self, run: Path, layout: Layout, tools: Toolchain, arguments: tuple[str, ...]) -> Done:
        """Build what is laid out in `run`. ProgramError: it was stopped."""
        limits = self._options.limits
        # Memory is limited anyway: without collecting garbage before half of that is used, a build is a fifth faster.
        environment = {"GOGC": "off", "GOMEMLIMIT": str(limits.memory // 2)}
        scratch = None
        if tools.helm:
            scratch = run / "scratch"
            environment |= surroundings(scratch)
        job = Job(
            program=tools.program, arguments=(*arguments, f"./{layout.folder}"), folder=run, inputs=(run,),
            scratch=scratch, helpers=(tools.helm,) if tools.helm else (), environment=environment, limits=limits,
        )  # fmt: skip
        return await self._jail.run(job)


def arguments_of(tools: Toolchain, pins: set[str], kubernetes: Kubernetes) -> tuple[str, ...]:
    """What stands on the command line before the folder. What charts say for themselves is left to them."""
    if tools.helm is None:
        return tools.command
    found = [*tools.command, "--enable-helm", "--helm-command", str(tools.helm.path)]
    if "kubeVersion" not in pins:
        found += ["--helm-kube-version", kubernetes.version]
    if "apiVersions" not in pins:
        found += [word for each in served(kubernetes) for word in ("--helm-api-versions", each)]
    return tuple(found)
