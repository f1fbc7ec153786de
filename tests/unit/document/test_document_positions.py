"""Documents of a file, and where their parts stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import load_documents, load_json
from bot.errors import DocumentError

FILE = b"""\
# a comment
apiVersion: v1
kind: List
items:
  - metadata: {name: one, labels: {app: x}}
  - metadata:
      name: two
---
# nothing here
---
null
---

  - 1
  -   b: &b {c: 2}
  - *b
  - {<<: *b, d: 3}
"""


def test_documents_that_hold_nothing_are_left_out() -> None:
    first, second = load_documents(FILE)
    assert (first.line, second.line) == (2, 14)
    assert second.value == [1, {"b": {"c": 2}}, {"c": 2}, {"c": 2, "d": 3}]
    assert load_documents(b"") == load_documents(b"# only\n") == load_documents(b"---\n...\n") == ()


@pytest.mark.parametrize(
    ("document", "path", "place"),
    [
        (0, (), (2, 1)),
        (0, ("kind",), (3, 1)),
        (0, ("items",), (4, 1)),
        (0, ("items", 0), (5, 5)),
        (0, ("items", 0, "metadata", "labels", "app"), (5, 36)),
        (0, ("items", 1, "metadata", "name"), (7, 7)),
        (0, ("items", 1, "metadata", "missing", "deeper"), (6, 5)),
        (0, ("items", 9), (4, 1)),
        (0, ("kind", "no-mapping"), (3, 1)),
        (0, ("missing",), (2, 1)),
        (1, (0,), (14, 5)),
        (1, (1, "b", "c"), (15, 14)),
        (1, (2, "c"), (15, 14)),
        (1, (3, "d"), (17, 14)),
        (1, (3, "c"), (15, 14)),
    ],
)
def test_place(document: int, path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert load_documents(FILE)[document].locate(path) == place


ALIASES = b"""\
name: &n text
&k key: 1
*n : 2
deep: {*k : *k}
one: &one {x: 1, p: 1}
two: &two {p: 2, q: 2}
all:
  <<: [*one, *two]
  x: 3
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("text",), (3, 1)),
        (("deep", "key"), (4, 8)),
        (("all", "x"), (9, 3)),
        (("all", "p"), (5, 18)),
        (("all", "q"), (6, 18)),
    ],
)
def test_the_place_of_what_an_alias_names(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    (document,) = load_documents(ALIASES)
    assert document.locate(path) == place


def test_json_values_one_after_the_other() -> None:
    first, second = load_json(b' {"a": [1,\n {"b": null}]} {"a": "\\ud83d\\ude00"}\nnull')
    assert first.value == {"a": [1, {"b": None}]}
    assert second.value == {"a": "😀"}
    assert first.locate(("a", 1, "b")) == (2, 3)
    assert second.locate(("a",)) == (2, 17)
    assert load_json(b" \n") == ()


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"a": 1,\n "a": 2}', r'key "a" is set twice \(first at line 1\)', (2, 2)),
        ('{"a": 1,}', "a key is expected", (1, 9)),
        ("[1,]", "a value is expected", (1, 4)),
        ("[1", '"," or "]" is expected, but the file ends', (1, 3)),
        ('{"a" 1}', '":" is expected', (1, 6)),
        ("{'a': 1}", 'a key or "}" is expected', (1, 2)),
        ("[01]", '"," or "]" is expected', (1, 3)),
        ("[NaN]", "a value or", (1, 2)),
        ("[truely]", "a value or", (1, 2)),
        ("[1e999]", "too large", (1, 2)),
        ("[12345678901234567890]", "64 bits", (1, 2)),
        ('["\\ud800"]', "surrogate", (1, 2)),
        ('["a\tb"]', "a value or", (1, 2)),
        ("]", "a value is expected", (1, 1)),
        ("{]", 'a key or "}" is expected', (1, 2)),
        ("[}", 'a value or "]" is expected', (1, 2)),
        ("{1: 2}", 'a key or "}" is expected', (1, 2)),
        ("[:1]", 'a value or "]" is expected', (1, 2)),
        ('{"a": :1}', "a value is expected", (1, 7)),
        ("[-1e999]", "too large", (1, 2)),
        ("[1,,2]", "a value is expected", (1, 4)),
        ("[1}", '"," or "]" is expected', (1, 3)),
        ('{"a": 1]', '"," or "}" is expected', (1, 8)),
        ("[1 [2]]", '"," or "]" is expected', (1, 4)),
        ('{"a" {}}', '":" is expected', (1, 6)),
    ],
)
def test_malformed_json(text: str, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        load_json(text.encode())
    assert (caught.value.line, caught.value.column) == place


def test_json_beyond_yaml() -> None:
    long = "k" * 5000
    assert load_json(f'{{"{long}":\t"\\/"}}'.encode())[0].value == {long: "/"}


KEYS = st.text("abcdefgh", min_size=1, max_size=4)
TREES = st.recursive(
    st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for step, part in parts for each in [(*at, step), *paths(part, (*at, step))]]


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=5))
def test_every_place_shows_the_key_or_item_itself(value: dict[str, Any]) -> None:
    import json

    text = json.dumps(value, indent=1)
    lines = text.split("\n")
    for load in (load_documents, load_json):
        (document,) = load(text.encode())
        assert document.value == value
        for path in paths(value):
            line, column = document.locate(path)
            rest = lines[line - 1][column - 1 :]
            assert rest.startswith(f'"{path[-1]}":') if isinstance(path[-1], str) else rest[0] in "[{0123456789"
