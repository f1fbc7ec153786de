"""What `helm template` prints, taken apart: each document with the template that it says it came from."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from bot.document import Limits, load_documents
from bot.model.noun import noun
from bot.model.resource import Locate
from bot.render.helm.hooks import events_of

__all__ = ["Output", "Printed", "is_crd", "is_hook"]

SOURCE = re.compile(rb"^---[ \t]*\n# Source: ([^\n]*)\n", re.MULTILINE)
LIMITS = Limits(size=64 * 1024 * 1024, nodes=3_000_000, aliases=5_000)
CRDS = re.compile(r"[^/]+(/charts/[^/]+)*/crds/")


@noun
class Printed:
    """One document of the output: its template, its value, its first line there, and its positions."""

    source: str
    value: Any
    line: int
    locate: Locate


class Output:
    """The bytes that `helm template` printed.

    Helm writes the line that names the template itself, right behind the separator: what a template prints comes after
    it, so that a chart cannot pass one template's object for another's. Files of CRDs are printed as they are.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._starts: list[int] = []
        self._sources: list[str] = []
        line, before = 1, 0
        for found in SOURCE.finditer(data):
            line += data.count(b"\n", before, found.start())
            before = found.start()
            self._starts.append(line)
            self._sources.append(found[1].decode("utf-8", "replace").strip())

    def source(self, line: int) -> str:
        """The template that a line came from; "" where none was named yet."""
        index = bisect_right(self._starts, line) - 1
        return self._sources[index] if index >= 0 else ""

    def documents(self) -> Iterator[Printed]:
        """Every document. DocumentError: the output cannot be read, at a line of it."""
        for each in load_documents(self.data, LIMITS):
            yield Printed(source=self.source(each.line), value=each.value, line=each.line, locate=each.locate)


def is_crd(printed: Printed) -> bool:
    """Whether a document is of a file of `crds/`, which Helm treats apart from templates."""
    return CRDS.match(printed.source) is not None


def is_hook(printed: Printed) -> str:
    """The events that a document is a hook for, such as `pre-install,pre-upgrade`; "" where it is none.

    Helm takes no file of `crds/` for a hook, whatever it says.
    """
    return "" if is_crd(printed) else events_of(printed.value)
