"""What the charts of a build are made of, and all that they may be given, as one chart."""

from typing import Any

from bot.model.tree import Tree
from bot.render.helm.chart import Chart
from bot.render.kustomize.kustomization import field
from bot.render.kustomize.layout import reworded, reworded_plugins, written
from bot.render.kustomize.walk import Key, Walk

__all__ = ["inflated", "loaded"]

INLINE = ("valuesInline", "valuesLocal")


def inflated(tree: Tree, walk: Walk) -> Chart:
    """All charts of a build as one, with the values that they are given."""
    given: list[bytes] = []

    def note(chart: Any) -> None:
        given.extend(written(value) for _, value in (field(chart, name) for name in INLINE) if value)

    for key in walk.builds:
        reworded(loaded(tree, key) or b"", note)
    for key in walk.plugins:
        reworded_plugins(loaded(tree, key) or b"", note)
    given += [loaded(tree, key) or b"" for key in walk.values | walk.changes]
    files = {named(key): loaded(tree, key) or b"" for key in walk.files}
    return Chart(files=files, values=tuple(("", each) for each in given), folder="")


def named(key: Key) -> str:
    """A file as people know it."""
    where, path = key
    return path if where is None else f"{where.url}@{where.revision[:7]}/{path}"


def loaded(tree: Tree, key: Key) -> bytes | None:
    """A file's content, if it was loaded."""
    where, path = key
    origin = tree if where is None else tree.elsewhere.get(where)
    entry = origin.entries.get(path) if origin else None
    return origin.blobs.get(entry.blob) if origin and entry else None
