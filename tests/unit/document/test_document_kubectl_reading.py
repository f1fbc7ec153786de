"""Scalars, keys, tags and merges read as `sigs.k8s.io/yaml` reads them, or refused."""

from typing import Any

import pytest

from bot.document import load_documents
from bot.errors import DocumentError


def read(text: str) -> Any:
    (document,) = load_documents(text.encode())
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("N", False),
        ("tRue", "tRue"),
        ("~", None),
        ("Null", None),
        ("0755", 493),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b101", -5),
        ("+12", 12),
        ("1_000", 1000),
        ("0x 1", "0x 1"),
        ("0x-1", "0x-1"),
        ("08", 8),
        ("1e3", 1000),
        ("1.0", 1),
        ("-0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        (".5_0", ".5_0"),
        ("5.", 5),
        ("_1", "_1"),
        ("1e400", "1e400"),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("22:22", "22:22"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("=", "="),
        ("<<", "<<"),
        ("1.2.3", "1.2.3"),
        ("-", None),
        ("'yes'", "yes"),
        ('"0755"', "0755"),
        ("! 5", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 1", 1),
        ("!!bool yes", True),
        ("!!null ''", None),
        ("!!binary aGVsbG8=", "hello"),
        ("!!binary |\n  aGVs\n  bG8=", "hello"),
        ("!!other 5", "5"),
        ("!!timestamp 2024-01-01", "2024-01-01"),
        ("!env_var REGION", "REGION"),
        ("!env_var 5", "5"),
        (r'"\x00\u0007"', "\x00\x07"),
    ],
)
def test_scalar(text: str, value: Any) -> None:
    got = read(f"key: {text}\n") if text != "-" else {"key": None}
    assert got == {"key": value}
    assert type(got["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("yes", "true"),
        ("n", "false"),
        ("80", "80"),
        ("0755", "493"),
        ("1.5", "1.5"),
        ("=", "="),
        ("'~'", "~"),
        ("1_0", "10"),
        ("!!str yes", "yes"),
    ],
)
def test_key_becomes_text(text: str, key: str) -> None:
    assert read(f"{text}: x\n") == {key: "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: .nan", "infinity and NaN"),
        ("a: -.INF", "infinity and NaN"),
        ("a: 9223372036854775808", "does not fit in 64 bits"),
        ("a: " + "9" * 5000, "does not fit in 64 bits"),
        ("a: 0x" + "f" * 5000, "does not fit in 64 bits"),
        ("~: x", "a key is empty or null"),
        ("?\n: x", "a key is empty or null"),
        ("[a]: x", "a key must be text"),
        ("? {a: b}\n: x", "a key must be text"),
        ("1.10: x", "quote it"),
        ("1e3: x", "quote it"),
        ("123456.75: x", "quote it"),
        ("0.00001: x", "quote it"),
        ("1_000000.0: x", "quote it"),
        ("!!float 1000000: x", "quote it"),
        (".nan: x", "infinity and NaN"),
        ("a: !!int secretvalue", "not what its tag !!int says"),
        ("a: !!int 1.0", "not what its tag !!int says"),
        ("a: !!int 1e3", "not what its tag !!int says"),
        ("a: !!bool 5", "not what its tag !!bool says"),
        ("a: !!null 5", "not what its tag !!null says"),
        ("a: !!float yes", "not what its tag !!float says"),
        ("a: !!float x", "not what its tag !!float says"),
        ("a: !!timestamp secretvalue", "not a day"),
        ("a: !!timestamp 5", "not a day"),
        ("a: !!timestamp 2030-02-30", "not a day"),
        ("!!timestamp a: 5", "not a day"),
        ("a: !!binary secretvalue", "base64"),
        ("a: !!binary a-Gk=", "base64"),
        ("a: !!binary aGVs bG8=", "base64"),
        ("a: !!binary /w==", "base64 of UTF-8"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        load_documents(text.encode())
    assert "secretvalue" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "first", "line", "key"),
    [
        ("a: 1\nb: 2\na: 3\n", 1, 3, "a"),
        ("x: {c: 1,\n  b: 2,\n  b: 2}\n", 2, 3, "b"),
        ("yes: 1\n'true': 2\n", 1, 2, "true"),
        ("80: 1\n'80': 2\n", 1, 2, "80"),
        ("a: {deep: 1}\nb: [1,\n 2]\na:\n", 1, 4, "a"),
        ("a: &k 1\n\n*k : 2\n", None, 3, "k"),
    ],
)
def test_duplicate_keys_name_both_lines(text: str, first: int | None, line: int, key: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_documents(text.encode())
    assert caught.value.line == line
    if first is not None:
        assert str(caught.value) == f'key "{key}" is set twice (first at line {first})'


def test_key_in_an_error_is_escaped_and_cut() -> None:
    key = '"\\u202e' + "k" * 100 + '"'
    with pytest.raises(DocumentError) as caught:
        load_documents(f"{key}: 1\n{key}: 2\n".encode())
    assert "\\u202e" in str(caught.value)
    assert "\u202e" not in str(caught.value)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("style", ["|", "|+", ">"])
@pytest.mark.parametrize("start", ["", "x: !!str 1\n", "x: no\n"], ids=["simple", "exact", "quick"])
def test_the_last_line_of_a_file_ends_like_the_others(style: str, start: str) -> None:
    """kubectl ends it itself (`k8s.io/apimachinery/pkg/util/yaml`, LineReader)."""
    assert read(f"{start}a: {style}\n  text")["a"] == "text\n"
    assert read(f"{start}a: {style[0]}-\n  text")["a"] == "text"


def test_anchor_set_twice_means_the_latest() -> None:
    assert read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_alias_as_a_key() -> None:
    assert read("a: &x name\n*x : 1\n&y other: 2\nb: *y\n") == {"a": "name", "name": 1, "other": 2, "b": "other"}


@pytest.mark.parametrize(
    ("key", "value"), [("yes", True), ("0755", 493), ("1.5", 1.5), ("'yes'", "yes"), ("!!str 1", "1")]
)
def test_an_anchored_key_is_a_value_of_its_own_kind_elsewhere(key: str, value: Any) -> None:
    assert read(f"a: {{&x {key}: 1}}\nb: *x\n")["b"] == value
    assert type(read(f"a: {{&x {key}: 1}}\nb: *x\n")["b"]) is type(value)


def test_anchor_does_not_reach_the_next_document() -> None:
    with pytest.raises(DocumentError, match="has no anchor"):
        load_documents(b"a: &x 1\n---\nb: *x\n")


def test_an_alias_of_nothing_is_not_quoted() -> None:
    """It may be a password that begins with an asterisk."""
    with pytest.raises(DocumentError) as caught:
        load_documents(b"stringData:\n  password: *c4n4ry\n")
    assert "c4n4ry" not in str(caught.value)
    assert (caught.value.line, "begins with *" in caught.value.message) == (2, True)


def test_merge_gives_way_to_keys_after_it_and_to_earlier_sources() -> None:
    text = "base: &b {p: 1, q: 1}\nmore: &m {q: 2, r: 2}\nout:\n  <<: [*b, *m]\n  p: 3\n"
    assert read(text)["out"] == {"p": 3, "q": 1, "r": 2}
    assert read("out:\n  <<: {p: 1}\n  q: 2\n")["out"] == {"p": 1, "q": 2}
    assert read("out:\n  !!merge <<: {p: 1}\n  q: 2\n")["out"] == {"p": 1, "q": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b: &b {x: 1}\nout:\n  x: 2\n  <<: *b\n", 'move "<<" to the top'),
        ("b: &b {x: 1}\nout:\n  <<: *b\n  <<: *b\n", '"<<" is set twice'),
        ("out:\n  <<: text\n", "merges mappings only"),
        ("out:\n  <<: [text]\n", "merges mappings only"),
        ("b: &b text\nout:\n  <<: *b\n", "merges mappings only"),
    ],
)
def test_merge_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        load_documents(text.encode())


def test_quoted_merge_key_is_a_key() -> None:
    assert read("'<<': {a: 1}\n") == {"<<": {"a": 1}}
