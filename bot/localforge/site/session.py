"""Who looks at a page, and which repository and pull request its address names."""

from aiohttp import web

from bot.localforge.door import CORE
from bot.localforge.errors import ApiError, missing
from bot.localforge.rows import Account, Pull, Repository

__all__ = ["COOKIE", "found_pull", "found_repository", "signed_in", "viewer"]

COOKIE = "localforge_login"
"""Cookies do not tell ports apart, so the name must not meet one of another server on this machine."""


def viewer(request: web.Request) -> Account | None:
    """The account that the browser signed in as."""
    account = request.app[CORE].login(request.cookies.get(COOKIE, ""))
    return account if account is not None and account.type == "User" else None


def signed_in(request: web.Request) -> Account:
    """The same, for what needs one. ApiError 401: nobody is signed in."""
    account = viewer(request)
    if account is None:
        raise ApiError(401, "Sign in first: choose who you are at /login")
    return account


def found_repository(request: web.Request) -> Repository:
    """The repository of the address. ApiError 404: none that the viewer may read."""
    core = request.app[CORE]
    found = core.find(request.match_info["owner"], request.match_info["name"])
    if found is None:
        raise missing()
    core.require(found, viewer(request), "read")
    return found


def found_pull(request: web.Request) -> Pull:
    """The pull request of the address. ApiError 404: there is none."""
    return request.app[CORE].pull(found_repository(request), int(request.match_info["number"]))
