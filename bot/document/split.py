"""Where one document ends and the next begins: kubectl goes by lines, other readers by YAML's rules.

kubectl cuts a file at every line that begins with `---`, wants nothing but a comment behind it, and reads one document
of each piece, without directives. Where another reader would find other documents in the same text, it is refused.
Source: `pkg/util/yaml/decoder.go` of https://pkg.go.dev/k8s.io/apimachinery
"""

import re

from bot.document.text import Lines
from bot.errors import DocumentError

__all__ = ["check_lines"]

SEPARATOR = re.compile(r"---[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?(?:\n|\Z)")
BEGINNING = re.compile("\n(---|%|\ufeff)")
WRONG = {
    "---": "something follows --- on its line, which kubectl does not read; begin a new line there",
    "%": "kubectl does not read YAML directives; remove the line",
    "\ufeff": "a byte order mark stands at the beginning of a line; remove it",
}
"""What is wrong with a line that begins so, unless it is a separator."""

BREAK = re.compile("(?:\r(?!\n)|[\x85\u2028\u2029])(?:---|\\.\\.\\.|%|\ufeff)|\r\r\n")
"""What YAML takes for a new line, and kubectl does not."""


def check_lines(text: str) -> None:
    """DocumentError: a line that kubectl reads as something else than YAML does."""
    # a loop over what is wrong would take as long as all the rest
    beginnings = BEGINNING.finditer(f"\n{text}") if "---" in text or "%" in text or "\ufeff" in text else ()
    for found in beginnings:
        at = found.start()  # of the line in the text, which has one sign less
        if not SEPARATOR.match(text, at):
            raise DocumentError(WRONG[found[1]], *Lines(text).at(at))
    if not text.isascii() or "\r" in text:
        broken = BREAK.search(text)
        if broken:
            raise DocumentError("a line ends in a way that kubectl does not know", *Lines(text).at(broken.start()))
