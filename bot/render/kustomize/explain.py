"""What went wrong in a build, for people: the file and line where the text tells them, no path of this machine, and
nothing that a Secret may be made of.
"""

import base64
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.document import load_documents, load_json
from bot.errors import DocumentError
from bot.jail import Program
from bot.model.finding import Finding
from bot.model.tree import Tree
from bot.render.helm.explain import masked, without_noise
from bot.render.kustomize.given import inflated, loaded
from bot.render.kustomize.kustomization import items, read, sources, texts
from bot.render.kustomize.layout import Layout
from bot.render.kustomize.walk import Key, Walk
from bot.render.manifests import problem, shown, shown_path

__all__ = ["explained", "unreadable", "without_machine"]

LONGEST = 700
FIELDS = ("data", "stringData")
SHORTEST = 3  # of what is masked: less than that is in every text
QUOTED = re.compile(r"""`[^`]*`|\[patch: ".*?"\]|map\[.*\]|line \[[\d ]*\] has invalid utf8 bytes : .*""", re.DOTALL)
# kubectl says it as a line of its log, with the time and its process, and puts what is one line in quotes
KUBECTL = re.compile(r'E\d{4} [\d:.]+ +\d+ \S+\] "command failed" err=(?:"(.*)"|<(.*)>)', re.DOTALL)
ESCAPED = re.compile(r'\\(["\\])')
LINE = re.compile(r"\bline (\d+)\b")
NOISE = re.compile(r"^# Warning: .*$\n?", re.MULTILINE)
# Kustomize takes each resource for a file and then for a folder, and tells both: only one of them is what went wrong.
# Each has a path in it, of at most 4,096 bytes.
FILE = re.compile(
    r"accumulation err='(?:accumulating|merging) resources from '([^']*)': (.{,5000}?)': "
    r"must build at directory: .{,5000}?is not directory",
    re.DOTALL,
)
FOLDER = re.compile(r"accumulation err='accumulating resources from '[^']*': .*?': ", re.DOTALL)


def unreadable(tree: Tree, walk: Walk) -> list[Finding]:
    """The manifests of this repository that are no YAML (or JSON), each with its place: what to mend first."""
    found = []
    for where, path in sorted(walk.files, key=lambda each: each[1]):
        if where is None and path.endswith((".yaml", ".yml", ".json")) and not charted(walk, path):
            load = load_json if path.endswith(".json") else load_documents
            try:
                load(tree.read(path))
            except DocumentError as error:
                place = (error.line, error.column)
                found.append(problem(error.message, "correct the file", path=shown_path(path), place=place))
    return found


def charted(walk: Walk, path: str) -> bool:
    """Whether a file belongs to a chart: its templates are no YAML yet."""
    return any(where is None and path.startswith(folder + "/") for where, folder in walk.charts)


def explained(text: str, tree: Tree, walk: Walk, file: str) -> Finding:
    """What kustomize said, as a finding at the file that it names last, else at the kustomization that was built."""
    text = NOISE.sub("", text).removeprefix("Error: ").strip()
    if logged := KUBECTL.fullmatch(text):
        text = ESCAPED.sub(r"\1", logged[1]) if logged[1] is not None else logged[2]
    for secret in sorted(secrets(tree, walk), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = without_noise(masked(inflated(tree, walk), text)) if walk.charts else text
    text = QUOTED.sub("(…)", text)
    text = FOLDER.sub("", FILE.sub(r"\1: \2", text))
    text = " ".join(text.split())
    path, line = placed(text, walk, file)
    message = f"kustomize could not build it: {shown(text, LONGEST)}" if text else "kustomize failed without a word"
    return problem(message, "correct what it names", path=shown_path(path), place=(line, 1))


def without_machine(text: str, run: str, layout: Layout, programs: Iterable[Program]) -> str:
    """The text with places on disk named as people know them, and the programs by their names."""
    for program in programs:
        text = text.replace(str(program.path), program.name)
    for folder, repository in layout.others.items():
        text = text.replace(f"{run}/{folder}", f"{repository.url}@{repository.revision[:7]}:")
    text = text.replace(f"{run}/tree/", "").replace(f"{run}/tree", "the repository")
    return re.sub(rf"{re.escape(run)}[^\s'\":,]*", "(a temporary file)", text)


def placed(text: str, walk: Walk, file: str) -> tuple[str, int]:
    """The file and line that the text names."""
    known = {path for where, path in walk.files if where is None}
    named = [(text.rfind(posixpath.basename(path)), path in text, path) for path in known]
    mentioned = [(whole, at, path) for at, whole, path in named if at >= 0 and path != file]
    folders = [(text.rfind(f"'{posixpath.dirname(path)}'"), path) for where, path in walk.builds if where is None]
    mentioned += [(True, at, path) for at, path in folders if at >= 0 and path != file]
    line = LINE.search(text)
    if not mentioned:
        return file, int(line[1]) if line else 1
    path = max(mentioned)[2]
    return path, int(line[1]) if line else 1


def secrets(tree: Tree, walk: Walk) -> Iterator[str]:
    """What may be the value of a Secret, in every spelling that a text could have it in."""
    for key in walk.files:
        if (data := loaded(tree, key)) is None:
            continue
        if key in walk.builds:
            value = read(data).value
            yield from generated(tree, key, value)
            yield from within(value)
        else:
            yield from held(data)


def generated(tree: Tree, key: Key, value: Mapping[str, Any]) -> Iterator[str]:
    """What the secretGenerators of a kustomization take their values from."""
    for _, each in items(value, "secretGenerator"):
        for _, literal in texts(each, "literals"):
            yield from spelt(literal)
            yield from spelt(literal.partition("=")[2])
        for _, text in sources(each, ()):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(key[1]), text))
            for line in (loaded(tree, (key[0], path)) or b"").decode("utf-8", "replace").splitlines():
                yield from spelt(line.strip())
                yield from spelt(line.partition("=")[2].strip())


def held(data: bytes) -> Iterator[str]:
    """The values of the Secrets that a manifest holds, or that a patch puts into one."""
    if b"Secret" not in data and b"path" not in data:
        return
    try:
        documents = load_documents(data)
    except DocumentError:
        for line in data.decode("utf-8", "replace").splitlines():
            yield from spelt(line.partition(":")[2].strip().strip("'\""))
        return
    for each in documents:
        yield from within(each.value)


def within(value: Any) -> Iterator[str]:
    """The same for a value: Secrets wherever they stand in it, also in texts, as a kustomization holds patches."""
    if isinstance(value, str) and "\n" in value:
        yield from held(value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, list):
        for each in value:
            yield from within(each)
    elif isinstance(value, Mapping):
        if value.get("kind") == "Secret":
            for name in FIELDS:
                yield from every(value.get(name))
        elif str(value.get("path", "")).removeprefix("/").startswith(FIELDS):
            yield from every(value.get("value"))
        for each in value.values():
            yield from within(each)


def every(value: Any) -> Iterator[str]:
    """A value, or those of a mapping."""
    for each in value.values() if isinstance(value, Mapping) else (value,):
        if each is not None:
            yield from spelt(str(each))


def spelt(value: str) -> Iterator[str]:
    """A value, its lines, what it is in base64, and what it would be if it were base64."""
    for each in {value, *value.splitlines()}:
        if len(each) >= SHORTEST:
            yield each
            yield base64.b64encode(each.encode("utf-8", "surrogateescape")).decode()
            try:
                plain = base64.b64decode(each, validate=True).decode()
            except ValueError:
                continue
            if len(plain) >= SHORTEST:
                yield plain
