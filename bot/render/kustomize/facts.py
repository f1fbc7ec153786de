"""What one kustomization (or one file that configures plugins) refers to, held against the names of its tree."""

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.model.finding import Finding
from bot.model.noun import noun
from bot.model.tree import Elsewhere
from bot.render.kustomize.charts import NO_INFLATION, Chart
from bot.render.kustomize.ground import Ground, joined
from bot.render.kustomize.kustomization import FILES, Path, Reference
from bot.render.kustomize.remote import Flaw, is_url, pinned, remote
from bot.render.manifests import problem, shown, shown_path

__all__ = ["Facts", "Far", "Folder", "Rules", "find"]

OUTSIDE = "leaves the repository"


@noun
class Rules:
    """What the server allows: remote bases from these URLs, and charts that are in the repository."""

    bases: tuple[str, ...]
    inflate: bool


@noun
class Folder:
    """A folder with a kustomization that another one builds on. `plugin`: its objects configure plugins."""

    path: str
    plugin: bool = False


@noun
class Far:
    """The same in another repository, and where it is referred to."""

    repository: Elsewhere
    folder: str
    at: Path
    line: tuple[int, int]
    plugin: bool = False


@dataclass
class Facts:
    """What was found. `reads` are paths of the tree, also of what is not there; `files` those that a build reads.

    `plugins` are files whose documents configure plugins, `objects` those that hold objects or may, `values` those
    that charts are given.
    """

    reads: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    objects: list[str] = field(default_factory=list)
    plugins: list[str] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    far: list[Far] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    values: set[str] = field(default_factory=set)
    pins: set[str] = field(default_factory=set)
    problems: list[Finding] = field(default_factory=list)


