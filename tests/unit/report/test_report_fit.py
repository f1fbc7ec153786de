"""Fitting sections into a limit: never over it, whole units only, nobody starved, the first section always there."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.report.fit import Measure, Section, Unit, fit

units = st.lists(
    st.builds(lambda n, short: Unit(full="é" * n, short="s" * min(n, short)), st.integers(1, 80), st.integers(0, 9))
)
sections = st.lists(
    st.builds(
        lambda opening, units, closing, floor, rank: Section(
            opening="«" * opening, units=tuple(units), closing="»" * closing, floor=floor, rank=rank
        ),
        st.integers(0, 20), units, st.integers(0, 20), st.floats(0, 0.3), st.integers(1, 9),
    ),
    max_size=6,
)  # fmt: skip


def utf8(text: str) -> int:
    return len(text.encode())


@given(sections, st.integers(0, 600), st.sampled_from([len, utf8]))
def test_never_over_the_limit_and_frames_stay_whole(drawn: list[Section], limit: int, measure: Measure) -> None:
    texts, shown = fit(drawn, limit, measure)
    assert sum(map(measure, texts)) <= limit
    for section, text, number in zip(drawn, texts, shown, strict=True):
        assert text == "" or (text.startswith(section.opening) and text.endswith(section.closing))
        assert number <= len(section.units)


@given(sections)
def test_with_room_for_all_everything_is_shown(drawn: list[Section]) -> None:
    texts, shown = fit(drawn, 10**6, len)
    assert shown == [len(each.units) for each in drawn]
    assert texts == [each.opening + "".join(u.full for u in each.units) + each.closing for each in drawn]


def test_the_first_section_yields_to_nobody() -> None:
    head = Section(opening="h" * 50, rank=0)
    greedy = Section(units=(Unit(full="x" * 90),), floor=0.9, rank=1)
    assert fit([head, greedy], 100, len)[0][0] == "h" * 50


def test_a_long_section_leaves_the_others_their_floor() -> None:
    long = Section(units=tuple(Unit(full="x" * 10) for _ in range(1_000)), rank=1)
    short = Section(units=(Unit(full="y" * 100),), floor=0.3, rank=2)
    texts, shown = fit([long, short], 1_000, len)
    assert texts[1] == "y" * 100
    assert f"{1_000 - shown[0]} more" in texts[0]
    assert sum(map(len, texts)) > 950


def test_a_frame_without_room_is_left_out() -> None:
    assert fit([Section(opening="o" * 30, units=(Unit(full="x"),), closing="c")], 20, len) == ([""], [0])


def test_a_fold_with_nothing_in_it_is_left_out() -> None:
    section = Section(opening="<", units=(Unit(full="x" * 500),), closing=">")
    assert fit([section], 100, len) == (["<… and 1 more not shown\n>"], [0])
    assert fit([replace(section, bare=False)], 100, len) == ([""], [0])


def test_a_short_form_is_shown_and_not_counted_as_whole() -> None:
    section = Section(units=(Unit(full="x" * 500, short="too long;"), Unit(full="y")))
    assert fit([section], 100, len) == (["too long;y"], [1])


@pytest.mark.parametrize(
    ("section", "limit", "text"),
    [
        (Section(units=(Unit(full="x" * 100),)), 100, "x" * 100),
        (Section(units=(Unit(full="x" * 50), Unit(full="y" * 60))), 73, "x" * 50 + "… and 1 more not shown\n"),
        (Section(opening="<", units=(Unit(full="x" * 50),), closing=">"), 25, "<… and 1 more not shown\n>"),
    ],
)
def test_room_is_used_to_the_last_character(section: Section, limit: int, text: str) -> None:
    assert fit([section], limit, len)[0] == [text]
    assert len(fit([section], limit - 1, len)[0][0]) < len(text)


def test_the_rank_orders_the_filling_and_not_the_page() -> None:
    later, sooner = Section(units=(Unit(full="a" * 60),), rank=2), Section(units=(Unit(full="b" * 60),), rank=1)
    assert fit([later, sooner], 100, len)[0] == ["", "b" * 60]
