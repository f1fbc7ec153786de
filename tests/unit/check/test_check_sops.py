"""What SOPS encrypted is held against its kind's schema by the types of its values, which is all that is known."""

from collections.abc import Callable

import pytest

from bot.check.schemas import Schemas
from bot.check.sops import cipher
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.resource import Resource

Manifests = Callable[[str], list[Resource]]

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: nginx, ports: [{containerPort: VALUE}]}]
"""
SOPS = "sops: {mac: x, version: 3.13.3}\n"
PORT = "spec.containers[0].ports[0].containerPort of Pod web must be an integer"


def encrypted(kind: str) -> str:
    """What SOPS writes in the place of a value of that type."""
    return f'"ENC[AES256_GCM,data:p673w==,iv:YY=,tag:A=,type:{kind}]"'


async def wrong(manifests: Manifests, environment: Environment, text: str) -> list[str]:
    """What the schema has against a manifest."""
    examined = Examined(environment=environment, resources=tuple(manifests(text)))
    return [each.message for each in await Schemas().run(examined)]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("int", []),
        ("str", [f"{PORT}, not a string"]),
        ("float", [f"{PORT}, not a number"]),
        ("bool", [f"{PORT}, not true or false"]),
    ],
)
async def test_an_encrypted_value_counts_as_one_of_its_type(
    manifests: Manifests, environment: Environment, kind: str, said: list[str]
) -> None:
    assert await wrong(manifests, environment, MANIFEST.replace("VALUE", encrypted(kind)) + SOPS) == said


async def test_ciphertext_is_text_where_sops_did_not_write_the_object(
    manifests: Manifests, environment: Environment
) -> None:
    text = MANIFEST.replace("VALUE", encrypted("int"))
    assert await wrong(manifests, environment, text) == [f"{PORT}, not a string"]
    assert len(await wrong(manifests, environment, text + "sops: yes\n")) == 2


@pytest.mark.parametrize("value", [None, 1, "ENC[AES256_GCM,data:p]", f" {encrypted('str')}", encrypted("str")[1:-2]])
def test_what_only_begins_like_ciphertext_is_none(value: object) -> None:
    assert not cipher(value)


def test_ciphertext_is_told() -> None:
    assert cipher(encrypted("str").strip('"'))
