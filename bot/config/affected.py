"""Which changes touch what a render reads."""

from bot.model.tree import Tree

__all__ = ["touched"]


def touched(reads: frozenset[str], base: Tree, head: Tree) -> bool:
    """Whether any of the paths that a render reads is another file, or is there only in one of the two trees."""
    return not all(base.same(head, path) for path in reads)
