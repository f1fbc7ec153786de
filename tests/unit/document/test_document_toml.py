"""TOML: the standard library's values, and lines of our own."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import Limits, load_toml
from bot.errors import DocumentError

TEXT = '''\
title = "x" # = "y" [
  a.b."c.d" = 1
long = """
not.a = "key"
\\"""still
when = "not yet"
"""
list = [
  "one",
  ["two = 2"],
] # ]
inline = {x = 1, y = [1]}
when = 2030-01-31T12:00:00Z

[tool.poetry]
name = 'n'
"quoted key" = 1
[tool.poetry.more]
z = 1
[[bin]]
path = 'a'
[[bin]]
path = 'b'
[bin.deep]
x = 1
[[bin.part]]
y = 1
[[bin.part]]
y = 2
'''
PLACES = [
    ((), 1, 1), (("title",), 1, 1), (("a", "b", "c.d"), 2, 3), (("long",), 3, 1), (("list", 1, 0), 8, 1),
    (("inline", "y", 0), 12, 1), (("tool", "poetry"), 15, 1), (("tool", "poetry", "name"), 16, 1),
    (("tool", "poetry", "quoted key"), 17, 1), (("tool", "poetry", "none"), 15, 1), (("bin",), 20, 1),
    (("bin", 0, "path"), 21, 1), (("bin", 1), 22, 1), (("bin", 1, "path"), 23, 1), (("bin", 1, "deep", "x"), 25, 1),
    (("bin", 1, "part", 0, "y"), 27, 1), (("bin", 1, "part", 1, "y"), 29, 1), (("bin", 1, "part"), 26, 1),
    (("when",), 13, 1), (("tool", "poetry", "more", "z"), 19, 1),
]  # fmt: skip


@pytest.mark.parametrize(("path", "line", "column"), PLACES)
def test_the_place_of_a_key(path: tuple[str | int, ...], line: int, column: int) -> None:
    (document,) = load_toml(TEXT.encode())
    assert document.locate(path) == (line, column)


def test_times_are_text() -> None:
    assert load_toml(b"a = 07:32:00\nb = 2030-01-31")[0].value == {"a": "07:32:00", "b": "2030-01-31"}
    (document,) = load_toml(TEXT.encode())
    assert document.value["when"] == "2030-01-31T12:00:00+00:00"
    assert document.value["bin"][1]["part"] == [{"y": 1}, {"y": 2}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "not valid TOML"),
        ("a = nan", "infinity and NaN"),
        ("a = -inf", "infinity and NaN"),
        ("a = 9223372036854775808", "64 bits"),
        ("a = -9223372036854775809", "64 bits"),
        ("a = " + "[" * 100 + "]" * 100, "nested more than 64"),
        ("a = " + "[" * 9000 + "]" * 9000, "nested more than 64"),
        ("a = 1\n" * 2, "not valid TOML"),
        ("#" * (1 << 21), "at most"),
    ],
)
def test_what_is_not_read(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        load_toml(text.encode())


def test_what_is_wrong_is_told_at_its_place() -> None:
    with pytest.raises(DocumentError) as caught:
        load_toml(b"a = 1\nbc = =\n")
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_limits_are_exact() -> None:
    assert load_toml(b"a = [1, 2, 3]", Limits(nodes=5, depth=3, size=13))
    with pytest.raises(DocumentError, match="more than 4 keys"):
        load_toml(b"a = [1, 2, 3]", Limits(nodes=4))
    with pytest.raises(DocumentError, match="nested more than 2 deep"):
        load_toml(b"a = [1, 2, 3]", Limits(depth=2))
    with pytest.raises(DocumentError, match="at most 12 are read"):
        load_toml(b"a = [1, 2, 3]", Limits(size=12))


WORDS = st.text("ab.\"' =[]#", min_size=1, max_size=4)
SCALARS = st.integers(-9, 9) | st.booleans() | st.sampled_from(["x", "#", "[", "'", "a = 1", '"""', "]"])
TABLES = st.dictionaries(WORDS, SCALARS | st.lists(SCALARS, max_size=3), max_size=4)


def written(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(written, value)) + "\n]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


@given(st.dictionaries(WORDS, TABLES, max_size=3))
def test_every_key_is_found_at_its_line(tables: dict[str, dict[str, Any]]) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for name, table in tables.items():
        lines.append(f"[{written(name)}]")
        expected[name,] = len(lines)
        for key, value in table.items():
            expected[name, key] = len(lines) + 1
            lines += f"{written(key)} = {written(value)}".split("\n")
    text = "\n".join(lines)
    (document,) = load_toml(text.encode())
    assert document.value == tomllib.loads(text) == tables
    assert {path: document.locate(path)[0] for path in expected} == expected


def test_a_literal_text_may_end_with_a_back_slash() -> None:
    assert load_toml(b"a = '''\\'''\nb = 1")[0].locate(("b",)) == (2, 1)
