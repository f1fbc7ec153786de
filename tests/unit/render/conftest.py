"""Trees made of texts, and their render."""

import hashlib
from collections.abc import Callable, Mapping

import pytest

from bot.model.noun import Sha
from bot.model.tree import Entry, Tree

Files = Mapping[str, str | bytes]


@pytest.fixture
def tree() -> Callable[..., Tree]:
    """Makes a tree of files (all loaded), `links` (path → target) and `submodules`."""

    def make(files: Files, links: Mapping[str, str] | None = None, submodules: tuple[str, ...] = ()) -> Tree:
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

    return make
