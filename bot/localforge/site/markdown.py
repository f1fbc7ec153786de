"""Comments as GitHub shows them: GitHub Flavored Markdown, with the HTML that GitHub lets through and no more.

Markdown becomes HTML first; then a filter writes that HTML anew from an allow-list, so whatever a comment holds, only
known tags come out, each closed, and all else is text. https://github.github.com/gfm/
"""

import html
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

__all__ = ["render"]

VOID = frozenset({"br", "hr", "img"})
TEXT_TAGS = "a b code del em i ins kbd q s samp span strike strong sub sup tt var"
BLOCK_TAGS = "blockquote dd details div dl dt h1 h2 h3 h4 h5 h6 li ol p pre summary table tbody td tfoot th thead tr ul"
TAGS = VOID | frozenset(f"{TEXT_TAGS} {BLOCK_TAGS}".split(" "))
CLASSES = frozenset({"diff", "add", "gone", "hunk"})
SCHEMES = frozenset({"http", "https", "mailto", ""})
# GFM's tag filter: tags that change how everything after them is read are text from the start.
RAW_TAGS = re.compile(r"<(?=/?(title|textarea|style|xmp|iframe|noembed|noframes|noscript|script|plaintext)\b)", re.I)
# What browsers strip from both ends of an address before they look at its scheme.
BLANK = "".join(map(chr, range(33)))
ALIGN = re.compile(r"text-align:\s*(left|center|right)")


class Filter(HTMLParser):
    """Writes HTML anew from the allow-list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that is known opens; any other is text."""
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.out.append(_image(given))
        elif tag in TAGS:
            self.out.append(f"<{tag}{_attributes(tag, given)}>")
            if tag not in VOID:
                self._open.append(tag)
        else:
            self.handle_data(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTML knows no self-closing but of void tags; elsewhere the slash means nothing."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Closes what was opened here, and nothing of the page around."""
        if tag in self._open:
            while True:
                last = self._open.pop()
                self.out.append(f"</{last}>")
                if last == tag:
                    break
        elif tag not in TAGS:
            self.handle_data(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Text."""
        self.out.append(html.escape(data))

    def result(self) -> str:
        """All of it, every tag closed."""
        self.close()
        return "".join(self.out) + "".join(f"</{tag}>" for tag in reversed(self._open))


def _safe(url: str) -> bool:
    try:
        return urlsplit(url.strip(BLANK)).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _attributes(tag: str, given: dict[str, str]) -> str:
    kept: dict[str, str] = {}
    if tag == "a" and _safe(given.get("href", "")):
        kept = {"href": given.get("href", ""), "rel": "nofollow noopener"}
    if tag == "details" and "open" in given:
        kept = {"open": ""}
    if tag in ("span", "pre") and given.get("class") in CLASSES:
        kept = {"class": given["class"]}
    if tag in ("th", "td"):
        aligned = ALIGN.search(given.get("style", ""))
        wanted = aligned[1] if aligned else given.get("align", "")
        kept = {"class": wanted} if wanted in ("left", "center", "right") else {}
    if tag == "ol" and given.get("start", "").isdigit():
        kept = {"start": given["start"]}
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())


def _image(given: dict[str, str]) -> str:
    # Nothing is loaded from elsewhere: an image is a link with its own words.
    words = html.escape(given.get("alt") or "image")
    source = given.get("src", "")
    return f'<a href="{html.escape(source)}" rel="nofollow noopener">{words}</a>' if _safe(source) else words


def _raw(_: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    del options, env
    return RAW_TAGS.sub("&lt;", tokens[at].content)


def _fence(_: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    del options, env
    token = tokens[at]
    if token.info.split()[:1] != ["diff"]:
        return f"<pre><code>{html.escape(token.content)}</code></pre>\n"
    kinds = {"+": "add", "-": "gone", "@": "hunk", "!": "hunk"}
    lines = (
        f'<span class="{kinds[line[0]]}">{html.escape(line)}</span>' if line[:1] in kinds else html.escape(line)
        for line in token.content.splitlines(keepends=True)
    )
    return f'<pre class="diff"><code>{"".join(lines)}</code></pre>\n'


PARSER = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
PARSER.add_render_rule("html_block", _raw)
PARSER.add_render_rule("html_inline", _raw)
PARSER.add_render_rule("fence", _fence)


def render(text: str) -> Markup:
    """A comment's Markdown as HTML that is safe to put into a page. Line breaks count, as in GitHub's comments."""
    writer = Filter()
    writer.feed(PARSER.render(text))
    return Markup(writer.result())
