"""Masking: no value of a Secret gets past the diff, whatever the Secret looks like."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import Live, compare, field_changes, mask, masked
from bot.model.noun import Digest
from bot.model.resource import Resource, ResourceId

CANARY = "c4n4ry-"
ID = ResourceId(type="Secret", scope="shop", name="db")
canaries = st.integers(0, 9).map(lambda n: f"{CANARY}{n}")
contents = st.recursive(
    canaries, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("abc"), v, max_size=3)
)
kinds = st.sampled_from(["Secret", "secret", "SECRET", " Secret "])
groups = st.sampled_from(["v1", "example.org/v1", "", None])
fields = st.sampled_from(["data", "stringData", "Data", "STRINGDATA", "stringDatum", "binaryData", "spec"])


@st.composite
def secrets(draw: st.DrawFn) -> dict[str, Any]:
    """Something that calls itself a Secret, with canaries in it."""
    body: dict[str, Any] = {"apiVersion": draw(groups), draw(st.sampled_from(["kind", "Kind"])): draw(kinds)}
    body["metadata"] = {
        "name": "db",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": draw(canaries)},
    }
    return body | draw(st.dictionaries(fields, contents, max_size=3))


nested = secrets().map(lambda each: {"kind": "List", "items": [{"kind": "ConfigMap"}, each]})
deeper = secrets().map(lambda each: {"kind": "Bundle", "spec": {"objects": [[each]]}})
listed = secrets().map(
    lambda each: {"kind": "SecretList", "items": [{k: each[k] for k in each if k.lower() != "kind"}]}
)
CONFIG = {"kind": "ConfigMap", "data": {"a": "shown"}}
plain = st.sampled_from([CONFIG, {"kind": "ConfigMapList", "items": [CONFIG]}])
holders = secrets() | nested | deeper | listed
states = st.none() | plain | holders


@given(states, states)
def test_no_canary_is_left_on_either_side(before: Any, after: Any) -> None:
    both = mask(before, after)
    assert CANARY not in repr(both)
    assert CANARY not in repr(field_changes(*both))


COPIES = ["kapp.k14s.io/original", "banzaicloud.com/last-applied", "objectset.rio.cattle.io/applied"]


@pytest.mark.parametrize("name", [*COPIES, "somebody.example.org/copy"])
def test_a_copy_in_an_annotation_is_masked(name: str) -> None:
    copy = f'{{"kind": "Secret", "stringData": {{"p": "{CANARY}1"}}}}'
    metadata = {"name": "db", "annotations": {name: copy, "team": "shop"}}
    shown = masked({"kind": "Secret", "metadata": metadata, "stringData": {"p": f"{CANARY}1"}})
    assert CANARY not in repr(shown)
    assert shown["metadata"] == {"name": "db", "annotations": {name: "(secret)", "team": "shop"}}


@pytest.mark.parametrize("kind", ["Secret", "Pod"])
@pytest.mark.parametrize("name", COPIES)
def test_a_packed_copy_in_an_annotation_is_masked(name: str, kind: str) -> None:
    shown = masked({"kind": kind, "metadata": {"name": "db", "annotations": {name: f"H4sI{CANARY}"}}})
    assert shown["metadata"]["annotations"] == {name: "(secret)"}


def test_an_annotation_of_another_object_is_shown() -> None:
    body = {"kind": "Pod", "metadata": {"name": "a", "annotations": {"networks": '[{"name": "b"}]'}}}
    assert masked(body) == body


@given(states, states)
def test_no_canary_is_left_in_a_change(before: Any, after: Any) -> None:
    desired = {ID: Resource(id=ID, body=after)} if after else {}
    live = {ID: Live(resource=Resource(id=ID, body=before), uid="u")} if before else {}
    changes = compare(desired, live, {ID: Digest("o1:a")})
    assert CANARY not in repr([(each, each.before, each.after, each.fields) for each in changes])
    assert CANARY not in repr((desired, live))


@given(st.sampled_from(["plain", ["plain"], {"kind": "ConfigMap", "data": {"a": f"{CANARY}1"}}]), secrets())
def test_one_side_that_is_a_secret_masks_the_other(other: Any, secret: dict[str, Any]) -> None:
    assert CANARY not in repr((mask(other, secret), mask(secret, other)))


@pytest.mark.parametrize("other", ["plain", {"b": "plain"}, ["plain"]])
@pytest.mark.parametrize("holder", [[{"kind": "Secret", "data": CANARY}], {"b": {"kind": "Secret", "data": CANARY}}])
def test_a_secret_within_what_takes_another_shape_is_masked(holder: Any, other: Any) -> None:
    before, after = {"kind": "Bundle", "spec": holder}, {"kind": "Bundle", "spec": other}
    assert CANARY not in repr((mask(before, after), mask(after, before)))


def test_what_takes_a_secrets_place_is_marked_and_the_secrets_keys_stay() -> None:
    secret, text = {"a": {"kind": "Secret", "data": {"p": CANARY}}}, {"a": "text"}
    assert mask(secret, text) == ({"a": {"kind": "Secret", "data": {"p": "(secret)"}}}, {"a": "(secret, new)"})
    assert mask(text, secret) == ({"a": "(secret)"}, {"a": {"kind": "Secret", "data": {"p": "(secret, new)"}}})


@given(states, states)
def test_what_differs_still_differs(before: Any, after: Any) -> None:
    masked_before, masked_after = mask(before, after)
    assert (masked_before == masked_after) == (before == after)


@given(states, states)
def test_masking_changes_nothing_in_place(before: Any, after: Any) -> None:
    kept = copy.deepcopy((before, after))
    mask(before, after)
    assert (before, after) == kept


@given(secrets())
def test_masking_one_object(secret: dict[str, Any]) -> None:
    assert CANARY not in repr(masked(secret))
    assert CANARY not in repr(masked({"kind": "SecretList", "items": [{"data": secret.get("data", CANARY)}]}))


def secret(**data: Any) -> dict[str, Any]:
    """A Secret with some data."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "type": "Opaque", "data": data}


