"""Environments of a `tidegate.yaml` among each other: who waits for whom, and who shares a target."""

import pytest

from bot.config import parse
from tests.support.configurations import REPOSITORY, refused
from tests.support.soon import soon
from tests.support.trees import EMPTY


def environments(**rules: str) -> str:
    blocks = (f"  {name}:\n    source: {{path: x}}\n    apply: never\n{lines}" for name, lines in rules.items())
    return "version: 1\nenvironments:\n" + "".join(blocks)


@pytest.mark.parametrize(
    ("after", "messages"),
    [
        ({"a": "b", "b": "a"}, ["environments wait for one another: a → b → a"]),
        ({"a": "b", "b": "c", "c": "d", "d": "b"}, ["environments wait for one another: b → c → d → b"]),
        ({"a": "a"}, ['"a" cannot come after itself']),
        ({"a": "b, c", "b": "d", "c": "d", "d": ""}, []),
    ],
)
def test_order(after: dict[str, str], messages: list[str]) -> None:
    text = environments(**{name: f"    target: {name}\n    after: [{others}]\n" for name, others in after.items()})
    if messages:
        assert [each.message for each in refused(text)] == messages
    else:
        assert parse(text.encode(), REPOSITORY, EMPTY)


def test_an_order_with_very_many_ways_through_it_is_judged_quickly() -> None:
    after = {f"{side}{i}": f"a{i + 1}, b{i + 1}" for i in range(40) for side in "ab"} | {"a40": "", "b40": ""}
    text = environments(**{name: f"    target: {name}\n    after: [{others}]\n" for name, others in after.items()})
    with soon(2):
        assert parse(text.encode(), REPOSITORY, EMPTY)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("", "", '"a" and "b" have the same target and scope'),
        ("x", "x", '"a" and "b" have the same target and scope'),
        ("", "x", 'the scope of "b" lies inside that of "a" on the same target'),
        ("x/y", "x", 'the scope of "a" lies inside that of "b" on the same target'),
        ("x", "xy", ""),
        ("x/y", "x/z", ""),
    ],
)
def test_shared_target(first: str, second: str, message: str) -> None:
    text = environments(a=f"    target: t\n    scope: '{first}'\n", b=f"    target: t\n    scope: '{second}'\n")
    if message:
        assert [(each.message, each.line, each.column) for each in refused(text)] == [(message, 12, 5)]
    else:
        assert parse(text.encode(), REPOSITORY, EMPTY)


def test_a_shared_target_without_scopes_is_told_at_the_target() -> None:
    (finding,) = refused(environments(a="    target: t\n", b="    target: t\n"))
    assert (finding.line, finding.column) == (10, 5)
