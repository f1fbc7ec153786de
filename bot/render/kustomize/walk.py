"""The walk: from a kustomization through everything that it builds on, over names and the files loaded so far.

It is pure. What is not loaded yet is named in `reads`, and the walk goes on there when it is asked again.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.finding import Finding
from bot.model.tree import Elsewhere, Entry, Tree
from bot.render.kustomize.charts import charts
from bot.render.kustomize.facts import Facts, Far, Finder, Folder, Rules, find
from bot.render.kustomize.ground import Ground
from bot.render.kustomize.kustomization import FILES, Kustomization, read
from bot.render.kustomize.plugins import configured
from bot.render.manifests import problem, shown_path

__all__ = ["Route", "Walk", "Walker"]

GROUNDS = 8  # trees whose names are remembered
MOST_FOLDERS = 5000

Key = tuple[Elsewhere | None, str]
"""A path, in this repository (None) or in another."""


@dataclass(frozen=True)
class Route:
    """Where the repository itself refers to what is being walked: the file and the place in it."""

    file: str
    line: tuple[int, int]


@dataclass
class Walk:
    """What was found. `builds` are the kustomization files by the way that led there, in the order they were met.

    `plugins` are files that configure plugins, `changes` those that may change such a configuration (a patch of it),
    `values` those that charts are given.
    """

    reads: set[str] = field(default_factory=set)
    files: set[Key] = field(default_factory=set)
    builds: dict[Key, Route | None] = field(default_factory=dict)
    objects: list[Key] = field(default_factory=list)
    plugins: set[Key] = field(default_factory=set)
    changes: set[Key] = field(default_factory=set)
    far: dict[Key, list[Far]] = field(default_factory=dict)
    needs: set[Elsewhere] = field(default_factory=set)
    routes: dict[Elsewhere, Route] = field(default_factory=dict)
    charts: list[Key] = field(default_factory=list)
    values: set[Key] = field(default_factory=set)
    pins: set[str] = field(default_factory=set)
    unread: set[Key] = field(default_factory=set)
    problems: list[Finding] = field(default_factory=list)


class Walker:
    """Walks trees by one set of rules, and remembers what it found out about their folders."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._grounds: dict[int, tuple[Mapping[str, Entry], Ground, dict[tuple[str, str, bytes], Facts]]] = {}

    def walk(self, tree: Tree, source: str) -> Walk:
        """Everything that a build of the folder `source` reads, as far as the loaded files tell."""
        work = Work(self, tree)
        work.start(source)
        return work.walk

    def ground(self, tree: Tree) -> tuple[Ground, dict[tuple[str, str, bytes], Facts]]:
        """The names of a tree, and what is known of its folders."""
        entries = tree.entries
        found = self._grounds.get(id(entries))
        if found is None:
            # the entries are kept beside what was made of them, so that no other mapping gets their identity
            found = (entries, Ground(entries), {})
            self._grounds[id(entries)] = found
            while len(self._grounds) > GROUNDS:
                self._grounds.pop(next(iter(self._grounds)))
        return found[1], found[2]

    def facts(self, tree: Tree, folder: str, file: str, data: bytes, kind: str) -> Facts:
        """What a file refers to, from `folder`; looked up once for the same file of the same tree."""
        ground, known = self.ground(tree)
        key = (folder, file + kind, data)
        if key not in known:
            known[key] = self._find(ground, folder, file, data, kind)
        return known[key]

    def _find(self, ground: Ground, folder: str, file: str, data: bytes, kind: str) -> Facts:
        if kind == "plugin":
            return self._plugins(ground, folder, file, data)
        build = read(data)
        finder = Finder(
            ground=ground, rules=self._rules, folder=folder, file=file, line=build.line, facts=Facts()
        )  # fmt: skip
        facts = find(finder, build.references, charts(build.value))
        for at, text in build.inline:
            inner = configured(text.encode())
            here = lambda _, at=at: build.line(at)  # noqa: E731
            nested = Finder(ground=ground, rules=self._rules, folder=folder, file=file, line=here, facts=facts)
            for _, flaw in inner.flaws:
                nested.wrong(at, f"{at[0]}[{at[1]}]", flaw)
            find(nested, inner.references, inner.charts)
        return facts

    def _plugins(self, ground: Ground, folder: str, file: str, data: bytes) -> Facts:
        inner = configured(data)
        finder = Finder(ground=ground, rules=self._rules, folder=folder, file=file, line=inner.line, facts=Facts())
        for at, flaw in inner.flaws:
            finder.wrong(at, file, flaw)
        return find(finder, inner.references, inner.charts)


