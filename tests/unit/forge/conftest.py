"""A scripted GitHub over real HTTP: each test says what it answers, then looks at what was asked of it."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.forge.github import GitHub, GitHubOptions

SECRET = b"0123456789abcdef0123456789abcdef"


@dataclass
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Script:
    """Answers by `METHOD /path`: the next of a list, the last one for ever; a function is called with the request.

    `now` is its time in seconds since 1970.
    """

    now: Callable[[], float]
    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    lost: object = field(default_factory=object)

    def on(self, what: str, *answers: Any) -> None:
        """Say what is answered; a plain value is a 200's JSON, a tuple is (status, JSON or text or `lost`, headers)."""
        self.answers[what] = list(answers)

    def of(self, what: str) -> list[Asked]:
        """The requests for `METHOD /path`."""
        return [each for each in self.asked if f"{each.method} {each.path}" == what]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        raw = await request.read()
        body = json.loads(raw) if raw else None
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path, dict(request.query), headers, body)
        self.asked.append(asked)
        script = self.answers.get(f"{asked.method} {asked.path}")
        if not script:
            return web.json_response({"message": "Not Found"}, status=404)
        answer = script.pop(0) if len(script) > 1 else script[0]
        answer = answer(asked) if callable(answer) else answer
        status, value, more = answer if isinstance(answer, tuple) else (200, answer, {})
        if value is self.lost:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        more = {"Date": formatdate(self.now(), usegmt=True), **more}
        if value is None or isinstance(value, str):
            return web.Response(status=status, text=value or "", headers=more)
        return web.json_response(value, status=status, headers=more)


@dataclass
class Clock:
    """A time that only a test moves, in seconds since 1970."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        """Now."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """The adapter's clock."""
    return Clock()


@pytest.fixture
async def script(clock: Clock) -> AsyncIterator[Script]:
    """The scripted GitHub, reached as an App that is installed on the repository, with nothing in it."""
    found = Script(now=clock)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", found.handle)
    async with TestServer(application, host="127.0.0.1") as server:
        found.url = str(server.make_url("")).rstrip("/")
        found.on("GET /repos/acme/shop/installation", {"id": 11})
        found.on("GET /app", {"id": 1, "slug": "tidegate"})
        found.on("GET /repos/acme/shop/git/matching-refs/heads/gh-readonly-queue", [])
        found.on("GET /users/tidegate[bot]", {"id": 99, "login": "tidegate[bot]", "type": "Bot"})
        token = {"token": "ghs_first", "expires_at": "2027-01-15T09:00:00Z"}
        found.on("POST /app/installations/11/access_tokens", (201, token, {}))
        yield found


@pytest.fixture(scope="session")
def private_key() -> str:
    """An App's private key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The HTTP session that the composition root would own."""
    async with aiohttp.ClientSession() as found:
        yield found


@pytest.fixture
def github(script: Script, private_key: str, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    """The adapter as an App."""
    options = GitHubOptions(
        name="github",
        web_url="https://github.com",
        api_url=script.url,
        webhook_secret=SECRET,
        app_id=1,
        private_key=private_key,
    )
    return GitHub(options, session, clock)


@pytest.fixture
def by_token(script: Script, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    """The adapter with a personal access token."""
    options = GitHubOptions(
        name="github", web_url="https://github.com", api_url=script.url, webhook_secret=SECRET, token="ghp_person"
    )
    return GitHub(options, session, clock)


@pytest.fixture
def signed() -> Callable[..., tuple[dict[str, str], bytes]]:
    """Headers and body of a delivery as GitHub signs it."""

    def sign(event: str, payload: Any, **more: str) -> tuple[dict[str, str], bytes]:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "X-Hub-Signature-256": f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}",
            **{name.replace("_", "-"): value for name, value in more.items()},
        }, body

    return sign
