"""The options of a source: that they are its renderer's, and that a chart from elsewhere cannot become another one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.config.fault import Fault, escaped
from bot.config.paths import path_problem
from bot.model.tree import CHART_URL

__all__ = ["LABEL", "option_faults"]

RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?", re.ASCII)
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
"""A DNS label (RFC 1123)."""

NAMES = {"release": (RELEASE, 53), "namespace": (LABEL, 63)}
OWNERS = {
    "plain": frozenset(),
    "kustomize": frozenset(),
    "helm": frozenset({"chart", "version", "digest", "values", "release", "namespace", "crds"}),
}
"""Which options each renderer has."""


def option_faults(name: str, source: Mapping[str, Any]) -> Iterator[Fault]:
    """The faults of the options of environment `name`."""
    options = source.get("options", {})
    renderer = source.get("renderer", "helm")
    foreign = [key for key in options if key not in OWNERS[renderer]]
    for key in foreign:
        yield _fault(name, f'"{key}" is no option of the renderer {renderer}', "remove it", key)
    if not foreign:
        yield from _chart(name, options)
        yield from _values(name, options.get("values", ()))
        yield from _names(name, options)


def _fault(name: str, message: str, fix: str, *at: str | int) -> Fault:
    return Fault(("environments", name, "source", "options", *at), f'"{name}.source.options": {message}', fix)


def _chart(name: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    """A chart from elsewhere needs both pins, and pins need a chart."""
    if "chart" not in options:
        for key in ("version", "digest"):
            if key in options:
                yield _fault(name, f'"{key}" is for a chart from elsewhere', "add chart, or remove it", key)
        return
    if not CHART_URL.fullmatch(options["chart"]):
        fix = "write oci://HOST/PATH/NAME or https://HOST/PATH/NAME, the chart's name last"
        yield _fault(name, f"chart {escaped(options['chart'])} is no place that a chart can be at", fix, "chart")
    for key, fix in (
        ("version", "add the exact version"),
        ("digest", "add sha256: and the digest of the chart's archive; a version alone may become something else"),
    ):
        if key not in options:
            yield _fault(name, f'"chart" needs "{key}"', fix, "chart")


def _values(name: str, paths: list[str]) -> Iterator[Fault]:
    for index, path in enumerate(paths):
        problem = ("is a URL", "commit the file and write its path") if "://" in path else None
        problem = problem or path_problem(path, "repository")
        if path.startswith("-"):
            problem = ("begins with a dash", "rename the file")
        if problem:
            yield _fault(name, f"path {escaped(path)} {problem[0]}", problem[1], "values", index)


def _names(name: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    """Names that begin with a dash would be options of the program."""
    for key, (form, most) in NAMES.items():
        if key in options and not form.fullmatch(options[key]):
            fix = f"use lower-case letters, digits and dashes, {most} at most, without a dash at either end"
            yield _fault(name, f"{escaped(options[key])} cannot be a {key}", fix, key)
