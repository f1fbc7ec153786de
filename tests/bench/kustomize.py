"""A monorepo of 500 overlays: rendered here and by `kustomize build` in a loop, and rendered again.

Both start from a tree in memory or on disk, with the page cache warm, and take turns, so that whatever else the machine
does meets both.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bot.document import load_documents
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize, KustomizeOptions
from bot.render.together import render_all
from tests.bench.rows import Row, measured, show
from tests.tests_support.monorepo import monorepo, overlays
from tests.tools.build import locate

__all__ = ["run"]

OVERLAYS, ROUNDS = 500, 3


def loop(program: Path, folder: Path, paths: list[str]) -> tuple[float, dict[str, bytes]]:
    """`kustomize build` for each overlay, one after the other: seconds, and what was printed."""
    began = time.perf_counter()
    found = {
        each: subprocess.run([program, "build", folder / each], check=True, capture_output=True).stdout
        for each in paths
    }
    return time.perf_counter() - began, found


async def ours(made: Kustomize, tree: Tree, paths: list[str]) -> tuple[float, dict[str, Rendered]]:
    """The same by the renderer: walked, judged, laid out, built in the jail, read and traced."""
    began = time.perf_counter()
    found = {}
    for each in paths:
        made.reads(tree, Source(path=each))
    async for source, result in render_all(made, tree, [Source(path=each) for each in paths], Kubernetes()):
        assert isinstance(result, Rendered), result
        found[source.path] = result
    return time.perf_counter() - began, found


def equal(printed: dict[str, bytes], rendered: dict[str, Rendered]) -> int:
    """How many objects there are. AssertionError: they are not the same."""
    for path, output in printed.items():
        assert [each.value for each in load_documents(output)] == [each.body for each in rendered[path].resources], path
    return sum(len(each.resources) for each in rendered.values())


async def rows() -> list[Row]:
    """Every figure."""
    from tests.tests_support.kustomizations import laid_out, make_tree

    files, paths, program = monorepo(OVERLAYS), overlays(OVERLAYS), locate("kustomize")
    full, again, peers, single = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder, tree = laid_out(files, Path(name).resolve()), make_tree(files)
        for _ in range(ROUNDS):
            jail = Jail("best-effort")
            made = Kustomize(jail, (str(program), ""), KustomizeOptions(kept=512 * 2**20))
            peer, printed = loop(program, folder, paths)
            seconds, rendered = await ours(made, tree, paths)
            count = equal(printed, rendered)
            once, _ = await ours(made, tree, paths)
            fresh = Kustomize(jail, (str(program), ""), KustomizeOptions(kept=0))
            alone = [await timed(fresh, tree, each) for each in paths[:20]]
            jail.close()
            full.append(seconds)
            again.append(once)
            peers.append(peer)
            single.append(sorted(alone)[len(alone) // 2] * 1000)
            speed = f"{peer / seconds:.2f} ×"
            print(f"  {count} objects: ours {seconds:.2f} s, loop {peer:.2f} s ({speed}), again {once:.2f} s")
    ratio = sorted(p / f for p, f in zip(peers, full, strict=True))[ROUNDS // 2]
    faster = Row(
        bench="kustomize", work=f"{OVERLAYS} overlays, against kustomize build in a loop", ours=sorted(full)[1],
        peer=sorted(peers)[1], unit="s", ratio=round(ratio, 2), goal=">= 1.5 ×", holds=ratio >= 1.5,
        spread=(min(full), max(full)),
    )  # fmt: skip
    return [
        faster,
        measured(f"the same {OVERLAYS} again, remembered", again, "s", 2),
        measured("one overlay alone, in the jail, nothing remembered", single, "ms", 200),
    ]


async def timed(made: Kustomize, tree: Tree, path: str) -> float:
    """Seconds of one render."""
    began = time.perf_counter()
    await made.render(tree, Source(path=path), Kubernetes())
    return time.perf_counter() - began


def run(file: Path | None) -> int:
    """Measure and show; the exit status."""
    print(f"{os.cpu_count()} cores; medians of {ROUNDS} rounds")
    return show(asyncio.run(rows()), file)
