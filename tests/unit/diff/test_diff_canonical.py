"""Canonical JSON: equal values have equal bytes, different ones never."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import canonical
from bot.errors import InputError

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4))


def shuffled(value: Any, seed: int) -> Any:
    """The same value with the keys of its mappings in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(each, seed) for each in value] if isinstance(value, list) else value


def tagged(value: Any) -> Any:
    """A value whose Python equality is JSON's: booleans are apart from numbers."""
    if isinstance(value, dict):
        return {key: tagged(each) for key, each in value.items()}
    if isinstance(value, list):
        return [tagged(each) for each in value]
    return ("boolean", value) if isinstance(value, bool) else value


@given(values, st.integers())
def test_order_of_keys_does_not_matter(value: Any, seed: int) -> None:
    assert canonical(shuffled(value, seed)) == canonical(value)


@given(values, values)
def test_bytes_are_equal_exactly_when_values_are(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (tagged(one) == tagged(other))


@given(values)
def test_it_is_json_without_spaces_that_says_the_same(value: Any) -> None:
    text = canonical(value).decode("utf-8", "surrogatepass")
    assert tagged(json.loads(text)) == tagged(value)


def test_spelling() -> None:
    assert (
        canonical({"b": [2, 1.0, 1.5], "a": {"é": None, "A": True}})
        == '{"a":{"A":true,"é":null},"b":[2,1,1.5]}'.encode()
    )


def test_integers_are_exact() -> None:
    assert canonical(2**63 - 1) != canonical(2**63 - 2)


def test_half_a_surrogate_pair_is_a_value_of_its_own() -> None:
    assert canonical("\ud800") != canonical("\ud801")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), {1: "a"}, b"bytes", object()])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        canonical({"a": [value]})
