"""One way out to one GitHub host, with one credential's quota: timeouts, redirects, revalidation, pacing.

gidgethub decides what a request and an answer look like; this decides whether and where it is sent.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import gidgethub.aiohttp
from cachetools import LRUCache
from yarl import URL

from bot.errors import PermanentError, TemporaryError
from bot.forge.github.faults import answered, unreachable
from bot.forge.github.pace import hold_off

__all__ = ["Transport"]

USER_AGENT = "tidegate"
TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10, sock_read=20)
REDIRECTION, REDIRECTS = (301, 302, 307, 308), 3
AT_ONCE = 16
"""GitHub allows 100 requests at a time to an account; other clients of it want some too."""

CACHED = 256
"""Answers that are kept by URL, for revalidation with `If-None-Match`: a 304 costs no quota."""

Answer = tuple[int, Mapping[str, str], bytes]


class Transport(gidgethub.aiohttp.GitHubAPI):
    """gidgethub's client whose every answer is a success or one of our errors.

    While GitHub wants to be left alone (a quota is used up, a limit was hit), requests fail at once with a
    TemporaryError that says for how long, and none is sent. `now` is seconds since 1970.
    """

    def __init__(self, session: aiohttp.ClientSession, api_url: str, now: Callable[[], float] = time.time) -> None:
        super().__init__(session, USER_AGENT, base_url=api_url, cache=LRUCache(CACHED))
        self._origin = URL(api_url).origin()
        self._now = now
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._free_at = 0.0
        self._behind = 0.0
        self._strikes = 0

    @property
    def time(self) -> datetime:
        """GitHub's time (UTC), by its last answer's `Date` and this machine's clock since."""
        return datetime.fromtimestamp(self._now() - self._behind, UTC)

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send, following redirects of renamed repositories."""
        place = URL(url)
        for _ in range(REDIRECTS + 1):
            self._check_origin(place)
            async with self._slots:
                status, received, content = await self._send(method, place, headers, body)
            location = received.get("location")
            if status not in REDIRECTION or not location:
                return status, received, content
            place = place.join(URL(location))
        raise PermanentError(f"GitHub redirected {method} {URL(url).path} more than {REDIRECTS} times")

    async def _send(self, method: str, place: URL, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request, unless GitHub wants to be left alone. The method and body stay as they are on a redirect."""
        self._check_pace()
        try:
            async with self._session.request(
                method, place, headers=headers, data=body, timeout=TIMEOUT, allow_redirects=False
            ) as response:
                status, received, content = response.status, response.headers, await response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(method, place.path, error) from None
        self._pace(method, place.path, status, received, content)
        self._set_clock(received.get("date", ""))
        if status not in REDIRECTION and (refusal := answered(method, place.path, status, content)):
            raise refusal
        return status, received, content

    def _set_clock(self, date: str) -> None:
        """Remember how far this machine's clock is ahead (RFC 9110 section 6.6.1). What says no time tells nothing."""
        with suppress(ValueError):
            self._behind = self._now() - parsedate_to_datetime(date).timestamp()

    def _check_origin(self, place: URL) -> None:
        """The credential goes to the configured host only, whatever a redirect or a Link header says."""
        if place.origin() != self._origin:
            raise PermanentError(f"GitHub pointed to {place.host}, which is not {self._origin}: not followed")

    def _check_pace(self) -> None:
        wait = self._free_at - self._now()
        if wait > 0:
            raise TemporaryError(f"GitHub asked to wait: {wait:.0f} s are left", wait)

    def _pace(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Remember how long to hold off; if this very request was refused for it, say so."""
        wait = hold_off(status, headers, body, self._strikes, self._now())
        if wait is not None:
            self._free_at = max(self._free_at, self._now() + wait)
        if status < 400:
            self._strikes = 0
        elif wait is not None:
            self._strikes += 1
            raise TemporaryError(f"GitHub answered {status} to {method} {path} and asked to wait {wait:.0f} s", wait)

    async def page(self, path: str, values: Mapping[str, Any], headers: dict[str, str]) -> tuple[Any, str | None]:
        """One page of a list, and the address of the next if GitHub names one."""
        data, more, _ = await self._make_request("GET", path, values, b"", ACCEPT, extra_headers=headers)
        return data, more


ACCEPT = gidgethub.sansio.accept_format()
