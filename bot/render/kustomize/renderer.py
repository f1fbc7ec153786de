"""The renderer `kustomize`: what the operator's program builds of a folder, in the jail, from what `reads` names."""

import asyncio
import posixpath
from collections.abc import Mapping
from dataclasses import replace

from bot.errors import ProgramError, RenderError
from bot.jail import Done, Jail
from bot.model.environment import Source
from bot.model.finding import Finding
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Elsewhere, Tree
from bot.render.helm.dated import SHOWN, asking
from bot.render.helm.steady import doubts, moved
from bot.render.kustomize.cache import Cache, key_of
from bot.render.kustomize.explain import explained, unreadable, without_machine
from bot.render.kustomize.facts import Rules
from bot.render.kustomize.given import inflated
from bot.render.kustomize.ground import joined
from bot.render.kustomize.kustomization import FILES
from bot.render.kustomize.layout import lay_out
from bot.render.kustomize.moved import with_charts
from bot.render.kustomize.options import KustomizeOptions
from bot.render.kustomize.output import Traced, applied, resources
from bot.render.kustomize.program import Builder, Toolchain, arguments_of
from bot.render.kustomize.scratch import Scratch
from bot.render.kustomize.tracing import traceable
from bot.render.kustomize.walk import Walk, Walker
from bot.render.manifests import problem, shown, shown_path
from bot.render.plain import first, located, pointers

__all__ = ["Kustomize"]

PROOF = "the clock was moved, and dates were looked at"
"""What an output of charts was put to before it was kept: in its key, so that another proof asks for a new build."""


