"""GitHub's REST API under one credential: get, list, write. Answers are JSON as GitHub sends it.

Paths are templates (RFC 6570); what is filled in is escaped, but for `{+repo}`, which is checked where it is made.
Every method raises TemporaryError or PermanentError (`NotFound` among them) and nothing else.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.errors import TidegateError
from bot.forge.github.faults import Unauthorized, unreachable
from bot.forge.github.shape import ShapeError
from bot.forge.github.transport import Transport
from bot.model.noun import Json

__all__ = ["API_VERSION", "PAGE", "Client", "Credential"]

API_VERSION = "2022-11-28"
"""Later versions leave out fields that are read here: https://docs.github.com/en/rest/about-the-rest-api/api-versions"""

PAGE = 100
T = TypeVar("T")


class Credential(Protocol):
    """Where a token comes from."""

    async def token(self) -> str:
        """A token that is good for some minutes."""
        ...

    def refused(self, token: str, /) -> bool:
        """GitHub did not accept the token; whether a new one can be had."""
        ...


class Client:
    """The API under one credential. A token that GitHub refuses is renewed once, where it can be."""

    def __init__(self, transport: Transport, credential: Credential) -> None:
        self._transport = transport
        self._credential = credential

    async def token(self) -> str:
        """The token itself, for git."""
        return await self._credential.token()

    def time(self) -> datetime:
        """GitHub's time when it last answered (UTC); before that, and where it does not say, this machine's."""
        return self._transport.time

    async def get(self, path: str, **values: Any) -> Json:
        """One object."""

        async def send(headers: dict[str, str]) -> Any:
            return await self._transport.getitem(path, values, extra_headers=headers)

        return self._object("GET", path, await self._call("GET", path, send))

    async def pages(self, path: str, key: str = "", numbered: bool = True, **values: Any) -> AsyncIterator[Json]:
        """Every object of a list, page by page as they are asked for; `key` is where the list is in the answer.

        A full page without a next one is not believed where pages are `numbered`: a revalidated answer may come from a
        time when the list ended there, since GitHub's ETag covers the body and not the Link header.
        """
        first = f"{path}{'&' if '?' in path else '?'}per_page={PAGE}"
        address, number = first, 1
        while address:

            async def send(headers: dict[str, str], place: str = address) -> Any:
                return await self._transport.page(place, values, headers)

            data, more = await self._call("GET", path, send)
            found = data.get(key) if key and isinstance(data, dict) else data
            if not isinstance(found, list):
                raise ShapeError(f"the answer to GET {path} is not a list")
            for each in found:
                yield self._object("GET", path, each)
            number += 1
            address = more or (f"{first}&page={number}" if numbered and len(found) >= PAGE else "")

    async def post(self, path: str, body: Json, **values: Any) -> Json:
        """Create; what was created ({} where the answer is empty)."""

        async def send(headers: dict[str, str]) -> Any:
            return await self._transport.post(path, values, data=body, extra_headers=headers)

        return self._object("POST", path, await self._call("POST", path, send) or {})

    async def patch(self, path: str, body: Json, **values: Any) -> Json:
        """Change; what it is now."""

        async def send(headers: dict[str, str]) -> Any:
            return await self._transport.patch(path, values, data=body, extra_headers=headers)

        return self._object("PATCH", path, await self._call("PATCH", path, send))

    async def delete(self, path: str, **values: Any) -> None:
        """Delete."""

        async def send(headers: dict[str, str]) -> Any:
            return await self._transport.delete(path, values, extra_headers=headers)

        await self._call("DELETE", path, send)

    async def _call(self, method: str, path: str, send: Callable[[dict[str, str]], Awaitable[T]]) -> T:
        """Send with the credential; once more with a new token if it is refused (then nothing was done)."""
        token = await self._credential.token()
        try:
            return await self._once(method, path, send, token)
        except Unauthorized:
            if not self._credential.refused(token):
                raise
        return await self._once(method, path, send, await self._credential.token())

    async def _once(self, method: str, path: str, send: Callable[[dict[str, str]], Awaitable[T]], token: str) -> T:
        """One try. What gidgethub cannot read (a proxy's page instead of JSON) is an answer that never came."""
        headers = {"authorization": f"Bearer {token}", "x-github-api-version": API_VERSION}
        try:
            return await send(headers)
        except TidegateError:
            raise
        except Exception as error:
            raise unreachable(method, path, error) from None

    @staticmethod
    def _object(method: str, path: str, value: Any) -> Json:
        if not isinstance(value, dict):
            raise ShapeError(f"the answer to {method} {path} is not an object")
        return value
