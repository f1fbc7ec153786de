"""What the server's settings say of Helm, and what an environment's `source.options` do, held to what is safe."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bot.errors import RenderError
from bot.jail import Limits
from bot.model.environment import CONFIGURATION, Source
from bot.model.finding import Finding
from bot.model.noun import noun
from bot.model.tree import CHART_URL, Elsewhere
from bot.render.manifests import problem, shown

__all__ = ["Choice", "HelmOptions", "chosen"]

RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?", re.ASCII)
"""A DNS label of at most 53 signs, which is what Helm allows for a release."""
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
VERSION = re.compile(r"[0-9A-Za-z][-+.0-9A-Za-z]*", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
KNOWN = ("chart", "version", "digest", "values", "release", "namespace", "crds")
PIN = ("version", "digest")
MIB = 1024 * 1024


@noun
class HelmOptions:
    """How charts are rendered on this server.

    `charts` are the URLs, with `*`, that charts from elsewhere may come from. `scratch` is the folder for what a
    render reads (None: one of the system's temporary folders). `kept` bytes of results are remembered in memory.
    """

    charts: tuple[str, ...] = ()
    limits: Limits = Limits()
    scratch: Path | None = None
    kept: int = 64 * MIB


@noun
class Choice:
    """What an environment asks for. `chart` None: the one at the source's path. `release` "": by the folder's name."""

    chart: Elsewhere | None
    values: tuple[str, ...]
    release: str
    namespace: str
    crds: bool


def chosen(source: Source, allowed: tuple[str, ...]) -> Choice:
    """The options of a source. RenderError: all that is wrong with them; `allowed` are the globs for charts."""
    options = source.options
    faults = [*_unknown(options), *_elsewhere(options, allowed), *_values(options), *_names(options)]
    if faults:
        raise RenderError([problem(message, fix, path=CONFIGURATION) for message, fix in faults])
    chart = options.get("chart")
    return Choice(
        chart=Elsewhere(kind="chart", url=chart, revision=options["version"], digest=options["digest"])
        if chart
        else None,
        values=tuple(options.get("values", ())),
        release=options.get("release", ""),
        namespace=options.get("namespace", "default"),
        crds=options.get("crds", True),
    )


Faults = Iterator[tuple[str, str]]


def _unknown(options: Mapping[str, Any]) -> Faults:
    for key in options:
        if key not in KNOWN:
            yield f"option {shown(key)} is not one of helm's", f"remove it; there are {', '.join(KNOWN)}"
    if not isinstance(options.get("crds", True), bool):
        yield "option crds is neither true nor false", "write true or false"


def _elsewhere(options: Mapping[str, Any], allowed: tuple[str, ...]) -> Faults:
    """A chart from elsewhere is pinned by version and digest, and from where the server allows."""
    if "chart" not in options:
        for key in PIN:
            if key in options:
                yield f"option {key} is for a chart from elsewhere, and there is no option chart", "remove it"
        return
    url = options["chart"]
    if not isinstance(url, str) or not CHART_URL.fullmatch(url):
        fix = "write oci://HOST/PATH/NAME or https://HOST/PATH/NAME, with plain letters, digits, dots and dashes"
        yield f"option chart is no place that a chart can be at: {shown(str(url))}", fix
    elif not any(fnmatchcase(url, each) for each in allowed):
        fix = "put the chart into the repository, or ask the server's operator to add it to `render.charts`"
        yield f"{url} is not among the places that charts may come from", fix
    if not VERSION.fullmatch(str(options.get("version", ""))):
        yield "option chart needs option version, one exact version of it", "write the version, such as 1.2.3"
    if not DIGEST.fullmatch(str(options.get("digest", ""))):
        fix = "write sha256: and the digest of the chart's archive (`helm pull`, then `sha256sum`)"
        yield "option chart needs option digest, since a version alone may become something else", fix


def _values(options: Mapping[str, Any]) -> Faults:
    """Files of values are files of the repository, and nothing else."""
    values = options.get("values", ())
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        yield "option values is not a list of files", "write - and a path for each file"
        return
    for path in values:
        plain = path.isprintable() and "\\" not in path and ":" not in path and path == posixpath.normpath(path)
        if not plain or path.startswith(("/", "..", "-")):
            fix = "write the path of a file from the repository's root, without .. and in its shortest form"
            yield f"option values names {shown(path)}, which is no file of the repository", fix


def _names(options: Mapping[str, Any]) -> Faults:
    """A release or a namespace that begins with a dash would be an option of the program."""
    for key, form, most in (("release", RELEASE, 53), ("namespace", LABEL, 63)):
        name = options.get(key)
        if name is not None and not (isinstance(name, str) and form.fullmatch(name)):
            fix = f"use lower-case letters, digits and dashes, {most} at most, without a dash at either end"
            yield f"option {key} cannot be a name: {shown(str(name))}", fix


def default_release(source: Source, chart: str) -> str:
    """The folder's name, else the chart's. RenderError: neither can be a release's name."""
    for name in (posixpath.basename(posixpath.normpath(source.path)), chart):
        if RELEASE.fullmatch(name):
            return name
    fix = "add options.release with lower-case letters, digits and dashes, 53 at most"
    raise RenderError([_nameless(source, fix)])


def _nameless(source: Source, fix: str) -> Finding:
    return problem(f"neither {shown(source.path)} nor its chart has a name for a release", fix, path=CONFIGURATION)
