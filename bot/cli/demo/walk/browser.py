"""What a person has in hand: a signed-in account at the forge, a browser, folders, and a process to kill."""

import asyncio
import base64
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

T = TypeVar("T")

__all__ = ["Account", "Broken", "Place", "eventually", "holds"]

PATIENCE = 60.0
LOOK_EVERY = 0.1


class Broken(Exception):
    """A step of the story does not hold."""


@dataclass(frozen=True)
class Place:
    """Where the story plays: URLs of the forge and of Tidegate, the repository, each target's folder, the pid file."""

    forge: str
    tidegate: str
    repository: str
    folders: dict[str, Path]
    pid_file: Path
    developer: str
    approver: str

    def objects(self, target: str) -> dict[str, str]:
        """Every object file of a target's folder, by its path there."""
        folder, found = self.folders[target], dict[str, str]()
        for path in sorted(folder.rglob("*.yaml")):
            name = path.relative_to(folder).as_posix()
            if not name.startswith(".tidegate"):
                with contextlib.suppress(FileNotFoundError):  # an apply takes away what was listed
                    found[name] = path.read_text()
        return found

    def kill(self) -> int:
        """kill -9 the server; its process id."""
        pid = int(self.pid_file.read_text())
        os.kill(pid, signal.SIGKILL)
        return pid


def holds(condition: object, otherwise: str) -> None:
    """Go on only if the condition holds."""
    if not condition:
        raise Broken(otherwise)


async def eventually(look: Callable[[], Awaitable[T | None]], otherwise: str) -> T:
    """Look again and again until there is something to see; at most a minute."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        try:
            if found := await look():
                return found
        except aiohttp.ClientConnectionError:
            pass  # the server is being started again
        await asyncio.sleep(LOOK_EVERY)
    raise Broken(f"{otherwise} (waited {PATIENCE:.0f} s)")


class Account:
    """Somebody signed in at the forge, using its public API as any script of theirs would."""

    def __init__(self, session: aiohttp.ClientSession, place: Place, login: str, token: str) -> None:
        self.session, self.place, self.login, self._token = session, place, login, token

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One API call; the answer's JSON. Broken: the forge refused."""
        url = f"{self.place.forge}/api/v3/repos/{self.place.repository}{path}"
        headers = {"Authorization": f"token {self._token}", "Accept": "application/vnd.github+json"}
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise Broken(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json() if answer.status != 204 else None

    async def page(self, url: str) -> str:
        """The text of a page."""
        async with self.session.get(url) as answer:
            holds(answer.status == 200, f"{url} answers {answer.status}")
            return await answer.text()

    async def read(self, path: str, ref: str) -> tuple[str, str]:
        """A file of the repository: its text and blob id."""
        found = await self.call("GET", f"/contents/{quote(path)}?ref={quote(ref)}")
        return base64.b64decode(found["content"]).decode(), found["sha"]

    async def files(self, ref: str) -> list[str]:
        """The paths of all files at a branch."""
        branch = await self.call("GET", f"/branches/{quote(ref)}")
        tree = await self.call("GET", f"/git/trees/{branch['commit']['sha']}?recursive=1")
        return [entry["path"] for entry in tree["tree"] if entry["type"] == "blob"]

    async def branch(self, name: str, of: str) -> None:
        """Make a branch at another's head."""
        head = await self.call("GET", f"/branches/{quote(of)}")
        await self.call("POST", "/git/refs", {"ref": f"refs/heads/{name}", "sha": head["commit"]["sha"]})

    async def write(self, path: str, text: str, branch: str, message: str) -> None:
        """Commit one file to a branch."""
        body = {"message": message, "branch": branch, "content": base64.b64encode(text.encode()).decode()}
        with contextlib.suppress(Broken):  # a new file has no blob yet
            body["sha"] = (await self.read(path, branch))[1]
        await self.call("PUT", f"/contents/{quote(path)}", body)

    async def remove(self, path: str, branch: str, message: str) -> None:
        """Delete one file on a branch."""
        _, sha = await self.read(path, branch)
        await self.call("DELETE", f"/contents/{quote(path)}", {"message": message, "branch": branch, "sha": sha})

    async def propose(self, title: str, branch: str, base: str = "main") -> int:
        """Open a pull request; its number."""
        body = {"title": title, "head": branch, "base": base, "body": f"Proposed by {self.login}."}
        return int((await self.call("POST", "/pulls", body))["number"])

    async def comment(self, number: int, text: str) -> int:
        """Write a comment; its id."""
        return int((await self.call("POST", f"/issues/{number}/comments", {"body": text}))["id"])

    async def answer(self, number: int, text: str) -> int:
        """Comment on the plan that is shown, after reading it."""
        await self.read_plan(number)
        return await self.comment(number, text)

    async def read_plan(self, number: int) -> None:
        """Let the second pass in which the plan was posted: what is done in it may not have seen the plan."""

        async def read() -> bool:
            comment = await self.plan_comment(number)
            posted = datetime.fromisoformat(comment["updated_at"]) if comment else None
            return posted is not None and datetime.now(UTC) >= posted + timedelta(seconds=1)

        await eventually(read, f"pull request {number} has no plan to read")

    async def merge(self, number: int) -> str:
        """Press the merge button; the merge commit."""
        return str((await self.call("PUT", f"/pulls/{number}/merge", {"merge_method": "merge"}))["sha"])

    async def bot_comments(self, number: int) -> list[dict[str, Any]]:
        """What bots wrote in a thread."""
        found = await self.call("GET", f"/issues/{number}/comments?per_page=100")
        return [each for each in found if each["user"]["type"] == "Bot"]

    async def plan_comment(self, number: int) -> dict[str, Any] | None:
        """The one comment with the plan, or None. Broken: there are two."""
        plans = [each for each in await self.bot_comments(number) if each["body"].startswith("<!-- tidegate:plan")]
        holds(len(plans) < 2, f"pull request {number} has {len(plans)} plan comments")
        return plans[0] if plans else None

    async def check(self, number: int) -> dict[str, Any] | None:
        """The completed check on a pull request's head, or None while there is none."""
        pull = await self.call("GET", f"/pulls/{number}")
        found = await self.call("GET", f"/commits/{pull['head']['sha']}/check-runs?check_name=tidegate")
        done = [run for run in found["check_runs"] if run["status"] == "completed"]
        return done[-1] if done else None
