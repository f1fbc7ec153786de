"""Lines of an outline: what a text becomes, and how lines are put together."""

import pytest

from bot.report.outline import BREAK, Line, Piece, code, join, line


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("type `plan` now", (Piece(text="type "), code("plan"), Piece(text=" now"))),
        ("a\n\nb", (Piece(text="a"), BREAK, Piece(text="b"))),
        ("`a\nb`", (Piece(text="`"), Piece(text="a"), BREAK, Piece(text="b"), Piece(text="`"))),
        ("``", (Piece(text="`"), Piece(text="`"))),
        ("", ()),
    ],
)
def test_words_become_pieces_and_lose_nothing(text: str, pieces: Line) -> None:
    assert line(text) == pieces


def test_an_empty_line_is_not_set_apart() -> None:
    assert "".join(each.text for each in join([(), line("a"), (), line("b"), ()])) == "a · b"
