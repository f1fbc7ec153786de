"""The quick ways read what the exact way reads, or leave it alone."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.document import load_documents
from bot.document.build import Builder
from bot.document.load import _yaml_events as exact_events
from bot.document.places import Places
from bot.document.quick import quick
from bot.document.simple import STAND_IN, simple
from bot.document.value import Limits, Root
from bot.errors import DocumentError

REPOSITORIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"
LIMITS = Limits()
Way = Callable[[str, Limits], list[Root] | None]

PIECES = st.sampled_from(
    [
        "a",
        "b: ",
        "c:\n",
        "- ",
        "  ",
        "    ",
        "\n",
        "\n",
        "\n- ",
        "\n  ",
        ": ",
        "yes",
        "no",
        "0755",
        "1e3",
        "~",
        "null",
        "''",
        '"x"',
        "'*y'",
        "*y",
        "&y ",
        "!!str ",
        "! ",
        "!x ",
        "<<",
        "<<: ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "|\n",
        ">-\n",
        "# c\n",
        "---\n",
        "...\n",
        "? ",
        "%YAML 1.1\n",
        "\t",
        ".inf",
        "1.10",
        "22:22",
        "-1",
        "0x1F",
        "é",
        "=",
        "\\",
        '"',
        "'",
        ">",
        "|2\n",
        ">+\n",
        "[a, b]\n",
        "{a: b}\n",
        ",",
        ":",
        "&",
        "\0",
        "\x7f",
        "\ufeff",
    ]
)


def exact(text: str) -> object:
    """What the exact way has: values with their types and places, or that it refuses the text."""
    builder = Builder(LIMITS)
    try:
        for event in exact_events(text):
            builder.take(event)
    except DocumentError:
        return "refused"
    return [(repr(value), place) for value, place in builder.roots]


def paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to everything in a value, and to what is not there."""
    yield at
    yield from ((*at, "missing"), (*at, 99), (*at, -1))
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from paths(part, (*at, step))


def placed_alike(text: str) -> bool:
    """Whether there was something to find; every place must be the one that the exact way finds."""
    try:
        documents = load_documents(text.encode())
    except DocumentError:
        return False
    exactly = Places(lambda: (exact_events(text), None))
    for document in documents:
        root = document.locate(())
        for path in paths(document.value):
            assert document.locate(path) == exactly.at(root, path), path
    return bool(documents)


WAYS = pytest.mark.parametrize("way", [simple, quick], ids=["simple", "quick"])


def agree(way: Way, text: str) -> bool:
    """Whether a quick way said something; what it says must be what the exact way says."""
    found = way(text, LIMITS)
    if found is None:
        return False
    assert [(repr(value), place) for value, place in found] == exact(text)
    return True


@WAYS
@settings(max_examples=4000)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_text_is_read_alike_or_left_alone(way: Way, text: str) -> None:
    agree(way, text + "\n")


@settings(max_examples=2000)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_places_in_any_text_are_those_of_the_exact_way(text: str) -> None:
    placed_alike(text + "\n")


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1}\nc: *x\nd: [*x, 2]\n",
        "a: &x {b: 1}\nc: {<<: *x, d: 2}\n",
        "c: {<<: {b: 1}, d: 2}\n",
        "c: {d: 2, <<: {b: 1}}\n",
        "'<<': {b: 1}\n",
        "- &x\n  a: 1\n- !!map\n  b: 2\n",
        "---\na: 1\n---\n# none\n---\n- 1\n- {b: 2}\n",
        "0: {1: [a]}\nyes: no\n'': ~\n",
    ],
)
def test_places_are_those_of_the_exact_way(text: str) -> None:
    assert placed_alike(text)


@WAYS
@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a: &x b\nc: [*x]\n",
        "a: &x b\nc: [1,*x]\n",
        "a: &x b\nc: {*x : 1}\n",
        'a: &x b\nc: {"d":*x}\n',
        "a: {<<: {b: 1}}\n",
        "a: !!str 5\n",
        "a: ! 5\n",
        "a: 1\na: 2\n",
        "a: .inf\n",
        "[" * 400,
        "- " * 70 + "x\n",
        "a: [\n",
        "a: b: c\n",
        "? [a]\n: b\n",
        "~: 1\n",
        "a: " + "9" * 30 + "\n",
        "x: &a 1\ny: &a 2\nz: *a\n",
    ],
)
def test_what_is_unusual_or_wrong_is_left_alone(way: Way, text: str) -> None:
    assert not agree(way, text)


@pytest.mark.parametrize(
    "text",
    [
        "a: \0\nb: 1\n", "a: \x1b\n", "a: \x7f\n", "a: \x9f\n", "a: b\n\ufeff'c': d\n", "a: \uffff\n",
        "- a\n\t\n", "a:\tb\n", "&: 1\n", "a:\n  &: b\n", "a: _1\n", "- 1_0\n", "a: +9223372036854775808\n",
        "a: {b: c, >d: e}\n", "a: [b, |c]\n", "a: {b:, c: d}\n", "[:a]\n", "{a: b,\n c: d}\n", "{a: b,1\n c: d}\n",
        "a: {b: c}: d\n", "--- {a: b\n c: d}\n", "|\na: b\n", " >\na: b\n", "--- |-\na: b\n",
        "a: |\n", "- >-\n\n", "a: | # b\n", "a: >+\n", "a:\n  b: |2\n", "a: |-1\n b\n",
    ],
)  # fmt: skip
def test_what_one_library_takes_and_the_other_does_not_is_left_alone(text: str) -> None:
    assert not agree(simple, text)


