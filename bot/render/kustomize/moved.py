"""A build as it would be some years later, which shows that a chart asks for the time (`bot.render.helm.steady`).

Only charts have a clock: in what they are made of and in the values that they are given, or that a patch gives them, it
is moved, and nowhere else, since a generator's name would change with its text.
"""

import json
from typing import Any

from bot.render.helm.chart import Chart
from bot.render.helm.steady import doubts, later, moved
from bot.render.kustomize.kustomization import field
from bot.render.kustomize.layout import Layout, reworded, reworded_plugins, written
from bot.render.kustomize.walk import Walk

__all__ = ["later_files"]

INLINE = ("valuesInline", "valuesLocal")


def later_files(layout: Layout, walk: Walk) -> dict[str, bytes]:
    """What was laid out, for charts of another time. RenderError: an archive in a chart that is not read."""
    folders = tuple(f"{layout.place(each)}/" for each in walk.charts)
    charts = {place: data for place, data in layout.files.items() if place.startswith(folders)}
    # it is asked for what it refuses: no archive hides another clock
    doubts(Chart(files={named(layout, place): data for place, data in charts.items()}, values=(), folder=""))
    files = {**layout.files, **later(charts)}
    whole = walk.values | walk.changes
    for place in map(layout.place, whole):
        files[place] = moved(layout.files[place])
    for place in map(layout.place, walk.builds.keys() - whole):
        files[place] = reworded(files[place], move)
    for place in map(layout.place, walk.plugins - whole):
        files[place] = reworded_plugins(files[place], move)
    return files


def named(layout: Layout, place: str) -> str:
    """A file as people know it."""
    where, path = layout.repository_path(place) or (None, place)
    return path if where is None else f"{where.url}@{where.revision[:7]}/{path}"


def move(chart: Any) -> None:
    """Move the clock in the values that a chart's configuration holds."""
    for key, given in (field(chart, name) for name in INLINE):
        if given:
            chart[key] = json.loads(moved(written(given)))
