"""The renderer itself: gather the chart, run Helm (again where something may differ), read what it printed."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from bot.errors import DocumentError, ProgramError, RenderError
from bot.jail import Done, Jail, Program
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Elsewhere, Tree
from bot.render.bounded import Bounded
from bot.render.helm.changed import changed
from bot.render.helm.chart import Chart, gather, named, within
from bot.render.helm.dated import SHOWN, asking
from bot.render.helm.explain import PLACE, explained, unreadable
from bot.render.helm.options import HelmOptions, chosen, default_release
from bot.render.helm.output import Output
from bot.render.helm.program import Runner, arguments, laid_out
from bot.render.helm.read import rendered
from bot.render.helm.schema import refuse_remote
from bot.render.helm.scratch import Scratch, content_key
from bot.render.helm.steady import doubts, moved, refusal, unequal
from bot.render.manifests import problem
from bot.render.plain import BUILD_FILES, located

__all__ = ["Helm"]


class Helm:
    """Renders the chart at the source's path, or the one that `options.chart` names, with the operator's `helm`.

    Helm is given only what was read from git or fetched, pinned by its digest: no network, no cluster, no plugin. What
    does not render the same twice is refused, since what was approved could not be what is applied.
    """

    name = "helm"

    def __init__(self, jail: Jail, program: str, options: HelmOptions) -> None:
        """`program` is found when it is first needed, by its name on PATH or by its path."""
        self._options = options
        self._scratch = Scratch(options.scratch)
        self._runner = Runner(jail, program, options, self._scratch)
        self._results: Bounded[str, bytes] = Bounded(options.kept)

    def claims(self, tree: Tree, source: Source) -> bool:
        """Whether there is a chart, or options, which are Helm's alone, so that none is ever ignored."""
        folder = within(source) + "/" if within(source) else ""
        built = any(folder + name in tree.entries for name in BUILD_FILES)
        return bool(source.options) or (folder + "Chart.yaml" in tree.entries and not built)

    def reads(self, tree: Tree, source: Source) -> frozenset[str]:
        """The chart's whole folder and the files of values; nothing where it cannot be used."""
        try:
            located(tree, source)
            return named(tree, source, chosen(source, self._options.charts))
        except RenderError:
            return frozenset()

    def needs(self, tree: Tree, source: Source) -> frozenset[Elsewhere]:
        """The chart from elsewhere, if there is one. RenderError: not pinned, or from where it may not come."""
        del tree
        chart = chosen(source, self._options.charts).chart
        return frozenset({chart} if chart else ())

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        """What `helm template` prints, without hooks. RenderError: as Helm says, at the template's line."""
        choice = chosen(source, self._options.charts)
        chart = await asyncio.to_thread(gather, tree, source, choice)
        refuse_remote(chart)
        release = choice.release or default_release(source, chart.name)
        program = await self._runner.program()
        output = await self._output(chart, arguments(chart, choice, release, kubernetes), program)
        return await asyncio.to_thread(rendered, chart, output, (self._runner.tool,))

    async def _output(self, chart: Chart, arguments: tuple[str, ...], program: Program) -> bytes:
        """What Helm prints, remembered by the content of every file, the program's digest and the arguments."""
        files = laid_out(chart)
        content = await asyncio.to_thread(content_key, files)
        key = hashlib.sha256(json.dumps([content, program.digest, *arguments]).encode()).hexdigest()
        output = self._results.get(key)
        if output is None:
            output = await self._proved(chart, files, content, arguments)
            self._results.put(key, output, len(output))
        return output

    async def _proved(self, chart: Chart, files: dict[str, bytes], content: str, arguments: tuple[str, ...]) -> bytes:
        """What Helm prints, if it would print it again."""
        doubt = await asyncio.to_thread(doubts, chart)
        folder = await self._folder(chart, files, content)
        if not doubt.any:
            return answer(chart, await self._runner.run(arguments, folder))
        again = folder
        if doubt.clock:
            later = await asyncio.to_thread(changed, files, moved(doubt))
            again = await self._folder(chart, later, content_key(later))
        first, second = await asyncio.gather(*(self._runner.run(arguments, each) for each in (folder, again)))
        output = answer(chart, first)
        if second.status:
            raise failed(chart, second)
        try:
            error = await asyncio.to_thread(unequal, chart, output, second.output)
        except DocumentError as fault:
            raise RenderError([unreadable(chart, Output(output).source(fault.line), fault)]) from None
        if error:
            raise error
        if doubt.dates:
            await self._date(chart, files, arguments)
        return output

    async def _date(self, chart: Chart, files: dict[str, bytes], arguments: tuple[str, ...]) -> None:
        """Look at what the chart's dates are made of. RenderError: one of them is today's."""
        shown = await asyncio.to_thread(changed, files, SHOWN)
        done = await self._runner.run(arguments, await self._folder(chart, shown, content_key(shown)))
        if done.status:
            raise failed(chart, done)
        if (source := asking(done.output)) is not None:
            raise refusal(chart, source)

    async def _folder(self, chart: Chart, files: dict[str, bytes], content: str) -> Path:
        """Where Helm finds these files. RenderError, level `unknown`: the disk does not take one of them."""
        try:
            return await asyncio.to_thread(self._scratch.holding, files, content)
        except ProgramError as error:
            fix = "shorten the names of the chart's files; if that does not help, look at the server's disk"
            found = problem(f"the chart could not be rendered: {error}", fix, path=chart.at("Chart.yaml"))
            raise RenderError([replace(found, level="unknown")]) from None


def answer(chart: Chart, done: Done) -> bytes:
    """The output of a run that went well. RenderError: it did not."""
    if done.status:
        raise explained(chart, done.errors)
    return done.output


def failed(chart: Chart, done: Done) -> RenderError:
    """The refusal of a chart that does not render with another clock, or without one."""
    named = PLACE.search(done.errors.decode("utf-8", "replace"))
    return refusal(chart, named[1] if named else f"{chart.name}/Chart.yaml")
