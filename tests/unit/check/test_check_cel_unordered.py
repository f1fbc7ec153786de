"""Sets and keyed lists are the same in any order, for rules that do not ask for an item's place."""

from typing import Any

import pytest

from bot.check.cel.rules import Subject, rule_of
from bot.check.cel.unordered import minds_order

TEXT = {"type": "string"}
ITEM = {
    "type": "object",
    "properties": {"k": TEXT, "v": {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT}},
}
SCHEMA = {
    "properties": {
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
        "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": ITEM},
        "plain": {"type": "array", "items": TEXT},
    }
}
OLD = {"set": ["a", "b"], "keyed": [{"k": "a", "v": ["x", "z"]}, {"k": "b"}], "plain": ["a", "b"]}
SAME = {"set": ["b", "a"], "keyed": [{"k": "b"}, {"k": "a", "v": ["z", "x"]}]}


@pytest.mark.parametrize(
    ("rule", "change", "holds"),
    [
        ("self == oldSelf", SAME, True),
        ("self.set == oldSelf.set", SAME, True),
        ("self.keyed == oldSelf.keyed && has(oldSelf.keyed)", SAME, True),
        ("self != oldSelf", SAME, False),
        ("self.set.all(each, each in oldSelf.set)", SAME, True),
        ("self == oldSelf", {"set": ["b"]}, False),
        ("self == oldSelf", {"set": ["b", "c"]}, False),
        ("self == oldSelf", {"keyed": [{"k": "b"}]}, False),
        ("self == oldSelf", {"keyed": [{"k": "b"}, {"k": "a", "v": ["x"]}]}, False),
        ("self == oldSelf", {"keyed": [{"k": "b"}, {"k": "c"}]}, False),
        ("self == oldSelf", {"plain": ["b", "a"]}, False),
        ("self.set[0] == oldSelf.set[0]", SAME, False),
        ("self.set.join(',') == oldSelf.set.join(',')", SAME, False),
        ("oldSelf.set.all(place, each, each == self.set[0] || place > 0)", SAME, False),
    ],
)
def test_an_old_list_in_another_order(rule: str, change: dict[str, Any], holds: bool) -> None:
    broken = rule_of({"rule": rule}).broken(Subject({**OLD, **change}, SCHEMA, OLD))
    assert (broken is None) is holds


def test_an_old_list_that_may_not_be_there() -> None:
    rule = rule_of({"rule": "!oldSelf.hasValue() || oldSelf.value() == self", "optionalOldSelf": True})
    assert rule.broken(Subject({**OLD, **SAME}, SCHEMA, OLD)) is None
    assert rule.broken(Subject(OLD, SCHEMA)) is None


@pytest.mark.parametrize(
    "expression",
    [
        "a == b",
        "a in ['x', 'y']",
        "a['key'] == b['key']",
        "a.all(x, x in b)",
        "size(a) == size(b)",
        "[1] == a",
        "[",
        "(",
    ],
)
def test_what_does_not_mind_the_order_of_a_list(expression: str) -> None:
    assert not minds_order(expression)


@pytest.mark.parametrize(
    "expression",
    ["a[0] == b", "a[?0] == b", "a + b == c", "a.map(x, x) == b", "a.join()", "a.all(i, x, i < 3)", "f(a)", "(a)[i]",
     "a.filter(x, x > 1) == b", "a.indexOf(1) == 2", "a[0][1]"],
)  # fmt: skip
def test_what_may_mind_it(expression: str) -> None:
    assert minds_order(expression)
