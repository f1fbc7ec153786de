"""The lines of a file around a finding, with no value of a Secret in them."""

import re
from collections.abc import Iterator, Mapping

from bot.model.noun import noun
from bot.model.plan import Finding
from bot.report.escape import visible

__all__ = ["Excerpt", "excerpt", "leaks", "veiled"]

WIDEST = 120
MASK = "‹masked›"
SECRET = re.compile(r"\bSecret(?:List)?\b|\bsecretGenerator\b")
"""A word that says so of a document, however it is written (`kind: !!str Secret`, a patch, what makes Secrets)."""

SEPARATOR = re.compile(r"---(?:\s|$)")
KEY = re.compile(r"""(\s*(?:-\s+)*)((?:"[\w./-]+"|'[\w./-]+'|[\w./-]+)\s*:)(.*)""")
STRUCTURE = frozenset({"metadata", "labels", "annotations", "data", "stringData"})
"""Keys of a Secret whose line, where nothing follows on it, gives nothing away."""

LEAKS = ("secrets", "leaks")
"""The checks that find values which nobody should read."""

Place = tuple[str, int]


@noun
class Excerpt:
    """Numbered lines (number, text), the one that is meant, and where in it: both from 1, `width` characters."""

    lines: tuple[tuple[int, str], ...]
    line: int
    column: int
    width: int


def leaks(findings: list[Finding]) -> frozenset[Place]:
    """The lines that are never shown, whatever is said of them."""
    return frozenset((each.path, each.line) for each in findings if each.check in LEAKS)


def excerpt(finding: Finding, sources: Mapping[str, str], hidden: frozenset[Place]) -> Excerpt | None:
    """The line of a finding and the one before it; None where its file, or its line, is not there."""
    text = sources.get(finding.path)
    if text is None or finding.line < 1:
        return None
    lines = text.replace("\r\n", "\n").split("\n")
    if finding.line > len(lines) or not lines[finding.line - 1].strip():
        return None
    secret, located = is_secret(finding, lines), finding.resource is not None
    numbers = [each for each in (finding.line - 1, finding.line) if each >= 1 and lines[each - 1].strip()]
    shown = {
        each: masked(lines[each - 1], secret, (finding.path, each) in hidden, each == finding.line and located)
        for each in numbers
    }
    raw, safe = lines[finding.line - 1], shown[finding.line]
    indent = len(raw) - len(raw.lstrip())
    column = max(finding.column, indent + 1)
    if column > len(safe):
        column = min(indent + 1, len(safe))
    width = token(safe[column - 1 :])
    start = max(0, column - WIDEST // 2) if len(safe) > WIDEST else 0
    return Excerpt(
        lines=tuple((each, clipped(line, start)) for each, line in shown.items()), line=finding.line,
        column=len(visible(safe[start : column - 1])) + 1 + (1 if start else 0), width=width,
    )  # fmt: skip


def is_secret(finding: Finding, lines: list[str]) -> bool:
    """Whether the finding lies in a document that is, or holds, a Secret; a file that is not YAML counts as one."""
    if finding.resource is not None and finding.resource.type == "Secret":
        return True
    return any(SECRET.search(line) for line in document(lines, finding.line))


def document(lines: list[str], number: int) -> Iterator[str]:
    """The lines of the YAML document that a line is in."""
    first = next((at for at in range(number - 1, -1, -1) if SEPARATOR.match(lines[at])), 0)
    last = next((at for at in range(number, len(lines)) if SEPARATOR.match(lines[at])), len(lines))
    yield from lines[first:last]


def masked(line: str, secret: bool, leak: bool, located: bool) -> str:
    """The line without what must not be read: a Secret's values, whatever a scanner found.

    `located`: it is known that the line begins with a key, and is no part of a longer text.
    """
    if not secret and not leak:
        return line
    found = KEY.fullmatch(line) if secret else None
    if found is None:
        return veiled(line)
    key = found[2].rstrip(" :").strip("\"'")
    if key in STRUCTURE and not found[3].strip():
        return line
    return f"{found[1]}{found[2]} {MASK}" if located else found[1] + MASK


def veiled(line: str) -> str:
    """Nothing of a line but its indentation."""
    return line[: len(line) - len(line.lstrip())] + MASK


def token(text: str) -> int:
    """How many characters the word at the beginning has: a key with its colon left out, or a value."""
    found = re.match(r"""(?:- )*(?:"[^"]*"|'[^']*'|[^\s:,{}\[\]]+)""", text)
    return max(1, min(len(found[0]) if found else 1, WIDEST // 2))


def clipped(line: str, start: int) -> str:
    """A stretch of a long line, with what a terminal would obey written out."""
    shown = line[start : start + WIDEST]
    return ("…" if start else "") + visible(shown.replace("\t", " ")) + ("…" if len(line) > start + WIDEST else "")
