"""Trees of text files, without a repository."""

import hashlib
from collections.abc import Mapping

from bot.model.noun import Sha
from bot.model.tree import Entry, Tree

__all__ = ["loaded", "tree"]


def tree(files: Mapping[str, str | bytes]) -> Tree:
    """A tree with everything loaded."""
    blobs = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    shas = {path: Sha(hashlib.sha1(content).hexdigest()) for path, content in blobs.items()}
    return Tree(
        revision=Sha("0" * 40),
        entries={p: Entry(path=p, mode="100644", blob=shas[p], size=len(content)) for p, content in blobs.items()},
        blobs={shas[path]: content for path, content in blobs.items()},
    )


async def loaded(tree: Tree, paths: frozenset[str]) -> Tree:
    """What loads the files of a tree that has all of them."""
    del paths
    return tree
