"""Configurations of generators, transformers and validators: only kustomize's own are run.

An exec or KRM function, or a plugin, is a program of the change's author
(https://kubectl.docs.kubernetes.io/guides/extending_kustomize/).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.document import Document, load_documents
from bot.errors import DocumentError
from bot.model.noun import noun
from bot.render.bounded import remembered
from bot.render.kustomize.charts import Chart, chart
from bot.render.kustomize.kustomization import Path, Reference, field, fields_of, items
from bot.render.kustomize.remote import Flaw

__all__ = ["INFLATES", "Configured", "configured", "inflations"]

REMEMBERED = 16 * 1024 * 1024
INFLATES = "HelmChartInflationGenerator"
FUNCTIONS = ("config.kubernetes.io/function", "config.k8s.io/function")
FOREIGN = Flaw(
    wrong="is a function or plugin, a program that a render never runs",
    fix="use what kustomize has built in (apiVersion: builtin), or commit what the function makes",
)


@noun
class Configured:
    """What a file (or an entry) that configures plugins means: the files and charts it names, and what forbids it."""

    references: tuple[Reference, ...] = ()
    charts: tuple[Chart, ...] = ()
    flaws: tuple[tuple[Path, Flaw], ...] = ()
    documents: tuple[Document, ...] = ()
    wrong: str = ""
    place: tuple[int, int] = (1, 1)

    def line(self, at: Path) -> tuple[int, int]:
        """The line and column of something in it; the first step of `at` counts its documents."""
        return self.documents[int(at[0])].locate(at[1:]) if at and self.documents else self.place


@remembered(REMEMBERED)
def configured(data: bytes) -> Configured:
    """What the documents of a file configure. It is read once for the same bytes."""
    try:
        documents = load_documents(data)
    except DocumentError as error:
        return Configured(wrong=error.message, place=(error.line, error.column))
    parts = [part for index, each in enumerate(documents) for part in flattened(each.value, (index,))]
    found = [reference for at, value in parts for reference in named(value, at)]
    inflated = [chart(value, value, at) for at, value in parts if kind(value) == INFLATES]
    flaws = [(at, FOREIGN) for at, value in parts if foreign(value)]
    return Configured(references=tuple(found), charts=tuple(inflated), flaws=tuple(flaws), documents=tuple(documents))


def inflations(values: list[Any]) -> list[Any]:
    """The configurations in these documents that inflate charts."""
    return [part for each in values for _, part in flattened(each, ()) if kind(part) == INFLATES]


def flattened(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    """A document, or the items of a list kind."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from flattened(each, (*at, index))
    elif kind(value).endswith("List"):
        for way, each in items(value, "items"):
            yield from flattened(each, (*at, *way))
    else:
        yield at, value


def named(value: Any, at: Path) -> Iterator[Reference]:
    """The files that one configuration names."""
    yield from fields_of(value, kind(value), at)


def foreign(value: Any) -> bool:
    """Whether it is anything but the configuration of a part of kustomize."""
    if not isinstance(value, Mapping):
        return True
    annotations = field(field(value, "metadata")[1], "annotations")[1]
    marked = isinstance(annotations, Mapping) and any(each in annotations for each in FUNCTIONS)
    return marked or value.get("apiVersion") != "builtin"


def kind(value: Any) -> str:
    """The kind that a value says it is, or ""."""
    found = value.get("kind") if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""
