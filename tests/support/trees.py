"""Trees of files, without a repository."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.model.noun import Sha
from bot.model.tree import Entry, Tree

__all__ = ["EMPTY", "Files", "folder_tree", "loaded", "tree"]

Files = Mapping[str, str | bytes]
REVISION = Sha("c0ffee0" + "0" * 33)


def tree(
    files: Files, links: Mapping[str, str] | None = None, submodules: Sequence[str] = (),
    modes: Mapping[str, str] | None = None, revision: Sha = REVISION,
) -> Tree:  # fmt: skip
    """A tree with every file loaded; `links` are symbolic links and targets, `modes` those that are not 100644."""
    blobs: dict[Sha, bytes] = {}
    entries: dict[str, Entry] = {}
    contents = [(path, (modes or {}).get(path, "100644"), text) for path, text in files.items()]
    contents += [(path, "120000", target) for path, target in (links or {}).items()]
    for path, mode, text in contents:
        data = text if isinstance(text, bytes) else text.encode()
        blob = Sha(hashlib.sha1(data, usedforsecurity=False).hexdigest())
        entries[path] = Entry(path=path, mode=mode, blob=blob, size=len(data))
        blobs[blob] = data
    for path in submodules:
        entries[path] = Entry(path=path, mode="160000", blob=Sha("5" * 40), size=0)
    return Tree(revision=revision, entries=entries, blobs=blobs)


def folder_tree(path: Path) -> Tree:
    """A folder's files as a tree, all of them loaded."""
    files = {}
    for root, _, names in os.walk(path):
        for name in names:
            file = Path(root, name)
            files[file.relative_to(path).as_posix()] = file.read_bytes()
    return tree(files)


async def loaded(tree: Tree, paths: frozenset[str]) -> Tree:
    """What loads the files of a tree that has all of them."""
    del paths
    return tree


EMPTY = tree({})
