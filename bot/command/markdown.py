"""The lines of a comment at which a command may stand: those of its top-level paragraphs, as CommonMark sees them.

Code, quotes, lists, headings, tables and HTML are left out, so that nothing which is shown or quoted is obeyed. Between
two HTML blocks that open and close an element, such as a folded section, Markdown goes on; that is left out as well.
"""

from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.model.noun import noun

__all__ = ["Line", "lines"]

CONTAINERS = frozenset(
    {"address", "article", "aside", "blockquote", "center", "details", "dialog", "div", "dl", "fieldset", "figure"}
    | {"footer", "form", "header", "main", "menu", "nav", "ol", "pre", "script", "section", "style", "table"}
    | {"template", "textarea", "ul"}
)
"""Elements that must be closed by a tag, so that what follows an opening one is inside of it."""

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
"""Elements without an end (https://html.spec.whatwg.org/multipage/syntax.html#void-elements)."""


@noun
class Line:
    """One line of a paragraph: its text, and whether that is all there is (no emphasis, code, links or HTML in it)."""

    text: str
    plain: bool


def lines(body: str) -> Iterator[Line]:
    """Every line of every top-level paragraph of `body` that begins with text, in order."""
    html = _OpenElements(CONTAINERS)
    in_paragraph = False
    for token in _reader().parse(body):
        if token.type == "html_block" and token.level == 0:
            html.feed(token.content)
        elif in_paragraph and not html.names:
            yield from _lines_of(token.children or [])
        in_paragraph = token.type == "paragraph_open" and token.level == 0


def _reader() -> MarkdownIt:
    # Joining escapes with the text around them would hide that `\\/gate` was written so as not to be a command.
    return MarkdownIt("commonmark").enable("table").disable("text_join")


def _lines_of(tokens: list[Token]) -> Iterator[Line]:
    html = _OpenElements(None)
    line: list[Token] = []
    inside = False
    depth = 0
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield from _line(line, inside)
            line, inside = [], depth > 0 or bool(html.names)
            continue
        line.append(token)
        depth += token.nesting
        if token.type == "html_inline":
            html.feed(token.content)
    yield from _line(line, inside)


def _line(tokens: list[Token], inside: bool) -> Iterator[Line]:
    if inside or not tokens or tokens[0].type != "text":
        return
    # A tag is kept as it was written: in `approve <prod>` it names what is meant, and without it that is everything.
    text = "".join(each.content for each in tokens).replace("\n", " ")
    yield Line(text=text, plain=all(each.type in ("text", "text_special") for each in tokens))


class _OpenElements(HTMLParser):
    """The names of elements that were opened and not closed; all elements, or those in `counted`."""

    def __init__(self, counted: frozenset[str] | None) -> None:
        super().__init__()
        self.names: list[str] = []
        self._counted = counted

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag not in VOID and (self._counted is None or tag in self._counted):
            self.names.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML knows no self-closing elements: `<div/>` opens one.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.names:
            self.names.remove(tag)
