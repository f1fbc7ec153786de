"""The one rewriting of a manifest before it is compared: a Secret's `stringData` becomes `data`.

The API server does the same on every write (https://kubernetes.io/docs/concepts/configuration/secret/): stringData is
write-only, is merged into data, and wins over it.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace

from bot.model.resource import Locate, Resource

__all__ = ["normalise"]


def normalise(resource: Resource) -> Resource:
    """The resource as it is stored. One that SOPS encrypted stays as it is, since that is what can be decrypted.

    What is not legal in a Secret (a number, a null) stays where it is, to be found.
    """
    body = resource.body
    plain, data = body.get("stringData"), body.get("data")
    if resource.id.type != "Secret" or "stringData" not in body or "sops" in body:
        return resource
    if not isinstance(plain, Mapping | None) or not isinstance(data, Mapping | None):
        return resource
    encoded = {key: _base64(value) for key, value in (plain or {}).items() if isinstance(value, str)}
    illegal = {key: value for key, value in (plain or {}).items() if not isinstance(value, str)}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    if encoded:
        rest["data"] = {**(data or {}), **encoded}
    if illegal:
        rest["stringData"] = illegal
    origin = resource.origin
    if origin and origin.locate:
        origin = replace(origin, locate=Moved(origin.locate, frozenset(encoded)))
    return replace(resource, body=rest, origin=origin)


class Moved:
    """`Locate` for a Secret whose `data` stands as `stringData` in its file, as far as `keys` go."""

    def __init__(self, locate: Locate, keys: frozenset[str]) -> None:
        self._locate, self._keys = locate, keys

    def __call__(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """(line, column), both from 1."""
        moved = len(path) > 1 and path[0] == "data" and path[1] in self._keys
        return self._locate(("stringData", *path[1:]) if moved else path)


def _base64(text: str) -> str:
    """Standard base64 (RFC 4648 section 4) of the text's UTF-8."""
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")
