"""Tokens: the App's own (a signed JWT), an installation's (fetched with it, good for an hour), or a person's.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import asyncio
from collections.abc import Callable

import jwt

from bot.errors import PermanentError
from bot.forge.github.client import Client
from bot.forge.github.shape import moment, text

__all__ = ["AppToken", "InstallationToken", "PersonalToken"]

JWT_SECONDS, JWT_SKEW = 540, 60
"""GitHub takes at most ten minutes, and advises to date a JWT back by a minute because clocks differ."""

JWT_REUSE = 240.0
EARLY = 300.0
"""A token is replaced this many seconds before it expires: what gets it needs time to use it."""


class PersonalToken:
    """A personal access token. Nothing can renew it."""

    def __init__(self, value: str) -> None:
        self._value = value

    async def token(self) -> str:
        """The token."""
        return self._value

    def refused(self, _token: str, /) -> bool:
        """No other can be had."""
        return False


class AppToken:
    """The App itself: a JWT signed with its private key, made anew every few minutes."""

    def __init__(self, app_id: int, private_key: str, now: Callable[[], float]) -> None:
        self._app_id, self._private_key, self._now = str(app_id), private_key, now
        self._value, self._made_at = "", 0.0

    async def token(self) -> str:
        """A JWT. PermanentError: the key cannot sign."""
        if not self._value or not 0 <= self._now() - self._made_at < JWT_REUSE:
            try:
                made = int(self._now())
                claims = {"iss": self._app_id, "iat": made - JWT_SKEW, "exp": made + JWT_SECONDS}
                self._value = jwt.encode(claims, self._private_key, algorithm="RS256")
            except Exception:
                # The libraries' own messages may quote the key.
                message = "the App's private key cannot be used: give the PEM file that GitHub made, unchanged"
                raise PermanentError(message) from None
            self._made_at = self._now()
        return self._value

    def refused(self, token: str, /) -> bool:
        """A new one would be no better, unless this one is of another time (the machine slept, its clock is off)."""
        old = token == self._value and not -JWT_SKEW / 2 < self._now() - self._made_at <= JWT_REUSE
        self._value = "" if token == self._value else self._value
        return old


class InstallationToken:
    """One installation's token, fetched once however many ask for it at the same time."""

    def __init__(self, app: Client, installation: int, now: Callable[[], float]) -> None:
        self._app, self._installation, self._now = app, installation, now
        self._value, self._expires_at = "", 0.0
        self._fetching = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good for five minutes at least."""
        async with self._fetching:
            if not self._value or self._now() >= self._expires_at - EARLY:
                path = "/app/installations/{installation}/access_tokens"
                answer = await self._app.post(path, {}, installation=self._installation)
                self._value, self._expires_at = text(answer, "token"), moment(answer, "expires_at").timestamp()
            return self._value

    def refused(self, token: str, /) -> bool:
        """Forget it: revoked tokens and restored backups of the forge are healed by a new one."""
        if token == self._value:
            self._value = ""
        return True
