"""The operator's `helm`: which version it is, what it is told, and what came of it."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from bot.errors import ProgramError, RenderError
from bot.jail import Done, Jail, Job, Program, is_current, locate
from bot.model.finding import Finding
from bot.model.kubernetes import Kubernetes
from bot.render.helm.chart import Chart
from bot.render.helm.options import Choice, HelmOptions
from bot.render.helm.scratch import Scratch
from bot.render.manifests import problem, shown

__all__ = ["Runner", "arguments", "laid_out", "served"]

FLOORS = {3: (3, 20, 2), 4: (4, 1, 4)}
"""The first releases of each major version whose known holes with hostile charts are closed."""

CHART, VALUES = "chart", "values"


def laid_out(chart: Chart) -> dict[str, bytes]:
    """The files by the names that Helm is given: its options then hold no text of the repository."""
    files = {f"{CHART}/{path}": data for path, data in chart.files.items()}
    return files | {f"{VALUES}/{index}.yaml": data for index, (_, data) in enumerate(chart.values)}


def arguments(chart: Chart, choice: Choice, release: str, kubernetes: Kubernetes) -> tuple[str, ...]:
    """What stands behind `helm` (https://helm.sh/docs/helm/helm_template/)."""
    return (
        "template", f"--namespace={choice.namespace}", f"--kube-version={kubernetes.version}",
        *(f"--api-versions={each}" for each in served(kubernetes)),
        *(("--include-crds",) if choice.crds else ()),
        *(f"--values={VALUES}/{index}.yaml" for index in range(len(chart.values))),
        "--", release, CHART,
    )  # fmt: skip


def served(kubernetes: Kubernetes) -> list[str]:
    """What is served beside Kubernetes' own, each once; of the operator's CRDs each version, and each kind of it."""
    found = [*kubernetes.api_versions]
    for spec in (each.body.get("spec", {}) for each in kubernetes.crds):
        for version in spec.get("versions", ()):
            if version.get("served"):
                name = f"{spec['group']}/{version['name']}"
                found += [name, f"{name}/{spec['names']['kind']}"]
    return list(dict.fromkeys(found))


class Runner:
    """Runs one program in the jail. Its version is asked for once, and again when another one took its place."""

    def __init__(self, jail: Jail, name: str, options: HelmOptions, scratch: Scratch) -> None:
        self._jail, self._name, self._options, self._scratch = jail, name, options, scratch
        self._program: Program | None = None
        self._version = ""

    async def program(self) -> Program:
        """The program. RenderError: there is none, or it is too old for charts of strangers."""
        if self._program is None or not is_current(self._program):
            found = await asyncio.to_thread(locate, self._name)
            if found is None:
                fix = "install helm 3 or 4 where Tidegate runs, or name it in `render.programs.helm`"
                raise RenderError([problem("helm was not found, so no chart can be rendered", fix)])
            self._program, self._version = found, ""
        if not self._version:
            with self._scratch.fresh() as folder:
                done = await self.run(("version", "--template={{.Version}}"), folder)
            self._version = sound_version(done)
        return self._program

    @property
    def tool(self) -> str:
        """The program as a render records it: name, version, digest."""
        return f"helm {self._version} {self._program.digest if self._program else ''}"

    async def run(self, arguments: tuple[str, ...], folder: Path) -> Done:
        """Run it in a folder that it may read. RenderError: it was stopped, so nothing is known."""
        assert self._program is not None
        with self._scratch.fresh() as own:
            job = Job(
                program=self._program, arguments=arguments, folder=folder, inputs=(folder,), scratch=own,
                environment=surroundings(own), limits=self._options.limits,
            )  # fmt: skip
            try:
                return await self._jail.run(job)
            except ProgramError as error:
                finding = Finding(
                    check="render", level="unknown", message=f"the chart could not be rendered: {error}",
                    fix="look for templates that never end or grow without bound, or ask for higher `render` limits",
                )  # fmt: skip
                raise RenderError([finding]) from None


def surroundings(folder: Path) -> Mapping[str, str]:
    """All of its environment: no plugin, no registry, no repository, no cluster, and the same clock everywhere."""
    own = str(folder)
    return {
        "HOME": own, "TMPDIR": own, "TZ": "UTC", "LC_ALL": "C.UTF-8", "KUBECONFIG": f"{own}/kubeconfig",
        "HELM_CACHE_HOME": f"{own}/cache", "HELM_CONFIG_HOME": f"{own}/config", "HELM_DATA_HOME": f"{own}/data",
        "HELM_PLUGINS": f"{own}/plugins", "HELM_NO_PLUGINS": "1",
    }  # fmt: skip


def sound_version(done: Done) -> str:
    """The version that a program says it is. RenderError: it says none, or one below the floor."""
    text = done.output.decode("utf-8", "replace").strip()
    found = re.fullmatch(r"v(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?", text, re.ASCII)
    fix = "install helm 3.20.2 or 4.1.4, or newer, where Tidegate runs"
    if done.status or not found:
        raise RenderError([problem("helm does not say which version it is", fix)])
    # a build that names no patch is taken for the last one of its minor
    version = (int(found[1]), int(found[2]), int(found[3]) if found[3] else 999)
    floor = FLOORS.get(version[0])
    if floor is None or version < floor:
        raise RenderError([problem(f"helm is {shown(text)}, which is not used for charts", fix)])
    return text.removeprefix("v")
