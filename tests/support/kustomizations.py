"""Kustomizations made of texts, as trees and as folders, and what the real program builds of them."""

import subprocess
from pathlib import Path
from typing import Any

from bot.document import load_documents
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize, KustomizeOptions
from tests.support.programs import program
from tests.support.trees import Files

__all__ = ["JAIL", "Built", "build", "laid_out", "render", "renderer"]

JAIL = Jail("best-effort")
"""One for all tests: it starts anew in each event loop, and ends what it had in the one before."""


def renderer(**options: Any) -> Kustomize:
    """The renderer with the real kustomize."""
    return Kustomize(JAIL, (str(program("kustomize")), "kubectl"), KustomizeOptions(**options))


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
