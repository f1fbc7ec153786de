"""Text that somebody else wrote stays text: read back by a Markdown parser, nothing of it has come alive."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.model.forge import Limits
from bot.model.noun import Digest
from bot.model.plan import Action, Applied, Health, Plan
from bot.model.report import Answer
from bot.report import escape
from bot.report.check_run import check_of
from bot.report.comment import MARKER, comment_of
from bot.report.markdown import inline, to_markdown
from bot.report.outcome import Deed, outcome_of
from bot.report.outline import Outline, code, line, link
from bot.report.story import Standing, Story
from tests.unit.report.conftest import Build

NASTY = [
    "@acme/sre", "\\@acme", "org/repo#1", "#1", "GH-7", "!12", "https://evil.example/x", "www.evil.example",
    "a@b.example", "![x](https://evil.example/i.png)", "[x](javascript:alert)", "<img src=x>", "</details>", "<!-- -->",
    "`", "``", "```", "````diff", "~~~", "/merge", "\r/approve", "\n/close", "\u202e", "\u200b@x", "\x1b[2J", "|",
    "\\|", "**", "__", "$x$", "1. ", "- ", "# ", "> ", "---", "<br>", "&commat;x", "&#64;x", "\u2028/label",
    "</code>@x", "\\`@x`", "\t/x", "",
]  # fmt: skip

LIVE = re.compile(r"(^|[^\w`])@\w|#\d|\w@\w|://|www\.|GH-\d|!\d|\$\w", re.IGNORECASE)
OURS = re.compile(r"(<!-- tidegate:[\w:.-]+ -->|</details>|<details><summary>.*</summary>)\n*")

texts = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=5).map("".join)


def living(markdown: str) -> list[str]:
    """Everything in a comment that is not inert; an empty list is what we want."""
    found = [each for each in markdown.split("\n") if re.match(r"[ \t]*/", each)]
    found += [char for char in sorted(set(markdown)) if escape.has_invisible(char)]
    depth = 0
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type == "html_block":
            if not OURS.fullmatch(token.content):
                found.append(token.content)
            depth += token.content.count("<details>") - token.content.count("</details>")
            found += living_html(token.content)
        if depth not in (0, 1):
            found.append(f"a fold inside a fold, or closed twice: {token.content!r}")
        for child in token.children or ():
            if child.type == "image" or (child.type == "html_inline" and child.content != "<br>"):
                found.append(child.content)
            if child.type == "text" and LIVE.search(child.content):
                found.append(child.content)
            if child.type == "link_open" and not cast(str, child.attrs["href"]).startswith("https://tidegate.example/"):
                found.append(cast(str, child.attrs["href"]))
    return [*found, *(["a fold stays open"] if depth else [])]


def living_html(block: str) -> list[str]:
    """What is alive in the text of a summary: tags that are not ours, and words outside of code."""
    inner = re.sub(r"<code>.*?</code>", "", re.sub(r"^<details><summary>|</summary>\n*$", "", block))
    if block.startswith("<details>"):
        return ([inner] if "<" in inner else []) + ([inner] if LIVE.search(html.unescape(inner)) else [])
    return []


def hostile_story(build: Build, text: Callable[[], str]) -> Story:
    """The same text wherever somebody else may write."""
    thing = build.thing("Deployment.apps", text() or "x", text())
    doomed = build.change(thing, Action.DELETE, before={text(): text(), "list": [text()]})
    changed = build.change(thing, before={"k": text(), text(): 1}, after={"k": text()}, conflict=text())
    new = build.change(thing, Action.CREATE, after={"k": text(), "b": f"{text()}\n{text()}\n"})
    found = build.finding(message=text(), fix=text(), path=text(), check=text() or "c", resource=thing)
    warned = build.finding("warning", message=text(), path="a.yaml")
    prod = build.assessment(text() or "prod", [doomed, changed, new], [found, warned])
    answer = Answer(by=text(), command=text(), accepted=False, text=text(), at=build.NOON)
    pull = build.pull(title=text(), branch=text(), base=text())
    return build.story(
        assessments=(prod,), preview=(prod,), answers=(answer,), pull=pull, base_branch=text(), unaffected=(text(),)
    )


@given(data=st.data(), limit=st.integers(2_000, 12_000))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_hostile_story_stays_inert_within_any_limit(build: Build, data: st.DataObject, limit: int) -> None:
    story = hostile_story(build, lambda: data.draw(texts))
    markdown = comment_of(story, Limits(comment=limit, check_text=1, annotations=1))
    assert len(markdown) <= limit
    assert markdown.startswith(f"{MARKER}\n### ")
    assert living(markdown) == []


@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_hostile_check_stays_inert(build: Build, data: st.DataObject) -> None:
    check = check_of(hostile_story(build, lambda: data.draw(texts)))
    assert living(check.summary) == []
    assert living(check.text) == []
    assert len(check.title) <= 200
    titles = [check.title, *(each.title for each in check.annotations)]
    assert not escape.has_invisible("".join([*titles, *(each.message + each.path for each in check.annotations)]))
    assert not any("\n" in each for each in titles)
    assert len(check.summary.encode()) <= 65_535
    assert len(check.text.encode()) <= 65_535


PHASES = ("planning", "conflict", "fork", "elsewhere", "unconfigured", "misconfigured", "merged", "closed")


@given(data=st.data(), phase=st.sampled_from(PHASES))
@settings(max_examples=100)
def test_every_phase_stays_inert(build: Build, data: st.DataObject, phase: str) -> None:
    text: Callable[[], str] = lambda: data.draw(texts)  # noqa: E731
    standing = Standing(
        environment=text() or "x", state=data.draw(st.sampled_from(["failed", "waiting"])), detail=text()
    )
    story = build.story(
        phase=phase,
        pull=build.pull(branch=text(), base=text()),
        base_branch=text(),
        prefix=text(),
        conflicts=(text(),),
        findings=(build.finding(message=text(), path=text()),),
        standings=(standing,),
    )
    assert living(comment_of(story, Limits(comment=65_536, check_text=1, annotations=1))) == []


@given(data=st.data())
@settings(max_examples=100)
def test_a_hostile_outcome_stays_inert(build: Build, data: st.DataObject) -> None:
    part: Any = build.assessment(changes=[build.change(build.thing(name=data.draw(texts) or "x"))])
    results = tuple(
        Applied(
            id=each.id, action=each.action, state=data.draw(st.sampled_from(["done", "failed"])), error=data.draw(texts)
        )
        for each in part.plan.changes
    )
    deed = Deed(
        environment=data.draw(texts) or "x", revision=build.MERGE, digest=part.head.digest, plan=part.plan,
        results=results, health=Health(state="degraded", reasons=(data.draw(texts),)), prefix=data.draw(texts),
    )  # fmt: skip
    assert living(outcome_of(deed, data.draw(texts)).body) == []


@pytest.mark.parametrize("text", NASTY)
def test_words_and_code_show_exactly_what_was_written(text: str) -> None:
    """Escaping loses nothing: what a reader sees is what was there, with the unseen written out."""
    for piece, expected in (
        (line(code(text)), escape.visible(text).replace("\n", "\\n")),
        (line(code("x" + text)), "x" + escape.visible(text).replace("\n", "\\n")),
    ):
        (token,) = [
            t
            for t in cast(list[Token], MarkdownIt("commonmark").parseInline(inline(piece))[0].children)
            if t.type == "code_inline"
        ]
        assert token.content.strip() == expected.strip()


@given(texts)
def test_prose_reads_back_as_written(text: str) -> None:
    shown = escape.plain("x " + text)
    children = cast(list[Token], MarkdownIt("commonmark").parseInline(shown)[0].children)
    assert {each.type for each in children} <= {"text", "code_inline", "text_special"}
    read = "".join(each.content for each in children)
    assert read.split() == ("x " + escape.visible(text)).split()


@given(first=texts, second=texts, third=texts)
def test_pieces_side_by_side_do_not_merge(first: str, second: str, third: str) -> None:
    written = inline(line(code(first), code(second)) + line(third) + line(code(first)))
    assert not [t for t in living(f"x {written}\n") if t]


def test_no_paragraph_begins_with_a_command() -> None:
    outline = Outline(headline=line("x"), paragraphs=(line("/merge"), line(" /close")), states=(line("/label ~a"),))
    assert not [each for each in to_markdown(outline, 10_000).split("\n") if each.lstrip().startswith("/")]


def test_the_words_of_a_link_lead_nowhere_else() -> None:
    written = inline(line(link("a](https://evil.example) <b>@acme", "https://tidegate.example/x")))
    assert living(f"{written}\n") == []
    assert "](https://tidegate.example/x)" in written


def test_a_fence_outlives_its_content() -> None:
    lines = [" ```", "+````", "-~~~", " `````"]
    fenced = escape.fence(lines, "diff")
    (token,) = MarkdownIt("commonmark").parse(fenced)
    assert token.type == "fence"
    assert token.content.splitlines() == lines


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_only_web_addresses_are_links(url: str) -> None:
    assert escape.link_target(url) == ""


def test_a_link_cannot_end_early() -> None:
    assert ")" not in escape.link_target("https://tidegate.example/a) [x](y")
    assert " " not in escape.link_target("https://tidegate.example/a b")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b", "\\x1b"), ("\u202e", "\\u202e"), ("\U000e0041", "\\U000e0041"), ("\U000e0101", "\\U000e0101"),
        ("\u3164\u034f", "\\u3164\\u034f"), ("\u2028\r", "\\u2028\\x0d"), ("\t", "\\x09"), ("é🗑\n", "é🗑\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert escape.visible(text) == shown
    assert escape.has_invisible(text) is (shown != text and text != "\t")


@pytest.mark.parametrize(
    "word", ["@a", "#1", "$1", "a://b", "www.a", "GH-7", "gh-7", "!1", "&1", "~bug", '~"a', "%1", '%"x']
)
def test_a_word_that_a_forge_would_make_something_of_is_code(word: str) -> None:
    assert escape.plain(f"x {word}") == f"x `{word}`"
    assert escape.html(f"x {word}") == f"x <code>{html.escape(word)}</code>"


def test_no_line_begins_with_a_slash() -> None:
    assert escape.no_leading_slash("/a\n /b\nc /d") == "\\/a\n \\/b\nc /d"


def test_an_apply_with_thousands_of_objects_still_fits(build: Build) -> None:
    changes = tuple(build.change(build.thing(name=f"a{i}")) for i in range(3_000))
    plan = Plan(
        environment=build.environment().id, desired=Digest("d1:x"), destination="", changes=changes, inventory=9,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    results = tuple(Applied(id=each.id, action=each.action, state="done") for each in changes[:-1])
    failed = Applied(id=changes[-1].id, action=Action.UPDATE, state="failed", error="disk full")
    deed = Deed(
        environment="prod",
        revision=build.MERGE,
        digest=Digest("d1:x"),
        plan=plan,
        results=(*results, failed),
        health=Health(state="degraded"),
    )
    body = outcome_of(deed, "k").body
    assert len(body) <= 30_000
    assert "### ❌ prod did not reach `9be01d4` · 2999 of 3000 applied" in body
    assert "First error: **Deployment web/a2999** (update): disk full" in body
    assert replace(deed, results=results).results