@noun
class Finder:
    """Looks references up: `folder` is the one that they are relative to, `file` the file that they stand in."""

    ground: Ground
    rules: Rules
    folder: str
    file: str
    line: Callable[[Path], tuple[int, int]]
    facts: Facts

    def wrong(self, at: Path, subject: str, flaw: Flaw) -> None:
        """Something cannot be used, and this is where it stands."""
        message = f"{shown(subject)} {flaw.wrong}"
        self.facts.problems.append(problem(message, flaw.fix, path=shown_path(self.file), place=self.line(at)))

    def reference(self, each: Reference) -> None:
        """Look one reference up."""
        if is_url(each.text) or (each.use != "file" and remote(each.text) and not self.is_file(each)):
            self.elsewhere(each)
            return
        path = self.path(each)
        if path is None:
            return
        if self.ground.is_file(path) and each.use != "folder":
            self.take_file(path, each)
        elif each.use != "file" and self.ground.builds(path):
            self.facts.folders.append(Folder(path=path, plugin=each.use == "plugin"))
        else:
            self.absent(path, each)

    def is_file(self, each: Reference) -> bool:
        """Whether there is a file of that name: only where there is none, kustomize looks for another repository."""
        path = joined(self.folder, each.text) if each.use != "folder" else None
        return path is not None and self.ground.is_file(path)

    def path(self, each: Reference) -> str | None:
        """The path in this tree that is meant; None: there is none that may be used."""
        path = None if "\0" in each.text else joined(self.folder, each.text)
        if path is None:
            what = "is an absolute path" if each.text.startswith("/") else OUTSIDE
            fix = "write a path relative to this file, to something in the repository"
            self.wrong(each.at, each.text, Flaw(wrong=what, fix=fix))
            return None
        if link := self.ground.link(path):
            self.facts.reads.add(link[0])
            same = link[0] == path
            subject = f"{each.text} is" if same else f"{each.text} leads through {link[0]},"
            self.wrong(each.at, subject, Flaw(wrong=link[1], fix="commit the files themselves"))
            return None
        return path

    def take_file(self, path: str, each: Reference) -> None:
        """A file: kustomize reads none that is not in or below the folder of its kustomization."""
        self.facts.reads.add(path)
        if self.folder and not path.startswith(self.folder + "/"):
            what = "is outside of the kustomization's folder, where kustomize reads no single file"
            fix = "move it below the folder, or make its folder a kustomization and name that"
            self.wrong(each.at, each.text, Flaw(wrong=what, fix=fix))
            return
        self.facts.files.add(path)
        if each.use == "either":
            self.facts.objects.append(path)
        elif each.use == "plugin":
            self.facts.plugins.append(path)

    def absent(self, path: str, each: Reference) -> None:
        """There is no such thing; it is named all the same, so that its coming is noticed."""
        self.facts.reads.add(path)
        if each.use != "file":
            self.facts.reads.update(posixpath.join(path, name) for name in FILES)
        if self.ground.is_file(path):
            flaw = Flaw(wrong="is a file, where a folder is expected", fix="name a folder with a kustomization file")
        elif self.ground.is_folder(path):
            what = "is a folder without a kustomization file" if each.use != "file" else "is a folder"
            fix = "add a kustomization.yaml to it" if each.use != "file" else "name a file"
            flaw = Flaw(wrong=what, fix=fix)
        else:
            near = self.ground.near_file(path)
            if near is None and each.use != "file":
                near = self.ground.near_folder(path, self.folder)
            relative = posixpath.relpath(near, self.folder or ".") if near else ""
            fix = f"did you mean {shown(relative)}?" if near else "correct the path, or commit the file"
            flaw = Flaw(wrong="does not exist", fix=fix)
        self.wrong(each.at, each.text, flaw)

    def elsewhere(self, each: Reference) -> None:
        """Something outside the repository: a base at a commit, or nothing that may be used."""
        found = pinned(each.text, self.rules.bases if each.use != "file" else ())
        if each.use == "file":
            what = "is a file of another server, which cannot be pinned: it may be another one at any time"
            found = Flaw(wrong=what, fix="commit the file to the repository and name it by its path")
        if isinstance(found, Flaw):
            self.wrong(each.at, each.text, found)
            return
        repository, folder = found
        plugin, place = each.use == "plugin", self.line(each.at)
        far = Far(repository=repository, folder=joined("", folder) or "", at=each.at, line=place, plugin=plugin)
        self.facts.far.append(far)

    def chart(self, each: Chart) -> None:
        """A chart: every file of its folder is read."""
        for at, flaw in each.flaws:
            self.wrong(at, f"the chart {each.name}" if at == each.at else "the value", flaw)
        if not self.rules.inflate:
            self.wrong(each.at, f"the chart {each.name}", NO_INFLATION)
            return
        path = self.path(Reference(use="folder", text=each.folder, at=each.at))
        if path is None or each.flaws:
            return
        files = list(self.ground.under(path))
        self.facts.reads.update(entry.path for entry in files)
        self.facts.reads.add(posixpath.join(path, "Chart.yaml"))
        if not self.ground.is_file(posixpath.join(path, "Chart.yaml")):
            fix = "commit the chart's files to that folder; a chart is never downloaded for a kustomization"
            self.wrong(each.at, f"the chart {each.name}", Flaw(wrong=f"is not at {shown_path(path)}", fix=fix))
            return
        for entry in files:
            if link := self.ground.link(entry.path):
                self.wrong(each.at, f"{entry.path} of the chart is", Flaw(wrong=link[1], fix="commit the file itself"))
        self.facts.files.update(entry.path for entry in files)
        self.facts.charts.append(path)
        self.facts.pins |= each.pins
        for reference in each.values:
            self.reference(reference)
            self.facts.values.add(joined(self.folder, reference.text) or "")


def find(finder: Finder, references: Iterable[Reference], charts: Iterable[Chart]) -> Facts:
    """Everything that these refer to."""
    for each in references:
        finder.reference(each)
    for inflated in charts:
        finder.chart(inflated)
    return finder.facts
