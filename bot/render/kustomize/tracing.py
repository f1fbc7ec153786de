"""Whether asking for origin annotations could change what a build yields.

Kustomize adds them before its transformers run. Whoever patches, selects or copies annotations could notice: a JSON
patch that adds to annotations fails on an object that has none, and a transformer may set them only where there are
some. Such builds are not traced, and origins are looked up by kind and name instead.
"""

import re

from bot.model.tree import Tree
from bot.render.bounded import remembered
from bot.render.kustomize.walk import Walk

__all__ = ["notices", "traceable"]

REMEMBERED = 16 * 1024 * 1024
NOTICES = re.compile(
    rb"""metadata/annotations|/metadata(?:["'\s,}\]]|$)|annotationSelector|metadata\.annotations|fieldPaths?["']?\s*:"""
    rb"""\s*+(?:[\[-]\s*+)?["']?metadata["'\s,\]]|-\s*["']?metadata["']?\s*$""",
    re.IGNORECASE | re.MULTILINE,
)


@remembered(REMEMBERED)
def notices(data: bytes) -> bool:
    """Whether a kustomization, a patch or a plugin's configuration looks at annotations as such."""
    return NOTICES.search(data) is not None


def traceable(tree: Tree, walk: Walk) -> bool:
    """Whether origins can be asked for. Files of objects and of charts are not asked: what they hold is only data."""
    data = set(walk.objects)
    below = tuple(f"{path}/" for _, path in walk.charts)
    for where, path in walk.files:
        if (where, path) not in data and not path.startswith(below or "/"):
            origin = tree if where is None else tree.elsewhere[where]
            if notices(origin.read(path)):
                return False
    return True
