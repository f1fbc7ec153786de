"""Charts in OCI registries: manifest by tag, layer by digest, with the token that a registry gives for reading.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md and https://helm.sh/docs/topics/registries/
"""

import re
from typing import Any

from yarl import URL

from bot.errors import RenderError
from bot.fetch.door import Answer, Door, locked, refused, showing, unreached
from bot.model.tree import Elsewhere

__all__ = ["download"]

MANIFESTS = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MANIFEST_BYTES = 1024 * 1024
TOKEN_BYTES = 64 * 1024
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


async def download(door: Door, wanted: Elsewhere, most: int, login: str) -> bytes:
    """The archive of a chart, asked for with the `login` of its registry ("" is none).

    RenderError: the version is another chart by now, or cannot be had.
    """
    host, _, path = wanted.url.removeprefix("oci://").partition("/")
    registry = Registry(door, host, path, login)
    # a tag has no plus sign: Helm writes an underscore (https://helm.sh/docs/topics/registries/)
    tag = wanted.revision.replace("+", "_")
    manifest = await registry.get(f"manifests/{tag}", MANIFEST_BYTES, {"Accept": MANIFESTS})
    found = layer(manifest.json(wanted.url))
    if found != wanted.digest:
        message = f"{wanted.url} has another chart as version {wanted.revision} by now: {found[:80]}"
        raise refused(message, "look at what changed, then pin the new digest, or another version")
    return (await registry.get(f"blobs/{wanted.digest}", most, {})).body


class Registry:
    """One repository of a registry, and what lets us in once it was asked for."""

    def __init__(self, door: Door, host: str, path: str, login: str) -> None:
        self._door, self._base, self._path = door, f"https://{host}/v2/{path}", path
        self._login, self._key = login, ""

    async def get(self, what: str, most: int, headers: dict[str, str]) -> Answer:
        """A manifest or a blob. RenderError: the registry has none, or does not give it to us."""
        answer = await self._ask(what, most, headers)
        if answer.status == 401 and not self._key:
            self._key = await self._let_in(answer.challenge)
            answer = await self._ask(what, most, headers)
        if answer.status == 200:
            return answer
        if answer.status >= 500 or answer.status == 429:
            raise unreached(f"the registry of {self._base} answers {answer.status}")
        if answer.status in (401, 403):
            raise self._locked(answer.status)
        reason = "does not have it" if answer.status == 404 else f"answers {answer.status}"
        raise refused(f"the registry {reason}: {self._base}/{what}")

    async def _ask(self, what: str, most: int, headers: dict[str, str]) -> Answer:
        return await self._door.get(f"{self._base}/{what}", most, {**headers, **showing(self._key)})

    def _locked(self, status: int) -> RenderError:
        return locked(f"the registry of {self._base}", status, self._login)

    async def _let_in(self, challenge: str) -> str:
        """What the registry wants to be shown: the login itself, or the token that it gives for one, or to anybody.

        https://distribution.github.io/distribution/spec/auth/token/
        """
        if challenge.lower().startswith("basic") and self._login:
            return self._login
        given = dict(CHALLENGE.findall(challenge)) if challenge.lower().startswith("bearer ") else {}
        if "realm" not in given:
            raise self._locked(401)
        query = {"scope": f"repository:{self._path}:pull"}
        if "service" in given:
            query["service"] = given["service"]
        try:
            url = URL(given["realm"]).update_query(query)
        except ValueError:
            raise refused(f"the registry names no place to log in at: {self._base}") from None
        answer = await self._door.get(str(url), TOKEN_BYTES, showing(self._login))
        if answer.status in (401, 403):
            raise self._locked(answer.status)
        body = answer.json(given["realm"]) if answer.status == 200 else {}
        token = (body.get("token") or body.get("access_token")) if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise refused(f"the registry gives no token to read with: {self._base}")
        return f"Bearer {token}"


def layer(manifest: Any) -> str:
    """The digest of a chart's archive by its manifest. RenderError: it is the manifest of something else."""
    layers = manifest.get("layers") if isinstance(manifest, dict) else None
    for each in layers if isinstance(layers, list) else ():
        if isinstance(each, dict) and each.get("mediaType") == LAYER and isinstance(each.get("digest"), str):
            return str(each["digest"])
    raise refused("what the registry has under that name is no Helm chart")