def test_markers() -> None:
    before, after = mask(secret(same="a", turned="b", gone="c"), secret(same="a", turned="longer", made="d"))
    assert before["data"] == {"same": "(secret, same)", "turned": "(secret)", "gone": "(secret)"}
    assert after["data"] == {"same": "(secret, same)", "turned": "(secret, changed)", "made": "(secret, new)"}
    assert masked(secret(a="b"))["data"] == {"a": "(secret)"}
    assert mask(None, secret(a="b"))[1]["data"] == {"a": "(secret, new)"}
    assert mask(None, None) == (None, None)


def test_a_secret_is_masked_in_fields_that_it_does_not_have() -> None:
    assert masked({"kind": "Secret", "stringDatum": CANARY}) == {"kind": "Secret", "stringDatum": "(secret)"}
    assert masked({"spec": {"kind": "Secret", "StringData": CANARY}})["spec"]["StringData"] == "(secret)"


@pytest.mark.parametrize(
    "odd",
    [
        {"type": {"a": CANARY}},
        {"immutable": [CANARY]},
        {"metadata": [CANARY]},
        {"metadata": {"kind": "Secret", "data": CANARY}},
        {"metadata": {"kind": "Secret", "annotations": {"copy": f'{{"p": "{CANARY}"}}'}}},
        {"metadata": {"annotations": [{"kind": "Secret", "data": CANARY}]}},
    ],
)
def test_what_is_shown_of_a_secret_is_masked_where_it_is_of_another_shape(odd: dict[str, Any]) -> None:
    body, usual = {"kind": "Secret", **odd}, secret(a=CANARY)
    usual["metadata"]["annotations"] = {"team": "shop"}
    assert CANARY not in repr((masked(body), mask(body, usual), mask(usual, body)))


def test_of_a_list_only_secrets_are_masked() -> None:
    items = [{"metadata": {"name": "db"}, "data": {"p": CANARY}}]
    listing = {"metadata": {"resourceVersion": "7"}, "items": items}
    assert masked({"kind": "ConfigMapList", **listing}) == {"kind": "ConfigMapList", **listing}
    hidden = [{"metadata": {"name": "db"}, "data": {"p": "(secret)"}}]
    assert masked({"kind": "SecretList", **listing}) == {"kind": "SecretList", **listing, "items": hidden}
    assert masked({"kind": "SecretList", "items": {"p": CANARY}}) == {"kind": "SecretList", "items": "(secret)"}
    other = {"kind": "SecretList", "items": 1}
    assert CANARY not in repr(
        (mask({"kind": "SecretList", **listing}, other), mask(other, {"kind": "SecretList", **listing}))
    )
    assert masked({"Kind": "secretlist", "Items": items}) == {"Kind": "secretlist", "Items": hidden}


def test_what_is_not_secret_stays_readable() -> None:
    shown = masked(secret(a="b"))
    assert (shown["kind"], shown["type"], shown["metadata"]) == ("Secret", "Opaque", {"name": "db"})
    settings = {"kind": "ConfigMap", "data": {"a": "b"}, "list": [1, None, True]}
    assert masked(settings) == settings


open_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 1) | st.sampled_from(["", "Secret"]),
    lambda v: st.lists(v, max_size=2) | st.dictionaries(st.sampled_from(["a", "data"]), v, max_size=2),
)


@given(open_values, open_values)
def test_two_states_without_a_secret_are_shown_as_they_are(before: Any, after: Any) -> None:
    assert mask({"spec": before}, {"spec": after}) == ({"spec": before}, {"spec": after})


def test_values_that_python_takes_for_equal_are_not_the_same() -> None:
    before, after = mask(secret(a={"b": 1}), secret(a={"b": True}))
    assert before != after


@pytest.mark.parametrize(
    "reference", [{"kind": "Secret", "name": "db"}, {"apiVersion": "v1", "kind": "Secret", "name": "tls"}]
)
def test_a_reference_to_a_secret_is_shown(reference: dict[str, str]) -> None:
    gateway = {"kind": "Gateway", "spec": {"certificateRefs": [reference]}}
    assert masked(gateway) == gateway


def test_a_copy_of_the_object_in_an_annotation_is_masked_on_anything() -> None:
    template = {
        "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": CANARY, "team": "shop"}}
    }
    shown = masked({"kind": "Deployment", "spec": {"template": template}, **template})
    assert CANARY not in repr(shown)
    assert shown["metadata"]["annotations"]["team"] == "shop"
