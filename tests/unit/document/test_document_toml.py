"""TOML: the standard library's values, and lines of our own."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import Limits, load_toml
from bot.errors import DocumentError

TEXT = '''\
title = "x" # = "y"
  a.b."c.d" = 1
long = """
not.a = "key"
\\"""still
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
    ((), 1, 1), (("title",), 1, 1), (("a", "b", "c.d"), 2, 3), (("long",), 3, 1), (("list", 1, 0), 7, 1),
    (("inline", "y", 0), 11, 1), (("tool", "poetry"), 14, 1), (("tool", "poetry", "name"), 15, 1),
    (("tool", "poetry", "quoted key"), 16, 1), (("tool", "poetry", "none"), 14, 1), (("bin",), 18, 1),
    (("bin", 0, "path"), 19, 1), (("bin", 1), 20, 1), (("bin", 1, "path"), 21, 1), (("bin", 1, "deep", "x"), 23, 1),
    (("bin", 1, "part", 0, "y"), 25, 1), (("bin", 1, "part", 1, "y"), 27, 1), (("bin", 1, "part"), 24, 1),
]  # fmt: skip


@pytest.mark.parametrize(("path", "line", "column"), PLACES)
def test_the_place_of_a_key(path: tuple[str | int, ...], line: int, column: int) -> None:
    (document,) = load_toml(TEXT.encode())
    assert document.locate(path) == (line, column)


def test_times_are_text() -> None:
    (document,) = load_toml(TEXT.encode())
    assert document.value["when"] == "2030-01-31T12:00:00+00:00"
    assert document.value["bin"][1]["part"] == [{"y": 1}, {"y": 2}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "not valid TOML"),
        ("a = nan", "infinity and NaN"),
        ("a = 9223372036854775808", "64 bits"),
        ("a = " + "[" * 100 + "]" * 100, "nested more than 64"),
        ("a = " + "[" * 9000 + "]" * 9000, "nested more than 64"),
        ("a = 1\n" * 2, "not valid TOML"),
        ("#" * (1 << 21), "at most"),
    ],
)
def test_what_is_not_read(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        load_toml(text.encode())


def test_the_number_of_values_is_limited() -> None:
    with pytest.raises(DocumentError, match="more than 3 keys"):
        load_toml(b"a = [1, 2, 3]", Limits(nodes=3))


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
