"""A text that is cut stays within its bytes, closes what it opened and says that it was cut."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.forge.github.clip import clip

LINE = st.sampled_from(
    ["```yaml", "```", "````", "~~~", "  ```", "<details>", "</details>", "text", "ü" * 20, "", "`a`"]
)


@example(["</details>", "```yaml", *[""] * 300], 150)
@given(st.lists(LINE, max_size=60), st.integers(min_value=150, max_value=600))
def test_it_fits_and_the_notice_is_a_paragraph_of_its_own(lines: list[str], limit: int) -> None:
    markdown = "\n".join(lines)
    cut = clip(markdown, limit)
    assert len(cut.encode()) <= limit
    if cut == markdown:
        return
    assert "Cut here" in cut
    fenced = [token for token in MarkdownIt().parse(cut) if token.type in ("fence", "code_block")]
    assert not any("Cut here" in token.content for token in fenced)


def test_what_fits_is_left_alone() -> None:
    assert clip("```\nopen", 8) == "```\nopen"


def test_bytes_count_and_not_characters() -> None:
    assert len(clip("ü" * 40 + "\n" + "ü" * 300, 200).encode()) <= 200


@pytest.mark.parametrize("text", ["x" * 1000, "ü" * 1000])
def test_one_endless_line_is_cut_within(text: str) -> None:
    cut = clip(text, 200)
    assert cut.startswith(text[:50])
    assert len(cut.encode()) <= 200


def test_open_details_are_closed() -> None:
    cut = clip("<details><summary>s</summary>\n\n```\n" + "line\n" * 200, 300)
    assert cut.index("```\n\n</details>") < cut.index("Cut here")
