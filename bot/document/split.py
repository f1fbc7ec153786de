"""Where one document ends and the next begins: kubectl goes by lines, other readers by YAML's rules.

kubectl cuts a file at every line that begins with `---`, wants nothing but a comment behind it, and reads one document
of each piece, without directives. Where another reader would find other documents in the same text, it is refused.
Source: `pkg/util/yaml/decoder.go` of https://pkg.go.dev/k8s.io/apimachinery
"""

import re
from collections.abc import Iterator

from bot.document.text import Lines
from bot.errors import DocumentError

__all__ = ["check_lines"]

SEPARATOR = re.compile(r"---[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?(?:\n|\Z)")
BEGINNINGS = {
    "---": "something follows --- on its line, which kubectl does not read; begin a new line there",
    "%": "kubectl does not read YAML directives; remove the line",
    "\ufeff": "a byte order mark stands at the beginning of a line; remove it",
}
BREAK = re.compile("(?:\r(?!\n)|[\x85\u2028\u2029])(?:---|\\.\\.\\.|%|\ufeff)|\r\r\n")
"""What YAML takes for a new line, and kubectl does not."""


def check_lines(text: str) -> None:
    """DocumentError: a line that kubectl reads as something else than YAML does."""
    for beginning, wrong in BEGINNINGS.items():
        for at in begun(text, beginning):
            if beginning != "---" or SEPARATOR.match(text, at) is None:
                raise DocumentError(wrong, *Lines(text).at(at))
    if not text.isascii() or "\r" in text:
        found = BREAK.search(text)
        if found:
            raise DocumentError("a line ends in a way that kubectl does not know", *Lines(text).at(found.start()))


def begun(text: str, beginning: str) -> Iterator[int]:
    """The offsets of the lines that begin so."""
    if text.startswith(beginning):
        yield 0
    at = text.find("\n" + beginning)
    while at >= 0:
        yield at + 1
        at = text.find("\n" + beginning, at + 1)
