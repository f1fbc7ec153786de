"""A kustomization file as a value: what it says, where it says it, and what it refers to.

Kustomize reads keys regardless of their case, and so does this: `Resources` is `resources`. Field names are those of
its `types.Kustomization` (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from bot.document import Document, Limits, load_documents
from bot.errors import DocumentError
from bot.model.noun import noun
from bot.render.bounded import remembered

__all__ = ["FILES", "Kustomization", "Path", "Reference", "field", "fields_of", "items", "read", "sources", "texts"]

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What such a file may be called; a folder has exactly one of them."""

LIMITS = Limits(size=1024 * 1024)
REMEMBERED = 64 * 1024 * 1024
FREE = frozenset({"commonlabels", "commonannotations", "pairs", "labels", "annotations", "valuesinline", "valueslocal"})
DOCUMENTS = re.compile(rb"^---(?:\s|$)", re.MULTILINE)

Path = tuple[str | int, ...]
Use = Literal["file", "folder", "either", "plugin"]


@noun
class Reference:
    """A path or URL in a file, and where it stands.

    `use` is what it must be: a file, a folder with a kustomization file, either of them, or a `plugin` (either, and
    every document in it configures a generator, a transformer or a validator).
    """

    use: Use
    text: str
    at: Path


@noun
class Kustomization:
    """A file that was read. `wrong` says what makes it unusable, at `place`; then there is nothing else."""

    value: Mapping[str, Any]
    document: Document | None = None
    references: tuple[Reference, ...] = ()
    inline: tuple[tuple[Path, str], ...] = ()
    wrong: str = ""
    place: tuple[int, int] = (1, 1)

    def line(self, at: Path) -> tuple[int, int]:
        """The line and column of something in it."""
        return self.document.locate(at) if self.document else self.place


@remembered(REMEMBERED)
def read(data: bytes) -> Kustomization:
    """What a kustomization file says. It is read once for the same bytes."""
    try:
        documents = load_documents(data, LIMITS)
    except DocumentError as error:
        return Kustomization(value={}, wrong=error.message, place=(error.line, error.column))
    # kustomize reads the first document, also where it is empty, and says nothing of those that follow
    if len(documents) != 1 or len(DOCUMENTS.findall(b"\n".join(data.split(b"\n")[: documents[0].line]))) > 1:
        what = "holds more than one document" if documents else "is empty"
        return Kustomization(value={}, wrong=what)
    document = documents[0]
    if not isinstance(document.value, Mapping):
        return Kustomization(value={}, wrong="is no mapping", place=document.locate(()))
    if twice := next(repeated(document.value), None):
        at, name = twice
        return Kustomization(value={}, wrong=f'sets "{name}" twice in different spellings', place=document.locate(at))
    found = tuple(references(document.value))
    inline = tuple(plugins_inline(document.value))
    return Kustomization(value=document.value, document=document, references=found, inline=inline)


def repeated(value: Any, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Keys that differ from an earlier one of their mapping in nothing but case: which one counts is an accident."""
    if isinstance(value, Mapping):
        seen: set[str] = set()
        for key, each in value.items():
            folded = key.casefold()
            if folded in seen:
                yield (*at, key), folded
            seen.add(folded)
            if folded not in FREE or not isinstance(each, Mapping):
                yield from repeated(each, (*at, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from repeated(each, (*at, index))


def field(value: Any, name: str) -> tuple[str, Any]:
    """(the key as it is spelt, its value) of a field of a mapping; the value is None where there is none."""
    if not isinstance(value, Mapping):
        return name, None
    if name in value:
        return name, value[name]
    folded = name.casefold()
    return next(((key, each) for key, each in value.items() if key.casefold() == folded), (name, None))


def items(value: Any, name: str) -> Iterator[tuple[Path, Any]]:
    """The items of a list in a field, each with the way to it."""
    key, listed = field(value, name)
    for index, each in enumerate(listed if isinstance(listed, list) else ()):
        yield (key, index), each


def texts(value: Any, name: str, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """The strings of a field: of its list, or the one that it is; empty ones are left out."""
    key, found = field(value, name)
    if isinstance(found, str) and found:
        yield (*at, key), found
    for way, each in items(value, name):
        if isinstance(each, str) and each:
            yield (*at, *way), each


def references(value: Mapping[str, Any]) -> Iterator[Reference]:
    """Everything that a kustomization refers to but charts, which are told apart."""
    uses: tuple[tuple[str, Use], ...] = (
        ("resources", "either"), ("bases", "either"), ("components", "folder"), ("crds", "file"),
        ("configurations", "file"), ("generators", "plugin"), ("transformers", "plugin"), ("validators", "plugin"),
    )  # fmt: skip
    for name, use in uses:
        for at, text in texts(value, name):
            if use != "plugin" or not inline(text):
                yield Reference(use=use, text=text, at=at)
    key, openapi = field(value, "openapi")
    for at, text in texts(openapi, "path", (key,)):
        yield Reference(use="file", text=text, at=at)
    yield from fields_of(value, "PatchStrategicMergeTransformer", names=("patchesStrategicMerge",))
    for name, kind in PARTS:
        for at, each in items(value, name):
            yield from fields_of(each, kind, at)


PARTS = (
    ("patches", "PatchTransformer"),
    ("patchesJson6902", "PatchJson6902Transformer"),
    ("replacements", "Replacement"),
    ("configMapGenerator", "ConfigMapGenerator"),
    ("secretGenerator", "SecretGenerator"),
)
"""The lists of a kustomization whose items name files, and the plugin that reads such an item."""


def fields_of(value: Any, kind: str, at: Path = (), names: tuple[str, ...] = ("paths",)) -> Iterator[Reference]:
    """The files that the configuration of a plugin of that kind names."""
    if kind in ("PatchTransformer", "PatchJson6902Transformer", "Replacement"):
        found = texts(value, "path", at)
    elif kind == "ValueAddTransformer":
        found = texts(value, "targetFilePath", at)
    elif kind in ("ConfigMapGenerator", "SecretGenerator"):
        found = sources(value, at)
    elif kind == "PatchStrategicMergeTransformer":
        found = ((way, text) for name in names for way, text in texts(value, name, at) if not inline(text))
    elif kind == "ReplacementTransformer":
        parts = ((way, each) for way, each in items(value, "replacements"))
        found = (pair for way, each in parts for pair in texts(each, "path", (*at, *way)))
    else:
        return
    for way, text in found:
        yield Reference(use="file", text=text, at=way)


def sources(value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    """The files of a generator of ConfigMaps or Secrets: `[KEY=]PATH` in `files`, and those of `envs` and `env`."""
    for way, text in texts(value, "files", at):
        _, equals, path = text.partition("=")
        yield way, path if equals else text
    for name in ("envs", "env"):
        yield from texts(value, name, at)


def inline(text: str) -> bool:
    """Whether kustomize takes an entry for content rather than for a path: it is objects, or nothing, in YAML."""
    if "\n" not in text and "{" not in text and not text.startswith("#"):
        return False
    try:
        return all(isinstance(each.value, Mapping | list) for each in load_documents(text.encode(), LIMITS))
    except DocumentError:
        return False


def plugins_inline(value: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The configurations of plugins that stand in the kustomization itself."""
    for name in ("generators", "transformers", "validators"):
        for at, text in texts(value, name):
            if inline(text):
                yield at, text