class Work:
    """One walk."""

    def __init__(self, walker: Walker, tree: Tree) -> None:
        self.walker, self.tree, self.walk = walker, tree, Walk()
        self._seen: set[tuple[Elsewhere | None, str, str | None]] = set()
        self._waiting: list[tuple[Elsewhere | None, str, str | None, Route | None]] = []

    def start(self, source: str) -> None:
        """Walk from the folder that an environment names."""
        self._waiting.append((None, source, None, None))
        while self._waiting:
            where, folder, owner, route = self._waiting.pop()
            if (where, folder, owner) in self._seen:
                continue
            self._seen.add((where, folder, owner))
            if len(self._seen) > MOST_FOLDERS:
                self.wrong(None, source, "builds on more folders than are read", "build on fewer", route)
                return
            self.visit(where, folder, owner, route)

    def visit(self, where: Elsewhere | None, folder: str, owner: str | None, route: Route | None) -> None:
        """One folder. `owner` is the folder of the kustomization that its objects configure plugins of."""
        tree = self.tree if where is None else self.tree.elsewhere.get(where)
        if tree is None:
            return
        ground, _ = self.walker.ground(tree)
        names = [posixpath.join(folder, each) for each in FILES]
        if where is None:
            self.walk.reads.update(names)
        builds = [each for each in names if each in tree.entries]
        if link := ground.link(builds[0] if builds else folder):
            self.wrong(where, link[0], f"is {link[1]}", "commit the files themselves", route)
        elif len(builds) != 1:
            what = "holds two kustomization files" if builds else "has no kustomization file"
            self.wrong(where, folder, what, "keep exactly one kustomization.yaml there", route)
        elif (data := self.data(tree, where, builds[0])) is not None:
            self.build(where, folder, owner, (builds[0], data, route))

    def data(self, tree: Tree, where: Elsewhere | None, path: str) -> bytes | None:
        """The content of a file, if it was loaded."""
        found = tree.blobs.get(tree.entries[path].blob)
        if found is None:
            self.walk.unread.add((where, path))
        return found

    def build(
        self, where: Elsewhere | None, folder: str, owner: str | None, build: tuple[str, bytes, Route | None]
    ) -> None:
        """A kustomization file and all that it refers to."""
        file, data, route = build
        tree = self.tree if where is None else self.tree.elsewhere[where]
        self.walk.builds.setdefault((where, file), route)
        self.walk.files.add((where, file))
        value: Kustomization = read(data)
        if value.wrong:
            self.wrong(where, file, value.wrong, "correct the file", route, value.place)
            return
        facts = self.walker.facts(tree, folder, file, data, "build")
        self.take(where, file, facts, route)
        self.walk.objects += [(where, each) for each in facts.objects]
        self.plugins(where, folder, facts.plugins, route)
        if owner is not None:
            self.walk.changes |= {(where, each) for each in (file, *facts.files)}
            self.plugins(where, owner, facts.objects, route)
        for each in facts.folders:
            self.follow(where, folder, each, owner, route)
        for far in facts.far:
            self.reach(file, far, owner, route)

    def follow(
        self, where: Elsewhere | None, folder: str, each: Folder, owner: str | None, route: Route | None
    ) -> None:
        """Another folder of the same repository."""
        self._waiting.append((where, each.path, folder if each.plugin else owner, route))

    def reach(self, file: str, far: Far, owner: str | None, route: Route | None) -> None:
        """A folder of another repository."""
        here = route or Route(file, far.line)
        self.walk.needs.add(far.repository)
        self.walk.routes.setdefault(far.repository, here)
        if far.plugin or owner is not None:
            message = "configures plugins from another repository"
            self.wrong(None, here.file, message, "commit the configuration to this repository", here, here.line)
            return
        self._waiting.append((far.repository, far.folder, None, here))

    def plugins(self, where: Elsewhere | None, owner: str, files: list[str], route: Route | None) -> None:
        """Files whose documents configure plugins of the kustomization in `owner`."""
        tree = self.tree if where is None else self.tree.elsewhere[where]
        for path in files:
            if (data := self.data(tree, where, path)) is not None:
                self.walk.plugins.add((where, path))
                inner = configured(data)
                if inner.wrong:
                    self.wrong(where, path, inner.wrong, "correct the file", route, inner.place)
                facts = self.walker.facts(tree, owner, path, data, "plugin")
                self.take(where, path, facts, route)

    def take(self, where: Elsewhere | None, file: str, facts: Facts, route: Route | None) -> None:
        """What a file's facts add to the walk."""
        walk = self.walk
        if where is None:
            walk.reads |= facts.reads
        walk.files |= {(where, each) for each in facts.files}
        walk.charts += [(where, each) for each in facts.charts]
        walk.values |= {(where, each) for each in facts.values if each in facts.files}
        walk.pins |= facts.pins
        if facts.far:
            walk.far[(where, file)] = facts.far
        if route is None:
            walk.problems += facts.problems
        else:
            for each in facts.problems:
                self.wrong(where, each.path, each.message, each.fix, route)

    def wrong(
        self, where: Elsewhere | None, subject: str, what: str, fix: str, route: Route | None,
        place: tuple[int, int] = (1, 1),
    ) -> None:  # fmt: skip
        """A problem: at its place in this repository, or where this repository refers to the other one."""
        if where is None or route is None:
            self.walk.problems.append(
                problem(f"{shown_path(subject)} {what}", fix, path=shown_path(subject), place=place)
            )
            return
        message = f"{shown_path(subject)} of {where.url} at {where.revision[:7]}: {what}"
        self.walk.problems.append(problem(message, fix, path=shown_path(route.file), place=route.line))
