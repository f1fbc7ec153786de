"""Which changes touch what a render reads."""

from bot.model.tree import Tree

__all__ = ["touched"]


def touched(reads: frozenset[str], base: Tree, head: Tree) -> bool:
    """Whether any of the paths that a render reads is another file, or is there only in one of the two trees."""
    return any(identity(base, path) != identity(head, path) for path in reads)


def identity(tree: Tree, path: str) -> tuple[str, str] | None:
    """What tells a file of a tree from any other: its mode and blob."""
    entry = tree.entries.get(path)
    return (entry.mode, entry.blob) if entry else None
