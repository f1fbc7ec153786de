"""Which login goes where: only to places whose host the operator named letter by letter."""

import asyncio
from collections.abc import Sequence
from fnmatch import fnmatchcase

from bot.fetch.door import unreached
from bot.model.login import Login, basic

__all__ = ["Logins"]


class Logins:
    """The operator's logins; the first that matches counts. A password is read when it is used: it may be renewed."""

    def __init__(self, given: Sequence[Login] = ()) -> None:
        self._given = tuple(given)

    async def __call__(self, url: str) -> str:
        """The `Authorization` header for what is at `url`; "" where there is none.

        RenderError: its password cannot be read, so nothing is known.
        """
        login = next((each for each in self._given if fnmatchcase(url, each.match)), None)
        if login is None:
            return ""
        try:
            password = await asyncio.to_thread(login.password_file.read_text, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise unreached(f"the password for {login.match} cannot be read: {reason}") from None
        return basic(login.username, password.strip())
