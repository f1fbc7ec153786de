"""A monorepo of 500 Kustomize overlays: which of them an edit affects, and rendering all of them.

The peer is the same `kustomize build`, one overlay after the other, as a shell loop would run it.
"""

import asyncio
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bot.config import touched
from bot.errors import RenderError
from bot.flow.assess import Tools
from bot.flow.evaluate import InProcess
from bot.flow.together import render_all
from bot.jail import Jail
from bot.model.environment import Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Sha
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize, KustomizeOptions
from tests.bench.rows import Row, beside
from tests.support.trees import loaded, tree
from tests.tools.build import locate

__all__ = ["rows"]

SHOP = RepositoryId(forge="github", number=1, path="acme/shop")
OVERLAYS, BASES, COMPONENTS, EDITS = 500, 25, 10, 50
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{0}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: app-{0}}}}}
  template:
    metadata: {{labels: {{app: app-{0}}}}}
    spec: {{containers: [{{name: app, image: "registry.example/app-{0}:1.0.0"}}]}}
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: app-{0}}}\nspec: {{ports: [{{port: 80}}]}}\n"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [config.yaml]\n"


def rows() -> list[Row]:
    """What is missed, what is affected for nothing, and the time of rendering everything."""
    files = dict(monorepo())
    made = tree(files)
    renderer = Kustomize(Jail("best-effort"), (str(locate("kustomize")), "kubectl"), KustomizeOptions())
    missed, false, right = affected(renderer, made, files)
    share = 100 * false / max(1, right)
    ours = asyncio.run(rendered(renderer, made))
    peer = build_all(files)
    return [
        row("overlays: affected ones missed, of 50 edits", missed, "", 0),
        row("overlays: affected for nothing", round(share, 2), "%", 10),
        beside("check", "overlays: 500 rendered", [ours], [peer], 1.5),
    ]  # fmt: skip


def row(work: str, value: float, unit: str, most: float) -> Row:
    """A figure that is to be at most `most`."""
    return Row(
        bench="check", work=work, ours=value, peer=None, unit=unit, ratio=None, goal=f"<= {most:g} {unit}".strip(),
        holds=value <= most, spread=(value, value),
    )  # fmt: skip


def monorepo() -> Iterator[tuple[str, str]]:
    """Every file: bases of a Deployment and a Service, components, and overlays with a patch and generated settings."""
    for number in range(BASES):
        yield f"bases/{number}/kustomization.yaml", "resources: [deployment.yaml, service.yaml]\n"
        yield f"bases/{number}/deployment.yaml", DEPLOYMENT.format(number)
        yield f"bases/{number}/service.yaml", SERVICE.format(number)
    for number in range(COMPONENTS):
        yield f"components/{number}/kustomization.yaml", COMPONENT
        config = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shared-{number}}}\ndata: {{key: value}}\n"
        yield f"components/{number}/config.yaml", config
    for number in range(OVERLAYS):
        base, component = number % BASES, number % COMPONENTS
        folder = f"overlays/team-{number % 20}/{number}"
        yield (
            f"{folder}/kustomization.yaml",
            f"namespace: team-{number % 20}\nresources: [../../../bases/{base}]\n"
            f"components: [../../../components/{component}]\npatches: [{{path: patch.yaml}}]\n"
            "configMapGenerator: [{name: settings, files: [settings.properties]}]\n",
        )
        patch = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{base}}}\nspec: {{replicas: 3}}\n"
        yield f"{folder}/patch.yaml", patch
        yield f"{folder}/settings.properties", f"number={number}\n"


def places() -> list[tuple[str, int, int]]:
    """Each overlay's folder, base and component."""
    return [(f"overlays/team-{n % 20}/{n}", n % BASES, n % COMPONENTS) for n in range(OVERLAYS)]


def affected(renderer: Kustomize, made: Tree, files: Mapping[str, str]) -> tuple[int, int, int]:
    """(missed, affected for nothing, rightly affected) over random edits of one file each."""
    rng = random.Random(7)
    missed = false = right = 0
    for path in rng.sample(sorted(files), EDITS):
        edited = tree({**files, path: files[path].replace("1.0.0", "1.0.1") + "# edited\n"})
        edited = replace(edited, revision=Sha("b" * 40))
        found = set()
        for folder, _, _ in places():
            source = Source(path=folder)
            reads = renderer.reads(made, source) | renderer.reads(edited, source)
            if touched(reads, made, edited):
                found.add(folder)
        truth = {folder for folder, base, part in places() if path.startswith(
            (f"{folder}/", f"bases/{base}/", f"components/{part}/"))}  # fmt: skip
        missed += len(truth - found)
        false += len(found - truth)
        right += len(truth)
    return missed, false, right


def environment(folder: str) -> Environment:
    """An environment of that folder."""
    id = EnvironmentId(repository=SHOP, name=folder)
    return Environment(id=id, source=Source(path=folder), target="", apply="never")


async def rendered(renderer: Kustomize, made: Tree) -> float:
    """Seconds for all overlays, a few programs at once."""
    environments = [environment(folder) for folder, _, _ in places()]
    tools = Tools(renderers=(renderer,), evaluator=InProcess((renderer,), ()), targets={}, key=b"")
    began = time.perf_counter()
    async for _, each in render_all(tools, loaded, made, environments):
        assert not isinstance(each, RenderError)
        assert len(each.resources) == 4
    return time.perf_counter() - began


def build_all(files: Mapping[str, str]) -> float:
    """Seconds for `kustomize build` of each overlay in turn."""
    program = locate("kustomize")
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            (Path(name) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / path).write_text(text)
        began = time.perf_counter()
        for folder, _, _ in places():
            subprocess.run([program, "build", Path(name) / folder], check=True, capture_output=True)
        return time.perf_counter() - began
