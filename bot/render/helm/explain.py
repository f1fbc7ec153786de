"""What `helm` complains of → findings: at the template's line, without values and without this machine's paths."""

import base64
import contextlib
import re
from collections.abc import Iterator

from bot.document import Limits, load_documents
from bot.errors import DocumentError, RenderError
from bot.model.finding import Finding
from bot.render.helm.chart import Chart
from bot.render.helm.origin import file_of
from bot.render.manifests import problem, shown, shown_path

__all__ = ["PLACE", "explained", "masked", "unreadable", "without_noise"]

PLACE = re.compile(r"(?<![^\s()\"'<>:])([^\s()\"'<>:]+/(?:templates|crds|charts)/[^\s()\"'<>:]+)(?::(\d+))?(?::(\d+))?")
"""A template that Helm names, by the names of charts, with its line and column."""

VALUES = re.compile(r"values/(\d+)\.yaml")
MISSING = re.compile(r"missing in charts/ directory: (.+)")
NOISE = re.compile(r"^(?:Use --debug flag|level=\w+ |\w+\.go:\d+: |WARNING: ).*$|^Error: ", re.MULTILINE)
SIGNS = re.compile(r"[\s:\"',\[\]{}]+")
LONGEST = 600
SHORTEST = 4  # a value of fewer signs is a word like any other
WRITTEN = re.compile(r": |\n|[{\[]")  # a text without any of these is no mapping and no list in YAML
DEEPEST = 3  # texts within texts
LIMITS = Limits(nodes=2_000_000)
HIDDEN = "•••"


def explained(chart: Chart, errors: bytes) -> RenderError:
    """The error of a chart for which Helm ended with `errors`."""
    text = errors.decode("utf-8", "replace").partition("\nusage:")[0]
    text = without_noise(text)
    if missing := MISSING.search(text):
        return RenderError([undelivered(chart, missing[1])])
    if (found := VALUES.search(text)) and "parse" in text:
        return RenderError([unparsed(chart, int(found[1]))])
    path, place = _place(chart, text)
    message = shown(_without_paths(masked(chart, text)), LONGEST) or "helm gave no reason"
    return RenderError(
        [problem(message, "correct the template, or the values that it is given", path=path, place=place)]
    )


def without_noise(text: str) -> str:
    """What Helm complains of, on one line: without what it only logs on its way there, and what it says each time."""
    return " ".join(line.strip() for line in NOISE.sub("", text).splitlines() if line.strip())


def undelivered(chart: Chart, names: str) -> Finding:
    """A dependency that was not committed: nothing is fetched while rendering."""
    fix = "run `helm dependency build` and commit charts/: a chart's dependencies are part of what is reviewed"
    message = f"the chart depends on {shown(names)}, which is not in its charts/ folder"
    return problem(message, fix, path=chart.at("Chart.yaml"), place=_line(chart, "Chart.yaml", "dependencies:"))


def unparsed(chart: Chart, index: int) -> Finding:
    """A file of values that is no YAML, at its line as far as we read it the same way."""
    path, data = chart.values[index]
    message, place = "the file of values cannot be read: it is no YAML mapping", (1, 1)
    try:
        load_documents(data)
    except DocumentError as error:
        message, place = error.message, (error.line, error.column)
    return problem(message, "correct the file", path=shown_path(path), place=place)


def unreadable(chart: Chart, source: str, error: DocumentError) -> Finding:
    """A document that Helm printed and that cannot be read."""
    message = f"{shown(source)} prints what cannot be read: {error.message}"
    return problem(message, "correct the template", path=chart.at(file_of(chart, source)))


def masked(chart: Chart, text: str) -> str:
    """The text without any value of the chart's or the environment's, plain or in base64: some may be secret."""
    values = {data for path, data in chart.files.items() if path.rpartition("/")[2] == "values.yaml"}
    values |= {data for _, data in chart.values}
    words: set[str] = set()
    for data in values:
        try:
            for document in load_documents(data, LIMITS):
                words |= set(_scalars(document.value))
        except DocumentError:  # such as a key that is set twice, which Helm lets pass
            words |= {each for each in SIGNS.split(data.decode("utf-8", "replace")) if len(each) >= SHORTEST}
    words |= {base64.b64encode(word.encode("utf-8", "replace")).decode() for word in words}
    names = " ".join(chart.files)
    for word in sorted(words, key=len, reverse=True):
        if word in text and word not in names:
            text = text.replace(word, HIDDEN)
    return text


def _scalars(value: object, deep: int = DEEPEST) -> Iterator[str]:
    """Every text and number of a value, each line of it, and what it holds where it is YAML itself."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _scalars(each, deep)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each, deep)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        for word in {str(value), *str(value).split("\n")}:
            if len(word.strip()) >= SHORTEST:
                yield word.strip()
        if deep and isinstance(value, str) and WRITTEN.search(value):
            with contextlib.suppress(DocumentError):
                for document in load_documents(value.encode("utf-8", "replace"), LIMITS):
                    if isinstance(document.value, dict | list):
                        yield from _scalars(document.value, deep - 1)


def _place(chart: Chart, text: str) -> tuple[str, tuple[int, int]]:
    """The last place that is named: the first one is only where it was called from."""
    found = [(file_of(chart, each[1]), each) for each in PLACE.finditer(text)]
    known = [(path, each) for path, each in found if path in chart.files]
    if not known:
        return chart.at("Chart.yaml"), (1, 1)
    path, each = ([one for one in known if one[1][2]] or known)[-1]
    if chart.elsewhere:
        return chart.at(path), (1, 1)
    return chart.at(path), (int(each[2] or 0), int(each[3] or 0))


def _without_paths(text: str) -> str:
    """The text without paths of this machine: those of the scratch folder, and any other from a root."""
    return re.sub(r"(?<![\w./:<-])/(?:[\w.@+-]+/)+(?=[\w.@+-])", "", text)


def _line(chart: Chart, path: str, start: str) -> tuple[int, int]:
    lines = chart.files.get(path, b"").decode("utf-8", "replace").splitlines()
    return next(((n, 1) for n, line in enumerate(lines, 1) if line.startswith(start)), (1, 1))
