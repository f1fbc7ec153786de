"""The one rewriting of a manifest before it is compared: a Secret's `stringData` becomes `data`.

The API server does the same on every write (https://kubernetes.io/docs/concepts/configuration/secret/): stringData is
write-only, is merged into data, and wins over it.
"""

import base64
from collections.abc import Mapping
from dataclasses import replace

from bot.model.noun import Json
from bot.model.resource import Locate, Resource

__all__ = ["normalise", "stored"]


def normalise(resource: Resource) -> Resource:
    """The resource as it is stored. One that SOPS encrypted stays as it is, since that is what can be decrypted.

    What is not legal in a Secret (a number, a null) stays where it is, to be found.
    """
    body = stored(resource.body) if resource.id.type == "Secret" else resource.body
    if body is resource.body:
        return resource
    origin = resource.origin
    if origin and origin.locate:
        encoded = frozenset(resource.body["stringData"] or ()) - frozenset(body.get("stringData", ()))
        origin = replace(origin, locate=Moved(origin.locate, encoded))
    return replace(resource, body=body, origin=origin)


def stored(body: Json) -> Json:
    """The body of a Secret as it is stored; the same one where it is so already, or cannot be."""
    plain, data = body.get("stringData"), body.get("data")
    if "stringData" not in body or "sops" in body:
        return body
    if not isinstance(plain, Mapping | None) or not isinstance(data, Mapping | None):
        return body
    encoded = {key: _base64(value) for key, value in (plain or {}).items() if isinstance(value, str)}
    illegal = {key: value for key, value in (plain or {}).items() if not isinstance(value, str)}
    rest = {key: value for key, value in body.items() if key != "stringData"}
    if encoded:
        rest["data"] = {**(data or {}), **encoded}
    if illegal:
        rest["stringData"] = illegal
    return rest


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
