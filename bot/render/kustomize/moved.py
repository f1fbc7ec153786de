"""A build with its charts changed, which shows that one of them asks for the time (`bot.render.helm.steady`).

Only charts have a clock. Nothing else of the build is changed, since a generator's name would change with its text.
"""

from collections.abc import Mapping

from bot.render.helm.changed import changed
from bot.render.kustomize.layout import Layout
from bot.render.kustomize.walk import Walk

__all__ = ["with_charts"]


def with_charts(layout: Layout, walk: Walk, others: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """What was laid out, with other expressions in the place of functions in its charts; each name → expression."""
    folders = tuple(f"{layout.place(each)}/" for each in walk.charts)
    charts = {place: data for place, data in layout.files.items() if place.startswith(folders)}
    return {**layout.files, **changed(charts, others)}
