"""Other repositories that a render needs: fetched by commit id, as a whole, and kept.

No credential of the forge or of the machine is sent, only a login that was given for the URL; redirects are not
followed, and nothing but http and https is spoken. Which URLs may be asked at all is for whoever asks to decide.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.errors import InputError, RenderError, TemporaryError
from bot.git.mirror import Kept, Mirror
from bot.git.process import commit_id, run, with_header
from bot.model.environment import CONFIGURATION
from bot.model.finding import Finding
from bot.model.noun import Sha
from bot.model.tree import Elsewhere, Tree

__all__ = ["Bases"]

MOST_BYTES = 64 * 1024 * 1024
SECONDS = 120.0
ABSENT = re.compile(
    r"not our ref|unadvertised object|not found|no such remote ref|couldn't find remote ref|could not read Username"
)
"""GitHub and GitLab ask whoever gives no name for one, also where there is no such repository."""

REFUSED = re.compile(r"could not read Username|returned error: 403")
"""What git says where a login is not taken. It may be renewed at any time."""

Login = Callable[[str], Awaitable[str]]
"""The `Authorization` header for a URL; "" where there is none."""


async def nobody(url: str) -> str:
    """No login for anything."""
    del url
    return ""


class Bases:
    """Repositories by URL, each a bare mirror in a folder of its own below `folder`."""

    def __init__(self, folder: Path, login: Login = nobody) -> None:
        self._folder, self._login, self._kept = folder, login, Kept()
        self._mirrors: dict[str, Mirror] = {}
        self._fetching: dict[str, asyncio.Lock] = {}

    async def __call__(self, wanted: Elsewhere) -> Tree:
        """The tree of a commit with every file loaded, fetched only if it is not here yet.

        InputError: no git repository, no such commit, or one that is too large. RenderError: no answer, so nothing is
        known.
        """
        if wanted.kind != "git" or not wanted.url.startswith(("https://", "http://")):
            raise InputError(f"{wanted.url} is no git repository that can be fetched by https")
        sha = commit_id(wanted.revision)
        place = self._folder / f"{name_of(wanted.url)}.git"
        mirror = self._mirrors.setdefault(wanted.url, Mirror(place, self._kept))
        async with self._fetching.setdefault(wanted.url, asyncio.Lock()):
            await mirror.open()
            if not await mirror.has(sha):
                await fetch_commit(mirror, wanted.url, sha, await self._login(wanted.url))
        tree = await mirror.tree(sha)
        files = {path: entry for path, entry in tree.entries.items() if entry.mode.startswith("100")}
        size = sum(entry.size for entry in files.values())
        if size > MOST_BYTES:
            limit = f"at most {MOST_BYTES // 2**20} MiB are fetched for a base; copy what you need into the repository"
            raise InputError(f"{wanted.url} at {sha[:7]} has {size // 2**20} MiB of files; {limit}")
        return await mirror.load(tree, frozenset(files))


async def fetch_commit(mirror: Mirror, url: str, sha: Sha, login: str) -> None:
    """Fetch one commit without its history."""
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--depth=1")
    try:
        async with asyncio.timeout(SECONDS):
            secret = with_header(login) if login else {}
            await run(["fetch", *options, "--end-of-options", url, sha], folder=mirror.folder, extra=secret)
    except TimeoutError:
        raise RenderError([unreached(f"{url} took more than {SECONDS:.0f} s")]) from None
    except TemporaryError as error:
        if login and REFUSED.search(str(error)):
            raise RenderError([unreached(f"{url} does not take the login that the server has for it")]) from None
        if ABSENT.search(str(error)):
            who = (
                "the server's login"
                if login
                else "everybody (the server's operator can add a login for it to render.logins)"
            )
            raise InputError(f"{url} has no commit {sha[:7]}, or is not open to {who}: {error}") from None
        raise RenderError([unreached(f"{url} was not reached: {error}")]) from None


def unreached(message: str) -> Finding:
    """Something that may be there the next time."""
    fix = "it is tried again by itself; if it stays so, look at the place that it comes from"
    return Finding(check="render", level="unknown", message=message, fix=fix, path=CONFIGURATION)


def name_of(url: str) -> str:
    """What a URL's mirror is called."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]
