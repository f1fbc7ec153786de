"""One run of the operator's program: its arguments, its environment, and which version it is."""

import json
import re
from pathlib import Path

from bot.errors import ProgramError
from bot.jail import Done, Jail, Job, Program
from bot.model.kubernetes import Kubernetes
from bot.render.kustomize.layout import Layout
from bot.render.kustomize.options import KUBECTL, Options

__all__ = ["Builder"]

VERSION = re.compile(r"v?\d+\.\d+\.\d+[-+.\w]*")


class Builder:
    """Runs the program in the jail."""

    def __init__(self, program: Program, jail: Jail, options: Options) -> None:
        self.program, self._jail, self._options = program, jail, options
        self._version = ""

    async def tools(self, inflates: bool) -> tuple[str, ...]:
        """The programs that a build uses, for people: name, version and digest."""
        if not self._version:
            self._version = await self._ask_version()
        found = [f"{self.program.name} {self._version} {self.program.digest}"]
        if inflates and (helm := self._options.helm):
            found.append(f"{helm.name} {helm.digest}")
        return tuple(found)

    def arguments(self, inflates: bool, pins: set[str], kubernetes: Kubernetes) -> tuple[str, ...]:
        """What stands on the command line before the folder. What charts say for themselves is left to them."""
        if not inflates or self._options.helm is None:
            return self._options.command
        found = [*self._options.command, "--enable-helm", "--helm-command", str(self._options.helm.path)]
        if "kubeVersion" not in pins:
            found += ["--helm-kube-version", kubernetes.version]
        if "apiVersions" not in pins:
            found += [word for each in kubernetes.api_versions for word in ("--helm-api-versions", each)]
        return tuple(found)

    async def build(self, run: Path, layout: Layout, arguments: tuple[str, ...], inflates: bool) -> Done:
        """Build what is laid out in `run`. ProgramError: it was stopped."""
        limits = self._options.limits
        # Memory is limited anyway: without collecting garbage before half of that is used, a build is a fifth faster.
        environment = {"GOGC": "off", "GOMEMLIMIT": str(limits.memory // 2)}
        inputs: tuple[Path, ...] = (run,)
        scratch = None
        if inflates and (helm := self._options.helm):
            scratch = run / "scratch"
            environment |= {"TMPDIR": str(scratch), "HOME": str(scratch)}
            inputs = (run, helm.path)
        job = Job(
            program=self.program, arguments=(*arguments, f"./{layout.folder}"), folder=run, inputs=inputs,
            scratch=scratch, environment=environment, limits=limits,
        )  # fmt: skip
        return await self._jail.run(job)

    async def _ask_version(self) -> str:
        kubectl = self._options.command == KUBECTL
        words = ("version", "--client", "--output=json") if kubectl else ("version",)
        folder = self.program.path.parent
        done = await self._jail.run(
            Job(program=self.program, arguments=words, folder=folder, limits=self._options.limits)
        )
        text = done.output.decode("utf-8", "replace")
        if kubectl:
            try:
                text = str(json.loads(text).get("kustomizeVersion", ""))
            except ValueError:
                text = ""
        found = VERSION.search(text)
        if done.status or found is None:
            raise ProgramError(f"{self.program.name} does not say which version it is")
        return found[0]
