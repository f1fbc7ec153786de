"""What is said of a Secret quotes nothing of its values, however it is put."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.discreet import discreet, hide, one_line
from bot.model.resource import Resource, ResourceId


def secret(**data: object) -> Resource:
    return Resource(id=ResourceId(type="Secret", name="s"), body={"kind": "Secret", "stringData": data})


@given(st.text(alphabet="abcdef0123456789", min_size=6, max_size=30), st.data())
def test_no_piece_of_six_signs_is_left(value: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(value) - 6))
    piece = value[start : data.draw(st.integers(start + 6, len(value)))]
    said = discreet(f"<<{piece}>>", secret(a=value))
    assert piece not in said
    assert not any(piece[n : n + 6] in said for n in range(len(piece) - 5))


@pytest.mark.parametrize("value", ["abc", "k3y!", "five5"])
def test_a_short_value_is_left_out_whole(value: str) -> None:
    assert discreet(f"it is {value}.", secret(a=value)) == "it is (secret)."


def test_base64_is_read() -> None:
    body = {"kind": "Secret", "data": {"a": base64.b64encode(b"correct-horse").decode()}}
    resource = Resource(id=ResourceId(type="Secret", name="s"), body=body)
    assert discreet("correct-horse battery", resource) == "(secret) battery"


def test_numbers_and_what_is_nested_count() -> None:
    assert discreet("8675309 and deeply", secret(a=8675309, b={"c": ["deeply"]})) == "(secret) and (secret)"
    assert discreet("8675309 and deeply", secret(a=[8675309, "deeply"])) == "(secret) and (secret)"


def test_what_has_no_text_hides_no_word() -> None:
    assert discreet("neither True nor None", secret(a=True, b=None)) == "neither True nor None"


def test_names_and_keys_may_be_said() -> None:
    resource = Resource(
        id=ResourceId(type="Secret", name="database"),
        body={"kind": "Secret", "metadata": {"name": "database"}, "stringData": {"password": "x1y2z3"}},
    )
    assert discreet("database has a password", resource) == "database has a password"


def test_other_objects_are_not_touched() -> None:
    other = Resource(id=ResourceId(type="ConfigMap", name="s"), body={"kind": "ConfigMap", "data": {"a": "a-value"}})
    assert discreet("a-value", other) == "a-value"
    assert discreet("a-value", None) == "a-value"


@given(st.text())
def test_what_is_said_is_one_line_that_prints(text: str) -> None:
    assert one_line(text).isprintable()


def test_what_is_long_is_cut() -> None:
    assert len(one_line("x" * 5000)) == 1001


def test_what_is_hidden_in_becomes_one_line_too() -> None:
    assert hide("first\n- \x1b[31msecond", []) == "first - \\x1b[31msecond"


def test_thousands_of_values_are_hidden_at_once() -> None:
    values = [f"{number:08}-s3cr3t" for number in range(60_000)]
    for number in range(5):
        assert hide(f"{values[number]} {'word ' * 190}", values).startswith("(secret) word")
