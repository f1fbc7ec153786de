"""A chart as a value: every file that Helm is given, from the repository or from elsewhere, with nothing followed."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from bot.document import load_documents
from bot.errors import DocumentError, RenderError, TreeError
from bot.model.environment import CONFIGURATION, Source
from bot.model.finding import Finding
from bot.model.noun import noun
from bot.model.tree import Elsewhere, Entry, Tree
from bot.render.helm.options import Choice
from bot.render.manifests import problem, shown, shown_path
from bot.render.plain import LINKS, located, pointers

__all__ = ["Chart", "gather", "named", "within"]


@noun
class Chart:
    """The chart's files by their path in it, and the files of values (path in the repository, bytes), later ones win.

    `folder` is where it is in the repository ("" is the root); None: it is from `elsewhere`.
    """

    name: str = ""
    version: str = ""
    files: Mapping[str, bytes] = field(repr=False)
    values: tuple[tuple[str, bytes], ...] = field(repr=False)
    folder: str | None
    elsewhere: Elsewhere | None = None

    def at(self, path: str) -> str:
        """Where people find a file of the chart: in the repository, else the values that are theirs, else by name."""
        if self.elsewhere is None:
            return shown_path(posixpath.join(self.folder or "", path))
        if self.values:
            return shown_path(self.values[-1][0])
        return f"{self.elsewhere.url}@{self.elsewhere.revision}/{shown(path)}"


def within(source: Source) -> str:
    """The source's folder in its simplest form; "" is the root."""
    path = posixpath.normpath(source.path or ".")
    return "" if path == "." else path


def named(tree: Tree, source: Source, choice: Choice) -> frozenset[str]:
    """The paths that a render reads: the whole folder of a chart, and the files of values."""
    folder = frozenset() if choice.chart else frozenset(each.path for each in tree.under(within(source)))
    above = (parent for path in choice.values for parent in _parents(path))
    return folder | {path for path in (*choice.values, *above) if path in tree.entries}


def gather(tree: Tree, source: Source, choice: Choice) -> Chart:
    """Everything that Helm is to be given. RenderError: all that is missing, linked, kept by LFS, or not to be read."""
    located(tree, source)
    folder = within(source)
    if choice.chart:
        fetched = tree.elsewhere.get(choice.chart)
        if fetched is None:
            fix = "try again; if it stays so, look at the server's log"
            raise RenderError([problem(f"{choice.chart.url} was not fetched", fix, path=CONFIGURATION)])
        files, faults = _files(fetched, "", fetched.under(""))
    else:
        files, faults = _files(tree, folder, tree.under(folder))
        faults += pointers((posixpath.join(folder, path), data) for path, data in files.items())
    values = list(_values(tree, choice.values))
    faults += [each for each in values if isinstance(each, Finding)]
    given = tuple(each for each in values if not isinstance(each, Finding))
    faults += pointers(given)
    if faults:
        raise RenderError(faults)
    chart = Chart(files=files, values=given, folder=None if choice.chart else folder, elsewhere=choice.chart)
    name, version = _described(chart, source)
    return replace(chart, name=name, version=version)


def _files(tree: Tree, folder: str, entries: tuple[Entry, ...]) -> tuple[dict[str, bytes], list[Finding]]:
    """The bytes by path within the folder, and a finding for each that is not to be read."""
    files: dict[str, bytes] = {}
    faults: list[Finding] = []
    for entry in entries:
        path = shown_path(entry.path)
        if link := LINKS.get(entry.mode):
            faults.append(problem(f"{path} is {link}", "commit the files themselves", path=path))
            continue
        try:
            files[entry.path[len(folder) + 1 if folder else 0 :]] = tree.read(entry.path)
        except TreeError as error:
            faults.append(problem(shown(str(error)), "try again; the file is in git but was not read", path=path))
    return files, faults


def _values(tree: Tree, paths: tuple[str, ...]) -> Iterator[tuple[str, bytes] | Finding]:
    for path in paths:
        for above in _parents(path):
            if above in tree.entries and (link := LINKS.get(tree.entries[above].mode)):
                yield problem(f"{shown(above)} is {link}", "commit the files themselves", path=shown_path(above))
                break
        else:
            try:
                yield path, tree.read(path)
            except TreeError as error:
                yield problem(shown(str(error)), "correct `options.values`, or commit the file", path=CONFIGURATION)


def _parents(path: str) -> Iterator[str]:
    """Every folder above a path."""
    while (path := posixpath.dirname(path)) not in ("", "/"):
        yield path


def _described(chart: Chart, source: Source) -> tuple[str, str]:
    """Name and version by Chart.yaml. RenderError: there is none, or it is not what was pinned."""
    at = chart.at("Chart.yaml")
    if "Chart.yaml" not in chart.files:
        where = chart.elsewhere.url if chart.elsewhere else shown(source.path)
        fix = "correct `source.path`, or name another renderer"
        raise RenderError([problem(f"{where} is no chart: it has no Chart.yaml", fix, path=at)])
    try:
        documents = load_documents(chart.files["Chart.yaml"])
    except DocumentError as error:
        place = (error.line, error.column) if chart.elsewhere is None else (1, 1)
        fault = problem(f"Chart.yaml: {error.message}", "correct the file", path=at, place=place)
        raise RenderError([fault]) from None
    value: Any = documents[0].value if documents else {}
    found = [value.get(key) if isinstance(value, dict) else None for key in ("name", "version")]
    name, version = (each if isinstance(each, str) else "" for each in found)
    if not name or not version or "/" in name:
        raise RenderError([problem("Chart.yaml has no name or no version", "add both, as text", path=at, place=(1, 1))])
    _as_pinned(chart, name, version)
    return name, version


def _as_pinned(chart: Chart, name: str, version: str) -> None:
    wanted = chart.elsewhere
    if wanted and (name, version) != (posixpath.basename(wanted.url), wanted.revision):
        message = f"the archive of {wanted.url} is the chart {shown(name)} {shown(version)}, not {wanted.revision}"
        fix = "correct chart and version, or the digest"
        raise RenderError([problem(message, fix, path=CONFIGURATION)])
