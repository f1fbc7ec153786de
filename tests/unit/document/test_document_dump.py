"""`dump` writes what `load_documents` reads back, and other readers too."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.document import dump, dump_in_order, load_documents, load_json

TEXT = st.text(max_size=40) | st.text("ab \n\t-:#'\"|>yesno01.e_=<~é\u2028\x85\ufeff\r", max_size=15)
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["yes", "n", "0755", "1e3", "=", "22:22", "<<", "2024-01-01", "~", "null", ".inf", "0x1F", "1_0"])
)
VALUES = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=25,
)
ROOTS = VALUES.filter(lambda value: value is not None)


@given(ROOTS)
def test_round_trip(value: Any) -> None:
    (document,) = load_documents(dump(value).encode())
    assert document.value == value


@given(ROOTS)
def test_dump_is_canonical(value: Any) -> None:
    text = dump(value)
    assert dump(load_documents(text.encode())[0].value) == dump(load_documents(text.encode())[0].value)
    if isinstance(value, dict):
        assert dump(dict(reversed(list(value.items())))) == text


@given(st.dictionaries(TEXT, st.dictionaries(TEXT, TEXT), min_size=2))
def test_the_order_of_keys_is_kept_where_that_is_asked_for(value: Any) -> None:
    assert repr(load_documents(dump_in_order(value).encode())[0].value) == repr(value)


@given(st.dictionaries(st.text("abyn01", min_size=1), TEXT | st.booleans() | st.integers(-9, 9), max_size=4))
def test_a_reader_of_yaml_1_1_sees_the_same(value: dict[str, Any]) -> None:
    assert yaml.safe_load(dump(value)) == value


@given(ROOTS)
def test_what_other_tools_write_with_quotes_is_read_as_it_was(value: Any) -> None:
    text = yaml.safe_dump(value, default_style='"', allow_unicode=True)
    if isinstance(value, str | dict | list) and not _has_numbers(value):
        assert load_documents(text.encode())[0].value == value


@given(ROOTS)
def test_json_round_trip(value: Any) -> None:
    import json

    assert load_json(json.dumps(value).encode())[0].value == value


def _has_numbers(value: Any) -> bool:
    """PyYAML writes numbers as `!!float "1e+16"` and longer keys in forms of its own; only texts are compared."""
    if isinstance(value, dict):
        return any(len(key) > 100 or _has_numbers(part) for key, part in value.items())
    return any(map(_has_numbers, value)) if isinstance(value, list) else isinstance(value, float)


@pytest.mark.parametrize(
    "text",
    ["yes", "n", "0755", "1e3", "=", "22:22", "<<", "2024-01-01", "~", "", "null", ".inf", " a", "a ", "a: b", "a #b"],
)
def test_text_that_some_reader_would_change_is_quoted(text: str) -> None:
    assert dump({"a": text}) == f'a: "{text}"\n'


@pytest.mark.parametrize(
    "text", ["nginx:1.25", "100m", "10.0.0.0/16", "1.2.3", "registry.local:5000/a/b@sha256:0f", "a b"]
)
def test_ordinary_text_stays_bare(text: str) -> None:
    assert dump({"a": text}) == f"a: {text}\n"


def test_shape() -> None:
    value = {
        "spec": {"ports": [{"port": 80, "name": "http"}, []], "args": ["a", ["b"]], "none": {}},
        "data": {"f": "x\ny\n"},
    }
    assert dump(value) == (
        "data:\n  f: |\n    x\n    y\nspec:\n  args:\n  - a\n  - - b\n  none: {}\n"
        "  ports:\n  - name: http\n    port: 80\n  - []\n"
    )


@pytest.mark.parametrize(
    "text", ["  a\nb\n", "\n  a\n", "\ta\nb", "a\n\n\n", "a\n  b\n\nc", "a \nb", "#a\n---\n...\n- b"]
)
def test_several_lines_are_a_literal_block(text: str) -> None:
    written = dump({"a": [text]})
    assert written.startswith("a:\n- |")
    assert load_documents(written.encode())[0].value == {"a": [text]}
    assert load_documents(dump(text).encode())[0].value == text


@pytest.mark.parametrize("text", ["a\r\nb", "a\n\x85b", "a\n\u2028b", "a\n\x1bb", "a\n\ufeffb", "\n", " \n \n"])
def test_several_lines_that_a_block_would_change_are_quoted(text: str) -> None:
    written = dump({"a": text})
    assert written.startswith('a: "')
    assert load_documents(written.encode())[0].value == {"a": text}


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": float("-inf")}, {"a": 2**63}, {"a": "\ud800"}])
def test_value_without_a_form(value: Any) -> None:
    with pytest.raises(ValueError):
        dump(value)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {1, 2}}, {"a": b"x"}])
def test_type_without_a_form(value: Any) -> None:
    with pytest.raises(TypeError):
        dump(value)


@pytest.mark.parametrize("length", [990, 1000, 1010, 1020, 1030, 3000])
def test_long_keys(length: int) -> None:
    value = {"k" * length: [1, {"l" * length: "x\ny"}]}
    assert load_documents(dump(value).encode())[0].value == value
