"""Kustomizations made of texts, as trees and as folders, and what the real program builds of them."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.document import load_documents
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Sha
from bot.model.resource import Rendered
from bot.model.tree import Entry, Tree
from bot.render.kustomize import Kustomize, KustomizeOptions
from tests.tests_support.programs import program

__all__ = ["JAIL", "Built", "build", "folder_tree", "laid_out", "make_tree", "render", "renderer"]

JAIL = Jail("best-effort")
"""One for all tests: it starts anew in each event loop, and ends what it had in the one before."""

Files = Mapping[str, str | bytes]


def renderer(**options: Any) -> Kustomize:
    """The renderer with the real kustomize."""
    return Kustomize(JAIL, (str(program("kustomize")), "kubectl"), KustomizeOptions(**options))


def make_tree(files: Files, links: Mapping[str, str] | None = None, submodules: tuple[str, ...] = ()) -> Tree:
    """A tree with every file loaded; `links` are symbolic links and their targets."""
    blobs: dict[Sha, bytes] = {}
    entries: dict[str, Entry] = {}
    contents = [(path, "100644", text) for path, text in files.items()]
    contents += [(path, "120000", target) for path, target in (links or {}).items()]
    for path, mode, text in contents:
        data = text if isinstance(text, bytes) else text.encode()
        blob = Sha(hashlib.sha1(data, usedforsecurity=False).hexdigest())
        entries[path] = Entry(path=path, mode=mode, blob=blob, size=len(data))
        blobs[blob] = data
    for path in submodules:
        entries[path] = Entry(path=path, mode="160000", blob=Sha("5" * 40), size=0)
    return Tree(revision=Sha("c0ffee0" + "0" * 33), entries=entries, blobs=blobs)


def folder_tree(path: Path) -> Tree:
    """A folder's files as a tree, all of them loaded."""
    files: dict[str, str | bytes] = {}
    for root, _, names in os.walk(path):
        for name in names:
            file = Path(root, name)
            files[file.relative_to(path).as_posix()] = file.read_bytes()
    return make_tree(files)


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
