"""Kustomizations made of texts, as trees and as folders, what the real program builds of them, and what is refused."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.document import load_documents
from bot.errors import RenderError
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.finding import Finding
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize, KustomizeOptions
from tests.support.programs import program
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

__all__ = [
    "BASE",
    "JAIL",
    "MAP",
    "Built",
    "build",
    "laid_out",
    "refused",
    "render",
    "renderer",
    "tree_of",
    "without_program",
]

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n"
BASE = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": MAP, "secret.txt": "hunter2\n"}

JAIL = Jail("best-effort")
"""One for all tests: it starts anew in each event loop, and ends what it had in the one before."""


def renderer(**options: Any) -> Kustomize:
    """The renderer with the real kustomize."""
    return Kustomize(JAIL, (str(program("kustomize")), "kubectl"), KustomizeOptions(**options))


def without_program(**options: Any) -> Kustomize:
    """The renderer on a server that has no program to run."""
    made = renderer(**options)
    made._builder._names = ("/nonexistent/kustomize", "/nonexistent/kubectl")
    return made


def tree_of(text: str, files: Files | None = None, **kinds: Any) -> Tree:
    """A tree with the kustomization of this text in `o`, beside `BASE`."""
    return make_tree({**BASE, "o/kustomization.yaml": text, **(files or {})}, **kinds)


def laid_out(files: Files, folder: Path) -> Path:
    """The same files on disk."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


class Built:
    """What the program did by itself: its exit status, the documents that it printed, what it complained of."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.status = done.returncode
        self.documents = [each.value for each in load_documents(done.stdout)]
        self.errors = done.stderr.decode("utf-8", "replace")


def build(folder: Path, *options: str) -> Built:
    """Run `kustomize build` on a folder, as a person would."""
    command = [str(program("kustomize")), "build", str(folder), *options]
    return Built(subprocess.run(command, capture_output=True, check=False, timeout=100))


async def render(made: Kustomize, tree: Tree, path: str) -> Rendered:
    """A render of a folder of the tree."""
    return await made.render(tree, Source(path=path), Kubernetes())


async def refused(tree: Tree, made: Kustomize | None = None) -> list[Finding]:
    """The findings of a render that was refused before any program ran: the one that would run is not there."""
    made = made or without_program()
    with pytest.raises(RenderError) as caught:
        await render(made, tree, "o")
    found = list(caught.value.findings)
    assert all(each.level == "error" and each.message and each.fix and each.path and each.line for each in found)
    return found
