"""Comments as HTML: what GitHub shows is shown, and nothing else comes out."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localforge.site.markdown import TAGS, VOID, render


class Reader(HTMLParser):
    """Reads HTML as a browser does, as far as it can tell whether each tag is known and closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(str(render(text)))
    reader.close()
    return reader


HOSTILE = """
<script> </script> <details> </details> <summary> </div> <!-- --> <b> </b> <svg/onload=x> <img src=x onerror=y>
``` ```diff +x -y | --- &lt; &#60; <style> <textarea> </p> <p> <a href=javascript:x> [x](javascript:y) > # * `
<table> <tr> <td style=x> <math> <iframe> <!doctype <?php ]]> <![CDATA[ <plaintext> <title> ' " =
"""
WITH_BLANKS = (
    "<a href='javascript:x'>", '<a href=" JavaScript:x">', "<a href='data:x'>", "<b onclick=x>", "<td style=x>",
    "<div id=x style=y>", "<svg onload=x>", "<input type=x>", "<img src='javascript:x' onerror=y>", "\n", "\n\n",
)  # fmt: skip
PIECES = st.sampled_from([*HOSTILE.split(), *WITH_BLANKS])


@given(st.lists(PIECES | st.text(max_size=8), max_size=30).map(" ".join))
def test_whatever_is_written_only_known_tags_come_out_and_each_is_closed(text: str) -> None:
    reader = read(text)
    assert set(reader.tags) <= TAGS - {"img"}
    assert reader.open == []
    for name, value in reader.attributes:
        assert name in {"href", "rel", "class", "open", "start"}
        assert name != "href" or not (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a **b** `c` ~~d~~", "<strong>b</strong> <code>c</code> <s>d</s>"),
        ("a\nb", "a<br>"),
        ("| a | b |\n| - | -: |\n| 1 | 2 |", '<td class="right">2</td>'),
        ("<details><summary>more</summary>\n\n**x**\n\n</details>", "<details><summary>more</summary>"),
        ("a <sub>b</sub>", "<sub>b</sub>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<b onclick=x>y</b>", "<b>y</b>"),
        ("<a href='javascript:x'>y</a>", "<a>y</a>"),
        ("<a href='\x01 JAVASCRIPT:x'>y</a>", "<a>y</a>"),
        ("<img src='javascript:x' alt=words>", "words"),
        ("[a](https://example.org)", '<a href="https://example.org" rel="nofollow noopener">a</a>'),
        ("![words](http://x/y.png)", '<a href="http://x/y.png" rel="nofollow noopener">words</a>'),
        ("3. x", '<ol start="3">'),
        ("```diff\n+ a\n- b\n```", '<span class="add">+ a\n</span><span class="gone">- b\n</span>'),
        ("```yaml\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("<details open>x", "<details open"),
    ],
)
def test_what_github_shows(source: str, expected: str) -> None:
    assert expected in str(render(source))


def test_html_comments_are_hidden() -> None:
    assert read("<!-- tidegate:plan 1 -->\nshown").text.strip() == "shown"


def test_a_comment_cannot_close_the_page_around_it() -> None:
    assert "</div>" not in render("</div></article></main> hello")


def test_an_unclosed_script_does_not_swallow_what_follows() -> None:
    assert render("a <script> **b**") == "<p>a &lt;script&gt; <strong>b</strong></p>\n"
