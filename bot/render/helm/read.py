"""From what Helm printed to resources at their templates, with the hooks kept apart."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from bot.errors import DocumentError, RenderError
from bot.model.finding import Finding
from bot.model.resource import Rendered, Resource
from bot.render.helm.chart import Chart
from bot.render.helm.explain import unreadable
from bot.render.helm.hooks import hook, left_out
from bot.render.helm.origin import InTemplate, Template, file_of
from bot.render.helm.output import Output, Printed, is_crd, is_hook
from bot.render.manifests import problem, resources_of, shown
from bot.render.plain import duplicates, first

__all__ = ["rendered"]


def rendered(chart: Chart, data: bytes, tools: tuple[str, ...]) -> Rendered:
    """The resources of an output. RenderError: all that is wrong with it; an output without an object is, too."""
    output = Output(data)
    try:
        printed = list(output.documents())
    except DocumentError as error:
        raise RenderError([unreadable(chart, output.source(error.line), error)]) from None
    hooks = [hook(each.value, chart.at(file_of(chart, each.source))) for each in printed if is_hook(each)]
    lines = data.decode("utf-8", "replace").split("\n")
    results = [each for one in once(printed) if not is_hook(one) for each in _resources(chart, one, lines)]
    resources = [each for each in results if isinstance(each, Resource)]
    problems = [each for each in results if isinstance(each, Finding)]
    problems += duplicates(resources)
    if not results:
        message = f"the chart {shown(chart.name)} renders to no object; an empty environment is never applied"
        fix = "look at the conditions in its templates, and at the values that it is given"
        problems.append(problem(message, fix, path=chart.at("Chart.yaml")))
    if problems:
        raise RenderError(first(problems))
    return Rendered(resources=tuple(resources), tools=tools, notices=tuple(left_out(hooks)))


def once(printed: Sequence[Printed]) -> Iterator[Printed]:
    """What was printed, without files of `crds/` that are there again, since Helm creates what is not there yet.

    Every chart that needs a definition may bring it along, and so does each alias of such a chart.
    """
    seen: dict[str, list[Any]] = {}
    for each in printed:
        if is_crd(each) and isinstance(each.value, dict):
            same = seen.setdefault(str(each.value.get("metadata")), [])
            if each.value in same:
                continue
            same.append(each.value)
        yield each


def _resources(chart: Chart, printed: Printed, lines: Sequence[str]) -> Iterator[Resource | Finding]:
    """The resources of one document, at the template's lines where it is in the repository."""
    file = file_of(chart, printed.source)
    line, locate = 1, _at_the_top
    if chart.elsewhere is None and file != "Chart.yaml" and not file.endswith(("tgz", ".tar.gz")):
        template = _template(chart.files[file])
        end = next((n for n in range(printed.line, len(lines)) if lines[n].startswith("---")), len(lines))
        own = lines[printed.line - 1 : end]
        span = template.span(own)
        line, locate = span[0], InTemplate(printed.locate, printed.line, own, template.lines, span)
    yield from resources_of(chart.at(file), printed.value, line, locate)


@lru_cache(maxsize=64)
def _template(data: bytes) -> Template:
    """A template; its documents share its lines, also on their way to another process."""
    return Template(tuple(data.decode("utf-8", "replace").split("\n")))


def _at_the_top(path: tuple[str | int, ...]) -> tuple[int, int]:
    """`bot.model.resource.Locate` of what has no template in the repository."""
    del path
    return 1, 1
