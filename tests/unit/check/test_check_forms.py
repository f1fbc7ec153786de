"""Quantities, base64 and keyed lists are read as Kubernetes reads them."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.schemas.forms import MapList, SetList, base64_bytes, micro_time, quantity, time
from bot.check.schemas.problem import MOST


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "1",
        "-1",
        "+1.5",
        ".5",
        "5.",
        "500m",
        "1Ki",
        "2Mi",
        "3Gi",
        "1e3",
        "1E3",
        "1.5e-3",
        "1E",
        "100n",
        "7u",
        "1k",
        " 1Gi ",
    ],
)
def test_a_quantity(text: str) -> None:
    assert quantity(text)


@pytest.mark.parametrize(
    "text", ["", "m", "1MB", "1 Gi", "1gi", "1K", "0x10", "1e", "1.2.3", "١", "1Gi\n", "1\t", " ", "--1", "."]
)
def test_no_quantity(text: str) -> None:
    assert not quantity(text)


@given(st.binary(max_size=100))
def test_whatever_was_encoded_is_base64(data: bytes) -> None:
    assert base64_bytes(base64.b64encode(data).decode())
    assert base64_bytes(base64.encodebytes(data).decode())


@pytest.mark.parametrize("text", ["a", "ab", "abc", "ab=", "a b=", "ab-_", "é===", "YWJj=", "=", "YQ==YQ=="])
def test_what_go_does_not_decode_is_not_base64(text: str) -> None:
    assert not base64_bytes(text)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2030-01-31T12:00:00.000000Z", True), ("2030-01-31T12:00:00,123456+01:00", True),
        ("2030-01-31T12:00:00Z", False), ("2030-01-31T12:00:00.123Z", False),
        ("2030-01-31T12:00:00.1234567Z", False), ("2030-02-30T12:00:00.000000Z", False), ("", False),
    ],
)  # fmt: skip
def test_a_time_with_microseconds(text: str, is_one: bool) -> None:
    assert micro_time(text) == is_one


# as a real API server takes the firstTimestamp of an Event
@pytest.mark.parametrize(
    "text",
    [
        "2020-01-01T00:00:00Z", "2020-01-01T0:00:00Z", "2020-01-01T00:00:00.1Z", "2020-01-01T00:00:00,1Z",
        "2020-01-01T00:00:00.123456789012Z", "2020-01-01T00:00:00+24:59", "2020-01-01T00:00:00+00:60",
        "0000-02-29T00:00:00Z", "2020-01-01T00:00:00-00:00", "9999-12-31T23:59:59Z",
    ],
)  # fmt: skip
def test_a_time(text: str) -> None:
    assert time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-01t00:00:00z", "2020-01-01T00:00:00z", "2020-01-01T00:00:60Z", "2020-01-01T00:00:00.Z", "",
        "2020-01-01T00:00:00+25:00", "2020-01-01T00:00:00+01", "2020-01-01T00:00:00", "2020-02-30T00:00:00Z",
        "2020-01-01T24:00:00Z", "2020-01-01 00:00:00Z", " 2020-01-01T00:00:00Z", "2020-01-01T00:0:00Z",
    ],
)  # fmt: skip
def test_no_time(text: str) -> None:
    assert not time(text)
    assert not micro_time(text)


@pytest.mark.parametrize(
    ("items", "repeated"),
    [
        ([], None),
        ([{"name": "a"}], None),
        ([{"name": "a"}, {"name": "b"}], None),
        ([{"name": "a"}, {"name": "b"}, {"name": "a"}], "2"),
        ([{}, {}], None),
        ([{"name": ["a"]}, {"name": ["a"]}], None),
        (["a", "a"], None),
        ("aa", None),
    ],
)
def test_the_first_item_with_a_used_key_is_named(items: Any, repeated: str | None) -> None:
    keyword = MapList({}, {"name": None}, [])
    if repeated is None:
        keyword.validate(items)
    else:
        with pytest.raises(ValueError, match=f"^{repeated}$"):
            keyword.validate(items)


@pytest.mark.parametrize("keyword", [MapList({}, {"name": None}, []), SetList({}, True, [])])
def test_no_more_repeated_items_are_errors_than_are_told(keyword: MapList | SetList) -> None:
    doubled = [{"name": "a"}] * 4000
    assert [str(each) for each in keyword.iter_errors(doubled)] == [str(index) for index in range(1, MOST + 2)]
