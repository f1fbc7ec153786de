"""The renderer `plain`: the manifests of a folder as they stand, nothing added and nothing left out."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence, Sized
from difflib import get_close_matches

from bot.document import load_documents, load_json
from bot.errors import DocumentError, RenderError, TreeError
from bot.model.environment import CONFIGURATION, Source
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.resource import Rendered, Resource, ResourceId
from bot.model.tree import Elsewhere, Entry, Tree
from bot.render.manifests import problem, resources_of, shown, shown_path

__all__ = ["Plain"]

MANIFESTS = (".yaml", ".yml", ".json")
BUILD_FILES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
LINKS = {"120000": "a symbolic link, which is never followed", "160000": "a submodule, which is never fetched"}
POINTER = b"version https://git-lfs.github.com/spec/"
MOST = 100  # problems that are told at once


class Plain:
    """Reads every `.yaml`, `.yml` and `.json` file below the source, in order of path.

    Kustomize's own build files are skipped wherever they are, and so is the repository's `tidegate.yaml`.
    A symbolic link or a submodule is refused, so that nothing is missing unnoticed. The source may also be one file.
    Characters of a path that do not print are escaped in origins and findings.
    """

    name = "plain"

    def claims(self, tree: Tree, source: Source) -> bool:
        """Whether no other tool builds this folder. A path that is not there is claimed, since `render` explains it."""
        path = posixpath.normpath(source.path or ".")
        folder = "" if path == "." else path + "/"
        return not any(folder + name in tree.entries for name in (*BUILD_FILES, "Chart.yaml"))

    def reads(self, tree: Tree, source: Source) -> frozenset[str]:
        """The manifests below the source, and the links that make it fail; nothing where it cannot be used."""
        try:
            return frozenset(each.path for each in chosen(tree, located(tree, source)))
        except RenderError:
            return frozenset()

    def needs(self, tree: Tree, source: Source) -> frozenset[Elsewhere]:
        """Nothing: a folder of manifests is whole."""
        del tree, source
        return frozenset()

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        """The objects of all manifests. RenderError: all problems of all files, the first 100 of them in full."""
        del kubernetes  # a manifest is what it is, whatever it is meant for
        return self.build(tree, source)

    def build(self, tree: Tree, source: Source) -> Rendered:
        """What `render` answers; reading YAML takes the processor's time, about a second for 2 MB."""
        path = located(tree, source)
        entries = chosen(tree, path)
        results = [each for entry in entries for each in read(tree, entry)]
        resources = [each for each in results if isinstance(each, Resource)]
        problems = [each for each in results if isinstance(each, Finding)]
        problems += duplicates(resources)
        if not results:
            problems.append(nothing(path, entries))
        if problems:
            raise RenderError(first(problems))
        return Rendered(resources=tuple(resources), tools=("plain 1",))

    def pieces(self, tree: Tree, source: Source) -> tuple[str, ...]:
        """See `Piecewise`."""
        return tuple(each.path for each in chosen(tree, located(tree, source)))

    def piece(self, tree: Tree, path: str) -> Iterable[Resource | Finding]:
        """See `Piecewise`."""
        return read(tree, tree.entries[path])

    def across(self, source: Source, resources: Sequence[Resource]) -> Sequence[Finding]:
        """See `Piecewise`: objects that are defined twice."""
        del source
        return tuple(duplicates(resources))

    def nothing(self, tree: Tree, source: Source) -> Sequence[Finding]:
        """See `Piecewise`."""
        path = located(tree, source)
        return (nothing(path, chosen(tree, path)),)


