"""What SOPS leaves in git: ciphertext in the place of values, and its own key at the object's root."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.model.resource import Resource

__all__ = ["cipher", "encrypted", "opened"]

CIPHER = re.compile(r"ENC\[AES256_GCM,data:[A-Za-z0-9+/=]*,iv:[A-Za-z0-9+/=]+,tag:[A-Za-z0-9+/=]+,type:([a-z]+)\]")
"""What stands in a value's place (https://getsops.io/docs/#encryption-protocol)."""

STAND_INS: Mapping[str, Any] = {"int": 0, "float": 0.0, "bool": False}


def encrypted(resource: Resource) -> bool:
    """Whether SOPS wrote the object."""
    return "sops" in resource.body and isinstance(resource.body["sops"], Mapping)


def cipher(value: object) -> bool:
    """Whether this is what SOPS writes in a value's place: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]`."""
    return isinstance(value, str) and CIPHER.fullmatch(value) is not None


def opened(resource: Resource) -> Resource:
    """An encrypted object as its decrypted form would look to a schema: values of the right types, no `sops` key.

    What a text holds nobody knows, so an empty one stands for it.
    """
    if not encrypted(resource):
        return resource
    body = {key: stand_in(value) for key, value in resource.body.items() if key != "sops"}
    return replace(resource, body=body)


def stand_in(value: Any) -> Any:
    """The value with something of the same type in the place of all ciphertext."""
    if isinstance(value, Mapping):
        return {key: stand_in(each) for key, each in value.items()}
    if isinstance(value, list):
        return [stand_in(each) for each in value]
    if isinstance(value, str) and (found := CIPHER.fullmatch(value)):
        return STAND_INS.get(found[1], "")
    return value
