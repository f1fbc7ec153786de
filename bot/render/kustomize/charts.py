"""Charts that a kustomization inflates: only those that are in the repository, and only if the server allows it.

Kustomize gives some of these fields to helm as words of its command line; one that begins with a dash would be an
option there (https://github.com/kubernetes-sigs/kustomize/issues/6241).
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from bot.model.noun import noun
from bot.render.kustomize.kustomization import Path, Reference, field, items, texts
from bot.render.kustomize.remote import Flaw

__all__ = ["NO_INFLATION", "Chart", "chart", "charts"]

WORDS = (
    "name", "releaseName", "namespace", "nameTemplate", "version", "kubeVersion", "apiVersions", "repo",
    "valuesFile", "additionalValuesFiles", "chartName", "chartVersion", "releaseNamespace", "values",
)  # fmt: skip
NO_INFLATION = Flaw(
    wrong="inflates a Helm chart, which this server does not allow",
    fix="make the chart an environment of its own, or ask the operator to set render.inflate",
)


@noun
class Chart:
    """One chart: its folder relative to the kustomization's, the values files it names, and what forbids it."""

    name: str
    folder: str
    at: Path
    values: tuple[Reference, ...] = ()
    flaws: tuple[tuple[Path, Flaw], ...] = ()
    pins: frozenset[str] = frozenset()


def charts(value: Mapping[str, Any]) -> Iterator[Chart]:
    """The charts of a kustomization, also those of the field's older form."""
    _, globals_ = field(value, "helmGlobals")
    for at, each in items(value, "helmCharts"):
        yield chart(each, globals_, at)
    for at, each in items(value, "helmChartInflationGenerator"):
        older = {**(each if isinstance(each, Mapping) else {}), "name": field(each, "chartName")[1]}
        renamed = {"repo": "chartRepoUrl", "version": "chartVersion", "valuesFile": "values"}
        older |= {new: field(each, old)[1] for new, old in renamed.items()}
        yield chart(older, globals_ or {"chartHome": field(each, "chartHome")[1]}, at, extra=("helmHome", "helmBin"))


def chart(value: Any, globals_: Any, at: Path, extra: tuple[str, ...] = ()) -> Chart:
    """What a chart's configuration asks for; `globals_` hold what all charts share."""
    name, version, repo = (word(value, each) for each in ("name", "version", "repo"))
    home = word(globals_, "chartHome") or word(value, "chartHome") or "charts"
    if version and repo:
        home = posixpath.join(home, f"{name}-{version}")
    flaws = [(way, DASH) for each in WORDS for way, text in texts(value, each, at) if text.startswith("-")]
    for holder, key in ((globals_, "configHome"), (value, "configHome"), *((value, each) for each in extra)):
        if word(holder, key):
            flaws.append((at, HOME))
    if not name or "/" in name or name in (".", ".."):
        flaws.append((at, NAMELESS))
    if "{{" in (template := word(value, "nameTemplate")) or not (template or word(value, "releaseName")):
        flaws.append((at, RELEASE))
    values = [
        Reference(use="file", text=text, at=way)
        for each in ("valuesFile", "additionalValuesFiles")
        for way, text in texts(value, each, at)
    ]
    pins = frozenset(each for each in ("kubeVersion", "apiVersions") if field(value, each)[1])
    return Chart(
        name=name, folder=posixpath.join(home, name), at=at, values=tuple(values), flaws=tuple(flaws), pins=pins
    )


DASH = Flaw(wrong="begins with a dash, so helm would take it for an option", fix="choose a value without the dash")
HOME = Flaw(
    wrong="sets a folder or a program for helm, which may bring plugins along",
    fix="remove helmGlobals.configHome, helmHome and helmBin",
)
NAMELESS = Flaw(wrong="has no chart name, or one that is a path", fix="write the name of the chart's folder")
RELEASE = Flaw(
    wrong="has no fixed releaseName, so helm would make up another one each time", fix="add releaseName to the chart"
)


def word(value: Any, name: str) -> str:
    """A field that is a string, or ""."""
    found = field(value, name)[1]
    return found if isinstance(found, str) else ""