def located(tree: Tree, source: Source) -> str:
    """The source's path in its simplest form ("" is the repository itself). RenderError: there is no such place."""
    path = posixpath.normpath(source.path or ".")
    if path.startswith(("/", "..")) and path.split("/")[0] in ("", ".."):
        message = f"source {shown(source.path)} is outside the repository"
        raise RenderError([problem(message, "write a path relative to the repository's root", path=CONFIGURATION)])
    path = "" if path == "." else path
    parts = path.split("/")
    for above in ("/".join(parts[:count]) for count in range(1, len(parts) + 1)):
        if above in tree.entries and (link := LINKS.get(tree.entries[above].mode)):
            raise RenderError(
                [problem(f"{shown(above)} is {link}", "commit the files themselves", path=shown_path(above))]
            )
    if not tree.has(path):
        raise RenderError([absent(tree, path)])
    if path in tree.entries and not path.endswith(MANIFESTS):
        message = f"source {shown(path)} is a file, but no manifest"
        raise RenderError([problem(message, "name a folder, or a .yaml, .yml or .json file", path=shown_path(path))])
    return path


def absent(tree: Tree, path: str) -> Finding:
    """The source is not there: say which folder was probably meant."""
    folders = {posixpath.dirname(each) for each in tree.entries}
    near = get_close_matches(path, sorted(folders), n=1)
    fix = f"did you mean {shown(near[0])}?" if near else "correct `source.path`, or commit the files"
    return problem(f"source {shown(path)} does not exist {tree.place}", fix, path=CONFIGURATION)


def chosen(tree: Tree, path: str) -> list[Entry]:
    """The entries at or below `path` that a render reads or must refuse, in order of path."""
    return [
        entry
        for entry in tree.under(path)
        if (entry.path.endswith(MANIFESTS) or entry.mode in LINKS)
        and entry.path != CONFIGURATION
        and entry.path.rpartition("/")[2] not in BUILD_FILES
    ]


def read(tree: Tree, entry: Entry) -> Iterator[Resource | Finding]:
    """The resources of one file, or what is wrong with it."""
    if link := LINKS.get(entry.mode):
        path = shown_path(entry.path)
        yield problem(f"{path} is {link}", "commit the files themselves, or remove it from the source", path=path)
        return
    try:
        load = load_json if entry.path.endswith(".json") else load_documents
        documents = load(tree.read(entry.path))
    except DocumentError as error:
        place = error.line, error.column
        yield problem(error.message, "correct the file", path=shown_path(entry.path), place=place)
        return
    except TreeError as error:
        fix = "try again; the file is in git but was not read"
        yield problem(shown(str(error)), fix, path=shown_path(entry.path))
        return
    for document in documents:
        yield from resources_of(entry.path, document.value, document.line, document.locate)


def pointers(files: Iterable[tuple[str, bytes]]) -> Iterator[Finding]:
    """A finding for each file (path in the repository, content) that is not there itself, but kept by git LFS."""
    for path, data in files:
        if data.startswith(POINTER):
            message = f"{shown_path(path)} is kept by git LFS, which is never fetched"
            yield problem(message, "commit the file itself", path=shown_path(path), place=(1, 1))


def duplicates(resources: Iterable[Resource]) -> Iterator[Finding]:
    """A finding for each resource that an earlier one has the identity of: only one of them can be applied."""
    seen: dict[ResourceId, Resource] = {}
    for each in resources:
        earlier = seen.setdefault(each.id, each)
        if earlier is not each:
            here, there = each.origin, earlier.origin
            message = f"{each.id} is defined twice: here and at {there.path}:{there.line}" if there else ""
            place = (here.line, 1) if here else (0, 0)
            yield problem(message, "remove or rename one", path=here.path if here else "", place=place, id=each.id)


def nothing(path: str, entries: Sized) -> Finding:
    """Nothing was rendered, which is never taken for an empty environment."""
    place = shown(path) or "the repository"
    why = "its manifests hold no object" if entries else "it has no .yaml, .yml or .json file"
    message = f"{place} renders to no object, since {why}; an empty environment is never applied"
    return problem(
        message, "correct `source.path`, or remove the environment from tidegate.yaml", path=shown_path(path)
    )


def first(problems: Sequence[Finding]) -> Sequence[Finding]:
    """The problems, or the first of them and how many more there are."""
    if len(problems) <= MOST:
        return problems
    more = problem(f"{len(problems) - MOST} more problems are not shown", "mend those that are shown first")
    return [*problems[:MOST], more]
