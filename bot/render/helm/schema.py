"""Schemas of values that would have to be fetched while rendering."""

import json
from collections.abc import Iterator
from typing import Any

from bot.errors import RenderError
from bot.render.helm.chart import Chart
from bot.render.manifests import problem, shown

__all__ = ["refuse_remote"]

NAME = "values.schema.json"
BUILT_IN = ("http://json-schema.org/", "https://json-schema.org/")


def refuse_remote(chart: Chart) -> None:
    """RenderError: a schema refers to something that is not in its own file, by a URL of any kind."""
    faults = []
    for path, data in chart.files.items():
        if path.rpartition("/")[2] == NAME:
            for url in _references(data):
                fix = "copy what it refers to into the file"
                message = f"{shown(path)} refers to {shown(url)}; nothing is fetched while rendering"
                faults.append(problem(message, fix, path=chart.at(path), place=(1, 1)))
    if faults:
        raise RenderError(faults)


def _references(data: bytes) -> Iterator[str]:
    try:
        waiting: list[Any] = [json.loads(data)]
    except (ValueError, RecursionError):  # Helm says what is wrong with it
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            url = value.get("$ref")
            if isinstance(url, str) and ":" in url.partition("#")[0] and not url.startswith(BUILT_IN):
                yield url
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
