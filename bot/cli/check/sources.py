"""The files that findings are about, as they may be shown to whoever reads a log."""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.document import readable
from bot.git.local import contents, on_disk
from bot.model.checked import Checked
from bot.report.findings.excerpt import veiled
from bot.scanner.scan import Scanner, left_until

__all__ = ["sources"]

MOST_SECONDS = 20.0  # of looking for secrets in all of them; nothing is shown of the rest


def sources(top: Path, checked: Checked) -> Mapping[str, str]:
    """The text of every file that a finding is about, as far as it can be read and looked through for secrets."""
    scanner = Scanner()
    scanner.load()  # before the clock runs
    found, root, until = {}, os.fsencode(top), time.monotonic() + MOST_SECONDS
    for path in sorted({each.path for each in checked.findings if each.path and each.line}):
        try:
            text = readable(contents(on_disk(root, path)))
            found[path] = without(text, frozenset(sighted(scanner, text, until)))
        except (OSError, TimeoutError):
            continue
    return found


def sighted(scanner: Scanner, text: str, until: float) -> Iterator[int]:
    """The lines, from 0, in which the scanner sees a secret, whatever level its finding has."""
    data = text.encode("utf-8", "replace")
    for each in scanner.scan(data, left_until(until)):
        first = data.count(b"\n", 0, each.start)
        yield from range(first, first + data.count(b"\n", each.start, each.end) + 1)


def without(text: str, numbers: frozenset[int]) -> str:
    """The text without what stands in those lines."""
    lines = text.split("\n") if numbers else [text]
    return "\n".join(veiled(each) if at in numbers else each for at, each in enumerate(lines))
