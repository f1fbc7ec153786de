"""Comparing two sets of resources, field by field, and saying where each change comes from."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import Live, attribute, compare, field_changes, object_digest, to_approve
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest
from bot.model.plan import Action, Cause, Change, FieldChange, Plan
from bot.model.resource import Origin, Resource, ResourceId

KEY = b"key"
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "~/", "b"])
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "/", "~"]), v, max_size=3)
)
ids = st.builds(
    ResourceId,
    type=st.sampled_from(["Pod", "Job.batch"]),
    name=st.sampled_from("abc"),
    scope=st.sampled_from(["", "x"]),
)
sets = st.dictionaries(ids, st.sampled_from("pq"), max_size=6)


def resource(id: ResourceId, value: object) -> Resource:
    """An object that differs by one value."""
    return Resource(id=id, body={"kind": id.kind, "spec": {"value": value}})


def found(id: ResourceId, value: object) -> Live:
    """The same, as it is live."""
    return Live(resource=resource(id, value), uid=f"uid-{value}", digest=object_digest(resource(id, value), KEY))


def compared(desired: dict[ResourceId, Any], live: dict[ResourceId, Any]) -> tuple[Change, ...]:
    """The changes between two sets."""
    wanted = {id: resource(id, value) for id, value in desired.items()}
    return compare(
        wanted, {id: found(id, v) for id, v in live.items()}, {id: object_digest(r, KEY) for id, r in wanted.items()}
    )


@given(sets, sets)
def test_every_object_has_its_action(desired: dict[ResourceId, str], live: dict[ResourceId, str]) -> None:
    actions = {change.id: change.action for change in compared(desired, live)}
    assert actions == {
        id: Action.DELETE if id not in desired
        else Action.CREATE if id not in live
        else Action.UNCHANGED if desired[id] == live[id]
        else Action.UPDATE
        for id in {**desired, **live}
    }  # fmt: skip


@given(sets, sets, st.randoms())
def test_the_order_is_total(desired: dict[ResourceId, str], live: dict[ResourceId, str], random: Any) -> None:
    turned = list(desired.items())
    random.shuffle(turned)
    changes = compared(desired, live)
    assert compared(dict(turned), live) == changes
    ranks = [(list(Action).index(c.action), c.id.type, c.id.scope, c.id.name) for c in changes]
    assert ranks == sorted(ranks)


def test_a_change_carries_what_it_was_made_from() -> None:
    id = ResourceId(type="Pod", name="a")
    (change,) = compared({id: "new"}, {id: "old"})
    assert change.fields == (FieldChange(path="/spec/value", before="old", after="new"),)
    assert (change.before, change.after) == (resource(id, "old").body, resource(id, "new").body)
    assert change.digest == object_digest(resource(id, "new"), KEY)
    assert (change.live, change.uid) == (object_digest(resource(id, "old"), KEY), "uid-old")
    (gone,) = compared({}, {id: "old"})
    assert (gone.live, gone.uid, gone.digest) == (change.live, "uid-old", None)
    assert (gone.before, gone.after, gone.fields) == (resource(id, "old").body, None, ())
    (made,) = compared({id: "new"}, {})
    assert (made.before, made.after, made.fields) == (None, resource(id, "new").body, ())


def test_a_change_tells_where_its_object_stands_in_git() -> None:
    id, origin = ResourceId(type="Pod", name="a"), Origin(path="pod.yaml", line=3)
    (change,) = compare({id: replace(resource(id, "a"), origin=origin)}, {}, {id: Digest("o1:a")})
    assert change.origin == origin


def test_what_cannot_be_read_is_never_unchanged() -> None:
    id = ResourceId(type="Pod", name="a")
    live = {id: Live(resource=None, uid="u")}
    (change,) = compare({id: resource(id, "a")}, live, {id: Digest("o1:a")})
    assert (change.action, change.before, change.fields[0].before) == (Action.UPDATE, None, "(unreadable)")
    (change,) = compare({}, live, {})
    assert (change.action, change.uid) == (Action.DELETE, "u")


def test_string_data_is_compared_as_it_is_stored() -> None:
    id = ResourceId(type="Secret", name="db")
    wanted = Resource(id=id, body={"kind": "Secret", "stringData": {"a": "b"}})
    live = Live(resource=Resource(id=id, body={"kind": "Secret", "data": {"a": "Yg=="}}), uid="u")
    assert compare({id: wanted}, {id: live}, {id: Digest("o1:a")})[0].action is Action.UNCHANGED
    turned = {id: Live(resource=wanted, uid="u")}
    assert live.resource is not None
    assert compare({id: live.resource}, turned, {id: Digest("o1:a")})[0].action is Action.UNCHANGED


@given(values)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert field_changes(value, value) == ()


def strict(one: Any, other: Any) -> bool:
    """Equality that keeps true apart from 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(strict(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(strict, one, other))
    return type(one) is type(other) and bool(one == other)


@given(values, values)
def test_something_is_said_exactly_when_values_differ(before: Any, after: Any) -> None:
    assert (field_changes(before, after) == ()) == strict(before, after)


def at(value: Any, path: str) -> Any:
    """What a JSON pointer points at; None where there is nothing."""
    for token in path.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        members = dict(enumerate(value)) if isinstance(value, list) else value
        value = members.get(int(key) if isinstance(value, list) else key)
    return value


@given(values, values)
def test_paths_point_at_what_they_name(before: Any, after: Any) -> None:
    changes = field_changes(before, after)
    for change in changes:
        assert (at(before, change.path), at(after, change.path)) == (change.before, change.after)
    assert len({change.path for change in changes}) == len(changes)


def test_paths_are_json_pointers() -> None:
    changes = field_changes({"a/b": {"~": [1, 2]}}, {"a/b": {"~": [1, 3, 4]}})
    assert [each.path for each in changes] == ["/a~1b/~0/1", "/a~1b/~0/2"]


A, B = ResourceId(type="Pod", name="a"), ResourceId(type="Pod", name="b")
ONE, TWO = Digest("o1:1"), Digest("o1:2")
P, N, D, NO = Cause.PULL_REQUEST, Cause.PENDING, Cause.DRIFT, Cause.NONE


@pytest.mark.parametrize(
    ("action", "base", "head", "applied", "cause"),
    [
        (Action.UPDATE, {A: ONE}, {A: TWO}, {A: ONE}, P),
        (Action.CREATE, {}, {A: TWO}, {}, P),
        (Action.DELETE, {A: ONE}, {}, {A: ONE}, P),
        (Action.UPDATE, {A: TWO}, {A: TWO}, {A: ONE}, N),
        (Action.DELETE, {}, {}, {A: ONE}, N),
        (Action.CREATE, {A: ONE}, {A: ONE}, None, N),
        (Action.UPDATE, {A: ONE}, {A: ONE}, {A: ONE}, D),
        (Action.CREATE, {A: ONE}, {A: ONE}, {A: ONE}, D),
        (Action.DELETE, {}, {}, {}, D),
        (Action.DELETE, {}, {}, None, D),
        (Action.UNCHANGED, {A: ONE}, {A: ONE}, {A: ONE}, NO),
        (Action.UNCHANGED, {A: ONE}, {A: ONE}, None, NO),
        (Action.UNCHANGED, {A: ONE}, {A: TWO}, {A: ONE}, P),
        (Action.CREATE, None, {A: ONE}, None, P),
        (Action.DELETE, None, {}, {A: ONE}, P),
    ],
)
def test_causes(action: Action, base: Any, head: Any, applied: Any, cause: Cause) -> None:
    plan = planned(action)
    assert attribute(plan, base, head, applied) == replace(plan, changes=(Change(id=A, action=action, cause=cause),))


def planned(action: Action) -> Plan:
    """A plan that does one thing."""
    repository = RepositoryId(forge="github", number=1, path="a/b")
    return Plan(
        environment=EnvironmentId(repository=repository, name="prod"), desired=Digest("d1:a"), destination="x",
        changes=(Change(id=A, action=action),), inventory=1, at=datetime.now(UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "base", "applied", "approved"),
    [
        (Action.UNCHANGED, {A: ONE}, {A: ONE}, False),
        (Action.UNCHANGED, {A: TWO}, {A: ONE}, True),
        (Action.UNCHANGED, None, {A: ONE}, True),
        (Action.UNCHANGED, {A: ONE}, {A: TWO}, True),
        (Action.UNCHANGED, {A: ONE}, None, True),
        (Action.CREATE, {A: ONE}, {A: ONE}, True),
    ],
)
def test_what_is_not_so_in_the_base_or_the_applied_state_or_live_is_approved(
    action: Action, base: Any, applied: Any, approved: bool
) -> None:
    assert to_approve(planned(action), base, {A: ONE}, applied) == ({A: ONE} if approved else {})


def test_what_goes_is_no_object_that_is_approved() -> None:
    assert to_approve(planned(Action.DELETE), {A: ONE}, {}, {A: ONE}) == {}
