"""What tests of the forge hold in hand: people with tokens, a clock, a receiver of webhooks."""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
from aiohttp import web

from bot.localforge import LocalForge

__all__ = ["FILES", "GIT_ENVIRONMENT", "SECRET", "Answer", "Client", "Clock", "Inbox", "World"]

FILES = {"README.md": "# Shop\n", "envs/prod/web.yaml": "replicas: 4\n", "envs/dev/web.yaml": "replicas: 1\n"}
GIT_ENVIRONMENT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
SECRET = "a-webhook-secret-of-more-than-32-bytes"


@dataclass
class Answer:
    """An HTTP answer, read."""

    status: int
    headers: Any
    text: str
    json: Any
    links: dict[str, str]


@dataclass
class Clock:
    """Time that passes only when told to."""

    now: datetime = datetime(2026, 3, 1, 12, 0, 0, 750000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Inbox:
    """What the webhook receiver got."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 202
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        self.arrived.set()
        return web.Response(status=self.status)

    @property
    def events(self) -> list[str]:
        return [headers["X-GitHub-Event"] for headers, _ in self.got]


class Client:
    """Somebody with a token, or without."""

    def __init__(self, session: aiohttp.ClientSession, root: str, authorization: str = "") -> None:
        self.session, self.root, self.authorization = session, root, authorization

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            sent["Authorization"] = self.authorization
        url = path if path.startswith("http") else self.root + path
        async with self.session.request(method, url, json=body, headers=sent) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json" and text
            links = {name: str(link["url"]) for name, link in answer.links.items()}
            return Answer(answer.status, answer.headers, text, await answer.json() if is_json else None, links)

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self(method, path, body)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json


@dataclass
class World:
    """Everything that a test needs."""

    forge: LocalForge
    clock: Clock
    inbox: Inbox
    session: aiohttp.ClientSession
    dana: Client
    olga: Client
    stranger: Client
    app: Client
    repo: str = "/repos/acme/shop"

    def client(self, authorization: str = "") -> Client:
        return Client(self.session, self.forge.api_url, authorization)

    def jwt(self, **changes: Any) -> str:
        now = int(self.clock().timestamp())
        claims = {"iat": now - 30, "exp": now + 300, "iss": str(self.forge.app_id)} | changes
        return jwt.encode(claims, self.forge.private_key_pem, "RS256")

    async def installation(self) -> int:
        found = await self.client(f"Bearer {self.jwt()}").ok("GET", "/app/installations")
        return int(found[0]["id"])

    async def branch(self, name: str, of: str = "main") -> None:
        sha = (await self.dana.ok("GET", f"{self.repo}/branches/{of}"))["commit"]["sha"]
        await self.dana.ok("POST", f"{self.repo}/git/refs", {"ref": f"refs/heads/{name}", "sha": sha})

    async def write(self, path: str, text: str, branch: str) -> str:
        body = {"message": f"write {path}", "branch": branch, "content": base64.b64encode(text.encode()).decode()}
        old = await self.dana("GET", f"{self.repo}/contents/{path}?ref={branch}")
        if old.status == 200:
            body["sha"] = old.json["sha"]
        return str((await self.dana.ok("PUT", f"{self.repo}/contents/{path}", body))["commit"]["sha"])

    async def open(self, branch: str = "topic", text: str = "replicas: 5\n", title: str = "More replicas") -> int:
        await self.branch(branch)
        await self.write("envs/prod/web.yaml", text, branch)
        body = {"title": title, "head": branch, "base": "main", "body": "Because."}
        return int((await self.dana.ok("POST", f"{self.repo}/pulls", body))["number"])
