"""What a scanner finds leaves no change, and what was unequal stays unequal."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import conceal, field_changes, lines_of, pieces
from bot.model.plan import Action, Change, FieldChange
from bot.model.resource import ResourceId

ID = ResourceId(type="ConfigMap", scope="shop", name="app")
KEY = re.compile(rb"k3y-[0-9]+")
parts = st.lists(st.sampled_from(["k3y-1", "k3y-22", "k3y-223", "plain", " ", "\n", "(secret)"]), max_size=4)
texts = parts.map("".join)
values = st.recursive(
    texts | st.integers() | st.none(),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3),
)
bodies = st.dictionaries(st.sampled_from(["data", "spec"]), values, max_size=2)


def find(data: bytes) -> Iterator[str]:
    """Everything that looks like a key."""
    return (each.group().decode() for each in KEY.finditer(data))


def change(before: Any, after: Any) -> Change:
    """A change from the one to the other."""
    fields = field_changes(before, after)
    return Change(id=ID, action=Action.UPDATE, before=before, after=after, fields=fields)


def differs(field: FieldChange) -> bool:
    """Whether two values are told apart; an absent one and null are not."""
    return bool(field.before != field.after)


@given(bodies, bodies)
def test_nothing_that_is_found_is_left(before: Any, after: Any) -> None:
    shown = conceal(change(before, after), find)
    assert "k3y-" not in repr((shown.before, shown.after, shown.fields))


@given(bodies, bodies)
def test_what_differs_still_differs(before: Any, after: Any) -> None:
    made = change(before, after)
    shown = conceal(made, find)
    assert (shown.before == shown.after) == (before == after)
    assert list(map(differs, shown.fields)) == list(map(differs, made.fields))


@given(bodies, bodies)
def test_without_a_find_a_change_is_as_it_was(before: Any, after: Any) -> None:
    made = change(before, after)
    assert conceal(made, lambda data: ()) == made


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a k3y-1 b", "c k3y-1 b", ("a (secret, same) b", "c (secret, same) b")),
        ("a k3y-1 b", "a k3y-2 b", ("a (secret) b", "a (secret, changed) b")),
        ("a", "a k3y-2", ("a", "a (secret, new)")),
        ("k3y-1", None, ("(secret)", None)),
        ("k3y-1 k3y-2", "k3y-2 k3y-1", ("(secret)", "(secret, changed)")),
    ],
)
def test_the_text_around_it_stays(before: str | None, after: str | None, shown: tuple[str, str]) -> None:
    bodies = [{"data": {"a": each} if each is not None else {}} for each in (before, after)]
    found = conceal(change(*bodies), find)
    assert (found.before["data"].get("a"), found.after["data"].get("a")) == shown
    assert found.fields == (FieldChange(path="/data/a", before=shown[0], after=shown[1]),)


@given(st.lists(texts, max_size=8), st.integers(1, 40))
def test_many_texts_are_found_as_few_are(lines: list[str], more: int) -> None:
    body = {"data": {str(number): line for number, line in enumerate(lines)}}
    many = [f"k3y-{number}" for number in range(300, 300 + more)]
    few, shown = conceal(change(body, None), find), conceal(change(body, None), lambda data: [*find(data), *many])
    assert shown == few


def test_thousands_of_them_are_hidden_at_once() -> None:
    body = {"data": {f"n{number}": f"k3y-{number:09}" for number in range(20_000)}}
    shown = conceal(change(body, None), find)
    assert set(shown.before["data"].values()) == {"(secret)"}


def test_what_runs_over_several_values_is_hidden_in_each() -> None:
    lines = ["-----BEGIN KEY-----", "c4n4ry-line", "-----END KEY-----"]
    body = {"spec": {"args": lines}}
    (found,) = re.findall(rb"-----BEGIN.*-----", b"".join(lines_of(body)), re.DOTALL)
    assert "c4n4ry" not in repr(conceal(change(body, None), lambda data: [found.decode()]).before)


def test_a_text_within_another_one_leaves_nothing_of_it() -> None:
    shown = conceal(change({"data": {"a": "see c4n4ry-1"}}, None), lambda data: ["c4n4ry-1", "4n4"])
    assert shown.before == {"data": {"a": "see (secret)"}}


def test_what_was_seen_elsewhere_is_hidden_too() -> None:
    made = change({"data": {"a": "see c4n4ry-1"}}, None)
    assert conceal(made, lambda data: (), ["c4n4ry-1", "c4n4ry-2"]).before == {"data": {"a": "see (secret)"}}
    assert conceal(made, lambda data: (), ["c4n4ry-2"]) == made


def test_the_pieces_of_a_text_are_its_longer_lines_without_their_keys() -> None:
    assert list(pieces("key: first-1\n  second\nthird")) == ["key: first-1\n  second\nthird", "first-1", "second"]
    assert list(pieces("key: first-1")) == ["key: first-1"]
    assert list(pieces("")) == []


def test_a_key_that_is_found_is_hidden_where_it_names_a_field() -> None:
    shown = conceal(change({"data": {}}, {"data": {"k3y-1": "a", "k3y-2": "b"}}), find)
    assert shown.after == {"data": {"(secret, new)": "a", "(secret, new) 1": "b"}}
    assert [each.path for each in shown.fields] == ["/data/(secret, new)", "/data/(secret, new)"]


@pytest.mark.parametrize("keys", [("k3y-1", "k3y-2"), ("k3y-1", "(secret)"), ("k3y-1 ~a/b", "k3y-2 ~a/b")])
def test_a_key_that_takes_the_place_of_another_is_seen(keys: tuple[str, str]) -> None:
    before, after = ({"data": {each: "a"}} for each in keys)
    shown = conceal(change(before, after), find)
    assert shown.before != shown.after
    assert sorted(each.before is None for each in shown.fields) == [False, True]


def test_the_order_of_hidden_keys_does_not_tell_a_change() -> None:
    before, after = {"data": {"k3y-1": "a", "k3y-2": "b"}}, {"data": {"k3y-2": "a", "k3y-1": "b"}}
    shown = conceal(change(before, after), find)
    assert shown.before != shown.after


def test_a_secret_with_a_slash_is_hidden_in_the_path_of_a_field() -> None:
    before, after = ({"spec": {"a/b~c": each}} for each in "12")
    (field,) = conceal(change(before, after), lambda data: ["a/b~c"]).fields
    assert field.path == "/spec/(secret)"
