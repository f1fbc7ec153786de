"""Stages for the forge contract: a running forge of each dialect, and what people do on it.

A dialect joins the suite by one more class like `GitHubStage` and one more line in `STAGES`.
"""

import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.forge import Forge
from bot.forge.github import GitHub, GitHubOptions
from bot.localforge import ForgeSettings, LocalForge, start
from bot.model.identity import Person, PullRequestId, RepositoryId

__all__ = ["STAGES", "GitHubStage"]

SECRET = "a secret of thirty-two bytes or more"


class GitHubStage:
    """GitHub's dialect, spoken by the local forge: people act with their own tokens, the adapter as the App.

    `delivered` are the webhooks that arrived (headers, body); `answer` is the status that the receiver gives.
    """

    def __init__(self, local: LocalForge, session: aiohttp.ClientSession) -> None:
        self.local, self.session = local, session
        self.delivered: list[tuple[Any, bytes]] = []
        self.answer = 202
        self.ahead = timedelta()
        self.repository = RepositoryId(forge="hub", number=0, path="acme/shop")
        self.forge: Forge = self.fresh()

    def fresh(self) -> Forge:
        """Another adapter, as after a restart."""
        options = GitHubOptions(
            name="hub", web_url=self.local.url, api_url=self.local.api_url, webhook_secret=SECRET.encode(),
            app_id=self.local.app_id, private_key=self.local.private_key_pem,
        )  # fmt: skip
        return GitHub(options, self.session, lambda: time.time() + self.ahead.total_seconds())

    def clock(self) -> datetime:
        """The forge's time."""
        return datetime.now(UTC) + self.ahead

    def forward(self, seconds: float) -> None:
        """Let time pass, for the forge and the adapter alike."""
        self.ahead += timedelta(seconds=seconds)

    async def api(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """One call of somebody's."""
        headers = {"Authorization": f"Bearer {self.local.token(login)}"}
        async with self.session.request(method, f"{self.local.api_url}{path}", json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status != 204 else None

    @property
    def here(self) -> str:
        """The repository's API path."""
        return f"/repos/{self.repository.path}"

    async def person(self, login: str) -> Person:
        """An account as rules see it."""
        return Person(id=(await self.api(login, "GET", "/user"))["id"], login=login)

    async def open(self, login: str, branch: str = "more", message: str = "More") -> PullRequestId:
        """A pull request that adds a file."""
        main = await self.api(login, "GET", f"{self.here}/branches/main")
        await self.api(
            login, "POST", f"{self.here}/git/refs", {"ref": f"refs/heads/{branch}", "sha": main["commit"]["sha"]}
        )
        await self.commit(login, branch, message)
        body = {"title": message.partition("\n")[0], "head": branch, "base": "main"}
        made = await self.api(login, "POST", f"{self.here}/pulls", body)
        return PullRequestId(repository=self.repository, number=made["number"])

    async def commit(self, login: str, branch: str, message: str = "More") -> str:
        """One more file on a branch; the commit."""
        content = base64.b64encode(message.encode()).decode()
        path = f"{self.here}/contents/{len(self.local.record()['calls'])}.txt"
        made = await self.api(login, "PUT", path, {"message": message, "content": content, "branch": branch})
        return str(made["commit"]["sha"])

    async def say(self, login: str, thread: PullRequestId, text: str) -> str:
        """A comment; its id as remarks have it."""
        made = await self.api(login, "POST", f"{self.here}/issues/{thread.number}/comments", {"body": text})
        return f"comment:{made['id']}"

    async def reword(self, login: str, remark: str, text: str) -> None:
        """Edit a comment, somewhat later."""
        self.forward(5)
        await self.api(login, "PATCH", f"{self.here}/issues/comments/{remark.partition(':')[2]}", {"body": text})

    async def unsay(self, login: str, remark: str) -> None:
        """Delete a comment."""
        await self.api(login, "DELETE", f"{self.here}/issues/comments/{remark.partition(':')[2]}")

    async def review(self, login: str, thread: PullRequestId, event: str, text: str = "") -> None:
        """Review: APPROVE, REQUEST_CHANGES or COMMENT."""
        path = f"{self.here}/pulls/{thread.number}/reviews"
        await self.api(login, "POST", path, {"event": event, "body": text})

    async def merge(self, login: str, thread: PullRequestId, method: str = "merge") -> str:
        """Press the button; the commit."""
        path = f"{self.here}/pulls/{thread.number}/merge"
        return str((await self.api(login, "PUT", path, {"merge_method": method}))["sha"])

    async def settled(self) -> None:
        """Every webhook has arrived or failed."""
        await self.local.idle()

    def trouble(self, **fault: Any) -> None:
        """Something goes wrong next."""
        self.local.add_faults([fault])

    def revoke_tokens(self) -> None:
        """The adapter's short-lived tokens end at once."""
        for each in list(self.local.core.state.tokens):
            if each.expires_at is not None:
                self.local.core.state.tokens.drop(each.id)

    def comments(self) -> list[str]:
        """The texts of the adapter's comments that stand, in order."""
        bot = self.local.core.bot.login
        found = self.local.record()["comments"]
        return [each["body"] for each in found if each["login"] == bot and each["deleted_at"] is None]

    def checks(self) -> list[dict[str, Any]]:
        """The check runs."""
        return list(self.local.record()["check_runs"])

    def calls(self, *methods: str) -> list[tuple[str, int]]:
        """The adapter's API calls (path, status) since the last `reset`."""
        own = (None, self.local.core.bot.login)
        found = [each for each in self.local.record()["calls"] if each["door"] == "api" and each["account"] in own]
        return [(each["path"], each["status"]) for each in found if each["method"] in methods]

    def reset(self) -> None:
        """Forget the calls so far."""
        self.local.core.calls.reset()

    async def receive(self, request: web.Request) -> web.Response:
        """The hook's other end."""
        self.delivered.append((request.headers.copy(), await request.read()))
        return web.Response(status=self.answer)


@asynccontextmanager
async def github_stage(folder: Path) -> AsyncIterator[GitHubStage]:
    """The local forge with a repository, people of each role, a team, and the App's hook."""
    made: list[GitHubStage] = []
    settings = ForgeSettings(
        state=folder, webhook_secret=SECRET, clock=lambda: made[0].clock() if made else datetime.now(UTC)
    )
    async with await start(settings) as local, aiohttp.ClientSession() as session:
        for login in ("ana", "bo", "cy", "eve"):
            local.add_user(login, login.title(), f"{login}@example.org")
        local.add_team("acme", "sre", ["bo", "cy"])
        source = folder.parent / "files"
        source.mkdir()
        (source / "readme.txt").write_text("hello\n")
        row = await local.add_repository("acme/shop", source)
        for login, role in (("ana", "write"), ("bo", "maintain"), ("cy", "triage")):
            local.permit("acme/shop", login, role)
        stage = GitHubStage(local, session)
        stage.repository = RepositoryId(forge="hub", number=row.id, path="acme/shop")
        made.append(stage)
        hook = web.Application(client_max_size=30 << 20)
        hook.router.add_post("/hook", stage.receive)
        async with TestServer(hook, host="127.0.0.1") as server:
            local.set_webhook(str(server.make_url("/hook")))
            yield stage


STAGES = {"github": github_stage}