class Kustomize:
    """Builds a folder that has a kustomization file, with the operator's kustomize (or `kubectl kustomize`).

    Everything is refused before the program starts that leaves the repository, is a link, comes from elsewhere without
    being pinned and allowed, or is a program itself. `programs` are kustomize and kubectl, by name or path; the second
    is used where the first is missing.
    """

    name = "kustomize"

    def __init__(self, jail: Jail, programs: tuple[str, str], options: KustomizeOptions) -> None:
        self._builder = Builder(jail, programs, options)
        self._walker = Walker(Rules(bases=options.bases, inflate=options.inflate))
        self._scratch = Scratch(options.scratch, options.room)
        self._cache = Cache(options.kept, options.store, options.stored)

    def claims(self, tree: Tree, source: Source) -> bool:
        """Whether the folder has a kustomization file."""
        folder = joined("", source.path or ".")
        return folder is not None and any(posixpath.join(folder, each) in tree.entries for each in FILES)

    def reads(self, tree: Tree, source: Source) -> frozenset[str]:
        """Every file that the build reads, and the names whose coming would change it; nothing without a source."""
        if not self.claims(tree, source):
            return frozenset()
        return frozenset(self._walk(tree, source).reads)

    def needs(self, tree: Tree, source: Source) -> frozenset[Elsewhere]:
        """The remote bases. RenderError: something that can never be rendered as it is."""
        if not self.claims(tree, source):
            return frozenset()
        walk = self._walk(tree, source)
        if walk.problems:
            raise RenderError(first(distinct(walk)))
        return frozenset(walk.needs)

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        """What the program builds. RenderError: what is wrong; of level `unknown` where it could not be found out."""
        walk = self.ready(tree, source)
        file = next(path for where, path in walk.builds if where is None)
        try:
            return await self._render(tree, walk, file, kubernetes)
        except ProgramError as error:
            raise RenderError([unknown(str(error), file)]) from None

    def ready(self, tree: Tree, source: Source) -> Walk:
        """The walk of a render that may begin. RenderError: it may not."""
        folder = located(tree, source)
        if folder in tree.entries:
            message = f"source {shown(source.path)} is a file; kustomize builds a folder"
            raise RenderError([problem(message, "name the folder that it is in", path=shown_path(folder))])
        walk = self._walk(tree, source)
        problems = distinct(walk)
        own = {path for where, path in walk.files | walk.unread if where is None}
        for path in sorted(tree.missing(frozenset(own))):
            message = f"{shown_path(path)} was not loaded"
            problems.append(problem(message, "try again; the file is in git but was not read", path=shown_path(path)))
        for each in sorted(walk.needs - tree.elsewhere.keys(), key=lambda each: (each.url, each.revision)):
            route = walk.routes[each]
            message = f"{each.url} at {each.revision[:7]} was not fetched"
            problems.append(problem(message, "try again", path=shown_path(route.file), place=route.line))
        if problems:
            raise RenderError(first(problems))
        files = sorted(walk.files, key=lambda each: each[1])
        if problems := list(pointers((path, origin(tree, where).read(path)) for where, path in files)):
            raise RenderError(first(problems))
        return walk

    async def _render(self, tree: Tree, walk: Walk, file: str, kubernetes: Kubernetes) -> Rendered:
        tools = await self._builder.toolchain(bool(walk.charts))
        layout = lay_out(tree, walk, posixpath.dirname(file), traceable(tree, walk), kubernetes)
        arguments = arguments_of(tools, walk.pins, kubernetes)
        proof = (PROOF,) if tools.helm else ()
        key = key_of((*tools.names, *arguments, *proof, layout.folder, *map(str, layout.others.items())), layout.files)
        # lines are those of the repository's own files, which may move while the program is given the same
        lines = key_of((key,), layout.own)
        if found := self._cache.rendered(lines):
            return found
        traced = Traced(tree=tree, walk=walk, layout=layout, file=file)
        output = self._cache.output(key)
        if output is None:
            output = await self._build(traced, tools, arguments)
            self._cache.store(key, output)
        made, notices = resources(output, traced)
        rendered = Rendered(resources=made, tools=tools.names, notices=notices)
        self._cache.remember(lines, rendered, output)
        return rendered

    async def _build(self, traced: Traced, tools: Toolchain, arguments: tuple[str, ...]) -> bytes:
        layout, file = traced.layout, traced.file
        with self._scratch.laid_out(layout.files, ("scratch",) if tools.helm else ()) as run:
            done = await self._builder.build(run, layout, tools, arguments)
            if done.status:
                text = without_machine(done.errors.decode("utf-8", "replace"), str(run), layout, tools.programs)
                broken = unreadable(traced.tree, traced.walk)
                raise RenderError(broken or [explained(text, traced.tree, traced.walk, file)])
        if tools.helm:
            await self._prove(traced, tools, arguments, done.output)
        return done.output

    async def _prove(self, traced: Traced, tools: Toolchain, arguments: tuple[str, ...], output: bytes) -> None:
        """Build it again, with other clocks. RenderError: something else comes out, by the charts alone."""

        async def again(others: Mapping[bytes, bytes]) -> Done:
            files = await asyncio.to_thread(with_charts, traced.layout, traced.walk, others)
            with self._scratch.laid_out(files, ("scratch",)) as run:
                return await self._builder.build(run, traced.layout, tools, arguments)

        doubt = await asyncio.to_thread(doubts, inflated(traced.tree, traced.walk))
        later = (await again(moved(doubt))).output
        steady = later == output or applied(later, traced) == applied(output, traced)
        if steady and doubt.dates:
            shown = await again(SHOWN)
            steady = not shown.status and asking(shown.output) is None
        if not steady:
            file = shown_path(traced.file)
            fix = "give the chart fixed values in place of what it makes up (randAlphaNum, now, genCA …)"
            raise RenderError([problem(f"{file} does not render the same twice", fix, path=file, place=(1, 1))])

    def _walk(self, tree: Tree, source: Source) -> Walk:
        return self._walker.walk(tree, joined("", source.path or ".") or "")


def origin(tree: Tree, where: Elsewhere | None) -> Tree:
    """This tree, or another repository's."""
    return tree if where is None else tree.elsewhere[where]


def distinct(walk: Walk) -> list[Finding]:
    """The problems of a walk, each told once: a base may be reached by many ways."""
    return list(dict.fromkeys(walk.problems))


def unknown(message: str, file: str) -> Finding:
    """A build that gave no answer."""
    made = problem(f"{shown_path(file)} could not be built: {message}", UNKNOWN, path=shown_path(file), place=(1, 1))
    return replace(made, level="unknown")


UNKNOWN = "a server tries again by itself; if it stays so, look at its programs and limits"