@pytest.mark.parametrize(
    "text",
    [
        "a: {b: 1, c: [x, 'y', \"z:\"]}\n", "a: []\nb: {} # none\n", "- {a: {b: {c: d}}}\n", "[a, b]\n", "a: x[0]{z}\n",
        "a: b:c/d@e%\n", "a: |\n  if a && b; then c > d\n", "a: x>\n", "a: nginx:1.2.3 # & *\n", "a: b_1\n",
    ],
)  # fmt: skip
def test_what_is_usual_is_read_quickly(text: str) -> None:
    assert agree(simple, text)


@pytest.mark.parametrize("text", ["{true, b: 1}\n", "{a: 1, 1}\n", "{1 # c\n ,a}\n", "{~}\n"])
def test_a_key_without_a_value_that_may_be_no_text_is_left_alone(text: str) -> None:
    assert not agree(simple, text)


@WAYS
def test_keys_in_quotes_are_text(way: Way) -> None:
    assert agree(way, "'yes': 1\n\"0755\": 2\n")


@pytest.mark.parametrize(
    "text",
    ["mode: 0440\n", "- {mode: 0440, other: 0755}\n", "a:\n  mode: 00 # none\n---\nb: 0440\n", 'a: "x"\nm: 0640'],
)
def test_octal_modes_are_read_quickly(text: str) -> None:
    assert agree(simple, text)


MODES = st.sampled_from(
    ["0440", "00", "0755", "288", "'0440'", '"m: 0440"', "x: 0440", "0440 more", "08", "-0440", "0440_"]
)
AROUND = st.sampled_from(
    [
        "a: {}\n", "- a: {}\n", "a: |\n  m: {}\n", "a: >-\n  m: {}\n  n: {}\n", "a: m\n  n: {}\n", "# m: {}\na: 1\n",
        "a: {{m: {}, n: {}}}\n", "a: [m: {}]\n", "a: {}\n  more\n", "'m: {}': 1\n", '"a\n  m: {}": 1\n', "{}: 1\n",
        "a: 'x\n  m: {}\n  y'\n", "a: 288\nm: {}\n", "---\na: {}\n---\n- {}\n",
    ]
)  # fmt: skip


@settings(max_examples=3000)
@given(st.lists(st.tuples(AROUND, MODES, MODES), min_size=1, max_size=3))
def test_octal_modes_are_told_from_words_like_them(parts: list[tuple[str, str, str]]) -> None:
    agree(simple, "".join(around.format(one, two) for around, one, two in parts))


def test_a_number_that_octal_ones_are_written_as_is_itself() -> None:
    text = f"size: {STAND_IN}00000\nmode: 0440\n"
    assert not agree(simple, text)
    assert load_documents(text.encode())[0].value == {"size": int(f"{STAND_IN}00000"), "mode": 0o440}


def test_limits_are_left_to_the_exact_way() -> None:
    assert simple("a: {b: {c: 1}}\n", Limits(depth=2)) is None
    assert quick("a: {b: {c: 1}}\n", Limits(depth=2)) is None
    assert quick("a: {b: {c: 1}}\n", Limits(depth=3)) == [({"a": {"b": {"c": 1}}}, (1, 1))]
    assert quick("a: 1\n" * 10, Limits(nodes=20)) is None
    with pytest.raises(DocumentError):
        load_documents(b"- " * 20000 + b"x", LIMITS)


@pytest.mark.skipif(not REPOSITORIES.is_dir(), reason="the repositories to test with are not there")
@pytest.mark.parametrize(("way", "most"), [(simple, 0.5), (quick, 0.9)], ids=["simple", "quick"])
def test_real_files_are_read_alike_and_most_of_them_quickly(way: Way, most: float) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(REPOSITORIES.rglob("*.y*ml"))]
    done = [agree(way, text) for text in texts]
    assert sum(done) >= most * len(texts), f"{sum(done)} of {len(texts)}"


@pytest.mark.skipif(not REPOSITORIES.is_dir(), reason="the repositories to test with are not there")
def test_places_in_real_files_are_those_of_the_exact_way() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(REPOSITORIES.rglob("*.y*ml"))]
    short = [text for text in texts if len(text) < 20_000]
    assert sum(map(placed_alike, random.Random(7).sample(short, 300))) > 200


@WAYS
@pytest.mark.skipif(not REPOSITORIES.is_dir(), reason="the repositories to test with are not there")
def test_real_files_with_a_character_changed_are_read_alike(way: Way) -> None:
    chance = random.Random(7)
    texts = [path.read_text(encoding="utf-8") for path in sorted(REPOSITORIES.rglob("*.y*ml"))]
    for text in chance.sample(texts, 150):
        at = chance.randrange(max(1, len(text)))
        agree(way, text[:at] + chance.choice("*&!:-'\"[]{}#|>%\n y0.") + text[at + chance.randrange(2) :])
