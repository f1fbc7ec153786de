"""The check `secrets`: a Secret with readable values is found, and its values are never shown."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.secrets import PlainSecrets, exposed, plain
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.resource import Resource, ResourceId

HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\n"


async def test_a_value_is_an_error_at_its_key(
    manifests: Callable[[str], list[Resource]], environment: Environment
) -> None:
    text = HEAD + "type: Opaque\ndata:\n  empty: ''\n  password: aHVudGVyMg==\nstringData:\n  user: ana\n"
    (found,) = await PlainSecrets().run(Examined(environment=environment, resources=tuple(manifests(text))))
    assert (found.check, found.level, found.path, found.line, found.column) == ("secrets", "error", "app.yaml", 9, 3)
    assert found.message == "Secret shop/db holds 2 values in plain text (password, user)"
    assert "SealedSecret" in found.fix


async def test_the_environment_may_lower_it(
    manifests: Callable[[str], list[Resource]], environment: Environment
) -> None:
    lowered = replace(environment, plain_secrets="warning")
    (found,) = await PlainSecrets().run(
        Examined(environment=lowered, resources=tuple(manifests(HEAD + "data: {password: aHVudGVyMg==}\n")))
    )
    assert found.level == "warning"


@pytest.mark.parametrize("text", ["", "data: {}\n", "data: null\n", "stringData: {a: ''}\n", "type: Opaque\n"])
async def test_a_secret_without_values_is_fine(
    manifests: Callable[[str], list[Resource]], environment: Environment, text: str
) -> None:
    assert await PlainSecrets().run(Examined(environment=environment, resources=tuple(manifests(HEAD + text)))) == []


async def test_other_kinds_are_not_looked_at(
    manifests: Callable[[str], list[Resource]], environment: Environment
) -> None:
    sealed = HEAD.replace("v1", "bitnami.com/v1alpha1").replace("Secret", "SealedSecret") + "data: {a: b}\n"
    foreign = HEAD.replace("v1", "acme.io/v1") + "data: {a: b}\n"
    assert (
        await PlainSecrets().run(
            Examined(environment=environment, resources=tuple(manifests(sealed + "---\n" + foreign)))
        )
        == []
    )


def secret(**body: Any) -> Resource:
    """A Secret that no file holds."""
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}
    return Resource(id=ResourceId(type="Secret", name="db"), body=head | body)


def test_what_sops_encrypted_is_not_plain_and_the_rest_is() -> None:
    cipher = "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:A=,type:str]"
    assert list(plain(secret(sops={"version": "3"}, data={"a": cipher}))) == []
    assert list(plain(secret(sops={"version": "3"}, data={"a": cipher, "b": "aHVudGVyMg=="}))) == [("data", "b")]
    assert list(plain(secret(data={"a": cipher}))) == [("data", "a")]


def test_the_copy_that_kubectl_keeps_is_found() -> None:
    key = "kubectl.kubernetes.io/last-applied-configuration"
    metadata = {"name": "db", "annotations": {key: json.dumps({"data": {"a": "aHVudGVyMg=="}})}}
    assert list(plain(secret(metadata=metadata))) == [("metadata", "annotations", key)]
    assert list(plain(secret(metadata={"name": "db", "annotations": {"team": "shop"}}))) == []


def test_values_in_the_wrong_shape_are_found_too() -> None:
    assert list(plain(secret(data="hunter2"))) == [("data",)]
    assert list(plain(secret(stringData={"pin": 1234}))) == [("stringData", "pin")]


@given(
    st.dictionaries(st.text(min_size=1), st.integers(10**9, 10**10), min_size=1),
    st.sampled_from(["data", "stringData"]),
)
def test_no_value_is_ever_quoted(values: dict[str, int], part: str) -> None:
    texts = {key: f"value-{value}" for key, value in values.items()}
    found = exposed(secret(**{part: texts}), list(plain(secret(**{part: texts}))), "error")
    assert "value-" not in repr(found)
    assert found.message.isprintable()
    assert len(found.message) < 400
