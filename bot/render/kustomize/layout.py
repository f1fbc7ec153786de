"""What is laid out for a build: the files that it reads, the kustomizations adapted where that changes no result.

`tree/` holds this repository's files and `other/<number>/` those of other repositories, which references to them are
pointed to. The kustomization that is built asks for origin annotations.
"""

import copy
import json
import posixpath
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.model.kubernetes import Kubernetes
from bot.model.noun import noun
from bot.model.tree import Elsewhere, Tree
from bot.render.helm.program import served
from bot.render.kustomize.facts import Far
from bot.render.kustomize.kustomization import Path, field, items, read
from bot.render.kustomize.plugins import configured, inflations
from bot.render.kustomize.walk import Key, Walk

__all__ = ["ORIGINS", "Layout", "lay_out", "reworded", "reworded_plugins", "written"]

ORIGINS = "originAnnotations"
# what JSON leaves as it is and a YAML reader refuses or folds, even between quotes
UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@noun
class Layout:
    """The files by their place on disk, the folder to build, and what stands where.

    `own` are those that say the same in other words, as their repository has them; `others` the other repositories by
    their folder. `asked`: whether the author asked for origin annotations; `traced`: whether they will be in the
    output.
    """

    files: Mapping[str, bytes]
    own: Mapping[str, bytes]
    folder: str
    others: Mapping[str, Elsewhere]
    asked: bool
    traced: bool

    def place(self, key: Key) -> str:
        """Where a file or folder of this repository or of another one stands."""
        where, path = key
        if where is None:
            return posixpath.join("tree", path)
        return posixpath.join(next(folder for folder, each in self.others.items() if each == where), path)

    def repository_path(self, place: str) -> tuple[Elsewhere | None, str] | None:
        """What a place on disk holds: (the other repository or None for this one, the path in it)."""
        if place == "tree" or place.startswith("tree/"):
            return None, place[5:]
        for folder, repository in self.others.items():
            if place == folder or place.startswith(folder + "/"):
                return repository, place[len(folder) + 1 :]
        return None


def lay_out(tree: Tree, walk: Walk, source: str, trace: bool, kubernetes: Kubernetes) -> Layout:
    """Everything that a build of `source` reads; all of it is loaded. `trace`: ask for origin annotations.

    Where some charts say which Kubernetes they are for, the others are told `kubernetes`; where none does, the command
    line says it for all.
    """
    numbered = sorted(walk.needs, key=lambda each: (each.url, each.revision))
    others = {f"other/{index}": each for index, each in enumerate(numbered)}
    folders: dict[Elsewhere | None, str] = {None: "tree", **{each: folder for folder, each in others.items()}}
    files: dict[str, bytes] = {}
    own: dict[str, bytes] = {}
    pin = partial(tell, walk.pins, kubernetes)
    asked = traced = False
    for where, path in walk.files:
        origin = tree if where is None else tree.elsewhere[where]
        data = given = origin.read(path)
        place = posixpath.join(folders[where], path)
        far = walk.far.get((where, path), [])
        if walk.pins and (where, path) in walk.builds:
            data = reworded(data, pin)
        elif walk.pins and (where, path) in walk.plugins:
            data = reworded_plugins(data, pin)
        root = where is None and posixpath.dirname(path) == source and (where, path) in walk.builds
        if root:
            wanted = metadata(read(data).value)
            asked = ORIGINS in wanted
            traced = asked or trace
            if trace and not asked:
                data = adapted(data, far, folders, place, metadata=[*wanted, ORIGINS])
            elif far:
                data = adapted(data, far, folders, place)
        elif far and (where, path) in walk.builds:
            data = adapted(data, far, folders, place)
        files[place] = data
        if data is not given:
            own[place] = given
    folder = posixpath.join("tree", source)
    return Layout(files=files, own=own, folder=folder, others=others, asked=asked, traced=traced)


def metadata(value: Mapping[str, Any]) -> list[Any]:
    """What the author asked for in `buildMetadata`."""
    found = field(value, "buildMetadata")[1]
    return found if isinstance(found, list) else []


def adapted(
    data: bytes, far: list[Far], folders: Mapping[Elsewhere | None, str], place: str, metadata: list[Any] | None = None
) -> bytes:
    """A kustomization file that says the same with other words: local folders for URLs, and origins asked for."""
    value: Any = copy.deepcopy(read(data).value)
    for each in far:
        target = posixpath.join(folders[each.repository], each.folder)
        put(value, each.at, posixpath.relpath(target, posixpath.dirname(place)))
    if metadata is not None:
        value[field(value, "buildMetadata")[0]] = metadata
    return written(value)


def reworded(data: bytes, change: Callable[[Any], None]) -> bytes:
    """A kustomization file with the configuration of each of its charts changed."""
    build = read(data)
    value: Any = copy.deepcopy(build.value)
    for name in ("helmCharts", "helmChartInflationGenerator"):
        for _, each in items(value, name):
            if isinstance(each, dict):
                change(each)
    for at, text in build.inline:
        put(value, at, reworded_plugins(text.encode(), change).decode())
    return written(value) if value != build.value else data


def reworded_plugins(data: bytes, change: Callable[[Any], None]) -> bytes:
    """The same for a file that configures plugins, or an entry that does."""
    documents = [each.value for each in configured(data).documents]
    values = copy.deepcopy(documents)
    for each in inflations(values):
        change(each)
    return b"\n---\n".join(map(written, values)) if values != documents else data


def tell(pins: set[str], kubernetes: Kubernetes, chart: Any) -> None:
    """Write into a chart's configuration what it is for, as far as `pins` names it and it does not say that itself."""
    if field(chart, "chartName")[1]:  # the older form has no field for either
        return
    if "kubeVersion" in pins and not field(chart, "kubeVersion")[1]:
        chart["kubeVersion"] = kubernetes.version
    if "apiVersions" in pins and not field(chart, "apiVersions")[1]:
        chart["apiVersions"] = served(kubernetes)


def written(value: Any) -> bytes:
    """A value as JSON that YAML readers take for the same."""
    text = json.dumps(value, ensure_ascii=False)
    return UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text).encode("utf-8", "surrogateescape")


def put(value: Any, at: Path, text: str) -> None:
    """Replace what stands at `at`."""
    for step in at[:-1]:
        value = value[step]
    value[at[-1]] = text
