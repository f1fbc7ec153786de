"""The name and the password that a place asks for which does not open to everybody."""

import base64
from pathlib import Path

from bot.model.noun import noun

__all__ = ["Login", "basic"]


@noun
class Login:
    """For URLs that `match` (with `*`, none in the host). The password is in a file, so that it can be replaced."""

    match: str
    username: str
    password_file: Path


def basic(username: str, password: str) -> str:
    """The value of an `Authorization` header (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"
