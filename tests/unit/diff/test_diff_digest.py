"""Digests and the normal form of Secrets: what they cover, and what they do not."""

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diff import desired_digest, normalise, object_digest, render_digest
from bot.model.identity import RepositoryId
from bot.model.noun import Digest
from bot.model.resource import Origin, Resource, ResourceId

KEY = b"k" * 32
REPOSITORY = RepositoryId(forge="github", number=7, path="acme/shop")
SETTINGS = ResourceId(type="ConfigMap", scope="shop", name="settings")
PASSWORD = ResourceId(type="Secret", scope="shop", name="db")
texts = st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=4)


def settings(**data: Any) -> Resource:
    """A ConfigMap."""
    return Resource(id=SETTINGS, body={"apiVersion": "v1", "kind": "ConfigMap", "data": data})


def secret(**fields: Any) -> Resource:
    """A Secret."""
    return Resource(id=PASSWORD, body={"apiVersion": "v1", "kind": "Secret", **fields})


@given(texts, texts)
def test_an_object_digest_is_sensitive_to_every_value(one: dict[str, str], other: dict[str, str]) -> None:
    same = object_digest(settings(**one), KEY) == object_digest(settings(**other), KEY)
    assert same == (one == other)


def test_an_object_digest_covers_the_identity_and_not_where_it_came_from() -> None:
    first = settings(a="1")
    digest = object_digest(first, KEY)
    assert digest == object_digest(replace(first, origin=Origin(path="other.yaml", line=9)), KEY)
    for id in (replace(SETTINGS, name="x"), replace(SETTINGS, scope="x"), replace(SETTINGS, type="X")):
        assert digest != object_digest(replace(first, id=id), KEY)


def test_an_object_digest_cannot_be_guessed_without_the_key() -> None:
    assert object_digest(secret(data={"pin": "MTIzNA=="}), KEY) != object_digest(secret(data={"pin": "MTIzNA=="}), b"")


def test_an_object_digest_names_its_scheme() -> None:
    digest = object_digest(settings(), KEY)
    assert digest.startswith("o1:")
    assert len(digest) == 3 + 64


def test_string_data_becomes_data_before_the_digest() -> None:
    plain = secret(stringData={"password": "hünter2"}, data={"user": "YW5h", "password": "b2xk"})
    encoded = secret(data={"user": "YW5h", "password": base64.b64encode("hünter2".encode()).decode()})
    assert normalise(plain) == encoded
    assert object_digest(plain, KEY) == object_digest(encoded, KEY)


@given(texts)
def test_normalising_twice_is_normalising_once(data: dict[str, str]) -> None:
    once = normalise(secret(stringData=data))
    assert normalise(once) == once
    assert "stringData" not in once.body


def test_what_is_not_legal_in_a_secret_is_left_to_be_found() -> None:
    assert normalise(secret(stringData={"port": 5432, "user": "ana", "none": None})).body["stringData"] == {
        "port": 5432,
        "none": None,
    }
    for odd in (secret(stringData=["a"]), secret(stringData={"a": "b"}, data="c")):
        assert normalise(odd) == odd


@pytest.mark.parametrize("nothing", [{}, None])
def test_string_data_without_a_value_makes_no_data(nothing: Any) -> None:
    assert normalise(secret(stringData=nothing)) == secret()


def test_what_sops_encrypted_is_not_normalised() -> None:
    encrypted = secret(stringData={"a": "ENC[…]"}, sops={"mac": "ENC[…]"})
    assert normalise(encrypted) is encrypted


def test_a_value_is_found_where_it_was_written() -> None:
    asked: list[Any] = []

    def locate(path: Any) -> tuple[int, int]:
        asked.append(path)
        return len(asked), 1

    origin = Origin(path="db.yaml", line=1, locate=locate)
    moved = normalise(replace(secret(stringData={"a": "b"}, data={"c": "ZA=="}), origin=origin)).origin
    assert moved is not None and moved.locate is not None
    places = [("data", "a"), ("data", "c"), ("data",), ("metadata", "a")]
    assert [moved.locate(each) for each in places] == [(1, 1), (2, 1), (3, 1), (4, 1)]
    assert asked == [("stringData", "a"), *places[1:]]
    unlocated = Origin(path="db.yaml", line=1)
    assert normalise(replace(secret(stringData={"a": "b"}), origin=unlocated)).origin == unlocated


def test_only_a_core_secret_is_normalised() -> None:
    vault = Resource(id=ResourceId(type="Secret.example.org", name="a"), body={"stringData": {"a": "b"}})
    assert normalise(vault) is vault
    assert normalise(settings(a="1")) == settings(a="1")


def digest(**other: Any) -> Digest:
    """A d1 digest with some of its parts changed."""
    parts: dict[str, Any] = {
        "objects": {SETTINGS: Digest("o1:a"), PASSWORD: Digest("o1:b")},
        "repository": REPOSITORY, "branch": "main", "uid": "u-1", "destination": "directory:prod::f00",
    }  # fmt: skip
    return desired_digest(other.pop("scheme", "d1"), **{**parts, **other})


@pytest.mark.parametrize(
    "changed",
    [
        {"objects": {SETTINGS: Digest("o1:a")}},
        {"objects": {SETTINGS: Digest("o1:a"), PASSWORD: Digest("o1:c")}},
        {"objects": {SETTINGS: Digest("o1:b"), PASSWORD: Digest("o1:a")}},
        {"repository": replace(REPOSITORY, number=8)},
        {"repository": replace(REPOSITORY, forge="other")},
        {"branch": "release"},
        {"uid": "u-2"},
        {"destination": "directory:prod::f01"},
    ],
)
def test_a_desired_digest_covers(changed: dict[str, Any]) -> None:
    assert digest(**changed) != digest()


def test_a_desired_digest_ignores_order_and_the_repository_s_name() -> None:
    turned = {PASSWORD: Digest("o1:b"), SETTINGS: Digest("o1:a")}
    assert digest(objects=turned, repository=replace(REPOSITORY, path="acme/renamed")) == digest()


def test_schemes() -> None:
    objects = {SETTINGS: Digest("o1:a")}
    assert digest().startswith("d1:")
    assert digest(scheme="r1", objects=objects, branch="x") == render_digest(objects)
    assert render_digest(objects).startswith("r1:")
    with pytest.raises(ValueError, match="d9"):
        digest(scheme="d9")


def test_what_a_scheme_covers_is_spelt_like_this_and_nothing_else() -> None:
    """Digests are stored, and approvals with them: another spelling is another scheme."""
    stored = b'{"body":{"apiVersion":"v1","data":{"pin":"MTIzNA=="},"kind":"Secret"},"id":["Secret","shop","db"]}'
    assert object_digest(secret(stringData={"pin": "1234"}), KEY) == "o1:" + hmac.new(KEY, stored, "sha256").hexdigest()
    objects = '[["ConfigMap","shop","settings","o1:a"],["Secret","shop","db","o1:b"]]'
    rendered = render_digest({PASSWORD: Digest("o1:b"), SETTINGS: Digest("o1:a")})
    assert rendered == "r1:" + hashlib.sha256(objects.encode()).hexdigest()
    covered = (
        f'{{"branch":"main","destination":"directory:prod::f00","environment":"u-1","objects":{objects},'
        '"options":{"adopt":false,"decrypt":false,"ignore":[],"prune":true,"replace":false},'
        '"repository":["github",7]}'
    )
    assert digest() == "d1:" + hashlib.sha256(covered.encode()).hexdigest()
