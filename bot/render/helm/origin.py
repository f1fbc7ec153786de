"""From what Helm printed back to the template: which file, which document of it, and which line."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from bot.document import load_documents
from bot.errors import DocumentError
from bot.model.resource import Locate
from bot.render.helm.chart import Chart

__all__ = ["InTemplate", "Template", "file_of"]

KEY = re.compile(r"\s*(?:- +)*([A-Za-z0-9_./\"'-]+:)(?:\s|$)")
PACKED = re.compile(r"(.+?)-v?[0-9]+\.[0-9]+(?:[.+-].*)?\.(?:tgz|tar\.gz)")
LISTING = ("Chart.yaml", "requirements.yaml")
MOST = 1_000  # documents of one template that are told apart
LONGEST = 3_000  # lines of a template and of a document that are compared


def file_of(chart: Chart, source: str) -> str:
    """The chart's file that a `# Source:` (or an error) names by the names of charts; "Chart.yaml" if there is none.

    A chart within a chart is named by its name or alias, and lies in a folder or an archive below `charts/`.
    """
    files = chart.files
    path, folder = source.partition("/")[2], ""
    while path.startswith("charts/"):
        name, _, path = path.removeprefix("charts/").partition("/")
        inner = posixpath.join(folder, "charts", name)
        if f"{inner}/Chart.yaml" not in files:
            meant = {name, *(each.get("name") for each in _dependencies(files, folder) if each.get("alias") == name)}
            below = _below(files, folder, meant)
            if below is None:
                return next((each for each in files if _packed(each, folder) in meant), "Chart.yaml")
            inner = below
        folder = inner
    found = posixpath.join(folder, path)
    return found if found in files else "Chart.yaml"


def _below(files: Mapping[str, bytes], folder: str, names: set[Any]) -> str | None:
    """The folder of a chart of one of these names within a chart's folder."""
    start = posixpath.join(folder, "charts") + "/"
    for path in files:
        inner = posixpath.dirname(path)
        at = path.startswith(start) and path.endswith("/Chart.yaml") and "/" not in inner[len(start) :]
        if at and _value(files, path).get("name") in names:
            return inner
    return None


def _packed(path: str, folder: str) -> str:
    """The name of the chart in the archive `path` of a chart's folder, as far as the file's name tells it; else ""."""
    found = PACKED.fullmatch(posixpath.basename(path))
    return found[1] if found and posixpath.dirname(path) == posixpath.join(folder, "charts") else ""


def _dependencies(files: Mapping[str, bytes], folder: str) -> list[dict[str, Any]]:
    """Those that a chart lists, also in the file that charts of `apiVersion: v1` have for them."""
    both = (_value(files, posixpath.join(folder, each)).get("dependencies") for each in LISTING)
    return [each for listed in both if isinstance(listed, list) for each in listed if isinstance(each, dict)]


def _value(files: Mapping[str, bytes], path: str) -> dict[str, Any]:
    try:
        documents = load_documents(files.get(path, b""))
    except DocumentError:
        return {}
    return documents[0].value if documents and isinstance(documents[0].value, dict) else {}


class Template:
    """A template's lines, and its documents: what most printed documents share is found out once."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        starts = [0, *(index + 1 for index, line in enumerate(lines) if line.startswith("---")), len(lines) + 1]
        spans = list(pairwise(starts)) if len(starts) <= MOST else [(0, len(lines) + 1)]
        self._documents = [(self._span(start, end - 1), self._words(start, end - 1)) for start, end in spans]

    def span(self, printed: Sequence[str]) -> tuple[int, int]:
        """(first, last) line, from 1, of the document that most of the printed lines stand in."""
        wanted = {line.strip() for line in printed} - {""}
        return max(self._documents, key=lambda each: len(wanted & each[1]))[0]

    def _span(self, start: int, end: int) -> tuple[int, int]:
        top = next((n for n in range(start, end) if self.lines[n].startswith(("apiVersion:", "kind:"))), None)
        if top is None:
            top = next((n for n in range(start, end) if KEY.match(self.lines[n])), start)
        return top + 1, max(end, top + 1)

    def _words(self, start: int, end: int) -> frozenset[str]:
        return frozenset(line.strip() for line in self.lines[start:end])


class InTemplate:
    """`bot.model.resource.Locate` by the template: the line that most probably printed the one that is asked for."""

    __slots__ = ("_inner", "_line", "_lines", "_printed", "_span", "_template")

    def __init__(
        self, inner: Locate, line: int, printed: Sequence[str], template: Sequence[str], span: tuple[int, int]
    ) -> None:
        """`printed` are the document's lines, the first of which is `line` of the output; `span` is the template's."""
        self._inner, self._line, self._printed, self._template, self._span = inner, line, printed, template, span
        self._lines: list[int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return InTemplate, (self._inner, self._line, self._printed, self._template, self._span)

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """(line, column) in the template."""
        if self._lines is None:
            self._lines = self._aligned()
        asked = self._inner(path)[0] - self._line
        return (self._lines[asked] if 0 <= asked < len(self._lines) else self._span[0]), 1

    def _aligned(self) -> list[int]:
        """For each printed line the template's; what stands in no template is put to the line before it that does."""
        start, end = self._span
        if len(self._printed) > LONGEST or end - start > LONGEST:
            return []
        there, here = ([_sign(line) for line in lines] for lines in (self._printed, self._template[start - 1 : end]))
        found: dict[int, int] = {}
        for block in SequenceMatcher(None, there, here, autojunk=False).get_matching_blocks():
            found |= {block.a + n: start + block.b + n for n in range(block.size)}
        lines, last = [], start
        for index in range(len(there)):
            last = found.get(index, last)
            lines.append(last)
        return lines


def _sign(line: str) -> str:
    """What a line is recognised by: its key, whatever its value came from."""
    found = KEY.match(line)
    return found[1] if found else line.strip()
