"""Makes text that somebody else wrote inert: nothing is mentioned, linked, fetched, rendered, reordered or executed.

A forge looks for mentions, references and addresses in the text nodes of the finished page, so neither entities nor
backslashes stop them; code spans do (GitHub: "About writing and formatting", autolinked references). Words that could
be such a thing are therefore set as code. What cannot be seen (controls, direction marks, zero-width; Unicode
TR36 and CVE-2021-42574) is written out as `\\u202e`.
"""

import html as entities
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote

__all__ = [
    "clip",
    "code_span",
    "fence",
    "has_invisible",
    "html",
    "html_code",
    "link_target",
    "no_leading_slash",
    "plain",
    "visible",
]

INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
BLANKS = frozenset("\u00a0\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that print as nothing, besides the categories above."""

LIVE = re.compile(r"[@#$`]|://|www\.|GH-\d|[!&]\d|[~%][\w\"]", re.IGNORECASE)
"""A word that a forge might turn into a mention, a reference, an address, or a formula."""

SPECIAL = re.compile(r"([\\`*_\[\]|~])")
LIST_MARK = re.compile(r"^(\d+)([.)])$|^([-+=]+)$")
WORD = re.compile(r"\S+")


def invisible(char: str) -> bool:
    """Whether a character cannot be seen, or changes how others are seen."""
    if " " <= char <= "~" or char == "\n":
        return False
    variation = 0xE0100 <= ord(char) <= 0xE01EF
    return char in BLANKS or variation or unicodedata.category(char) in INVISIBLE_CATEGORIES


def has_invisible(text: str) -> bool:
    """Whether the text holds anything that `visible` writes out (a tab does not count)."""
    if text.isascii() and text.isprintable():
        return False
    return any(invisible(char) for char in text if char != "\t")


def visible(text: str) -> str:
    """The text with everything that cannot be seen written out: `\\x1b`, `\\u202e`, `\\U000e0041`. Line feeds stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(written_out(char) if invisible(char) else char for char in text)


def written_out(char: str) -> str:
    """The escape that Python and YAML readers know for a character."""
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clip(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis where something was left out."""
    return text if len(text) <= length else text[: length - 1] + "…"


def code_span(text: str, *, cell: bool = False) -> str:
    """An inline code span whose ticks are longer than any run inside; `cell` also keeps a table's columns apart."""
    shown = visible(text).replace("\n", "\\n")
    ticks = "`" * (longest_run(shown) + 1)
    if not shown.strip():
        shown = shown or " "
    elif shown[0] in "` " or shown[-1] in "` ":
        shown = f" {shown} "
    return f"{ticks}{shown.replace('|', chr(92) + '|') if cell else shown}{ticks}"


def plain(text: str, *, cell: bool = False) -> str:
    """Prose as Markdown that shows exactly these words."""
    shown = re.sub(r"\s+", " ", visible(text))
    return WORD.sub(lambda match: plain_word(match.group(), cell), shown)


def plain_word(word: str, cell: bool) -> str:
    """One word: set as code if it could come alive, else with its marks escaped."""
    if LIVE.search(word):
        return code_span(word, cell=cell)
    word = LIST_MARK.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else "\\" + m[3], SPECIAL.sub(r"\\\1", word))
    return word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def html(text: str) -> str:
    """Prose as HTML, for places where Markdown is not read."""
    shown = re.sub(r"\s+", " ", visible(text))

    def word(match: re.Match[str]) -> str:
        return html_code(match.group()) if LIVE.search(match.group()) else entities.escape(match.group())

    return WORD.sub(word, shown)


def html_code(text: str) -> str:
    """A name as HTML."""
    return f"<code>{entities.escape(visible(text))}</code>"


def link_target(url: str) -> str:
    """An address that cannot end its link early; "" unless it is http or https."""
    if not url.startswith(("https://", "http://")):
        return ""
    return quote(url, safe="/:?#@!$&*+,;=%~-._")


def fence(lines: Sequence[str], language: str) -> str:
    """A fenced block, its fence longer than any run of ticks inside. Every line must begin with a mark of its own."""
    shown = [visible(line) for line in lines]
    ticks = "`" * max(3, longest_run("\n".join(shown)) + 1)
    return "\n".join([f"{ticks}{language}", *shown, ticks]) + "\n"


def longest_run(text: str) -> int:
    """The length of the longest run of back ticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def no_leading_slash(text: str) -> str:
    """The text with no line that begins with a slash, which some forges would obey as a command of ours."""
    return re.sub(r"(?m)^([ \t]*)/", r"\1\\/", text)
