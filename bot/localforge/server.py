"""Starting and stopping the forge, and the handle that its starter holds."""

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

from bot.localforge import controls, seeding, smart_http
from bot.localforge.api import PARTS
from bot.localforge.api.exchange import ALLOWANCE, LIMIT, Allowance, api_rules
from bot.localforge.apps import new_private_key, personal_token
from bot.localforge.core import Core
from bot.localforge.door import API, CORE, guard, lead_on, log_calls, strike
from bot.localforge.errors import missing
from bot.localforge.record import record
from bot.localforge.rows import Account, App, Repository
from bot.localforge.site import pages

__all__ = ["ForgeSettings", "LocalForge", "start"]

BODY_LIMIT = 64 << 20


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSettings:
    """How to start. `state` is made if need be; a folder that was used before goes on where it was.

    `webhook_secret` and `app_slug` count only when the folder is new; `rate_limit` is requests per hour and credential.
    """

    state: Path
    host: str = "127.0.0.1"
    port: int = 0
    clock: Callable[[], datetime] = _now
    app_slug: str = "tidegate"
    webhook_secret: str = field(default="", repr=False)
    rate_limit: int = LIMIT


class LocalForge:
    """A running forge. Everything that adds something may be called again with the same values."""

    def __init__(self, core: Core, runner: web.AppRunner) -> None:
        self.core = core
        self._runner = runner

    @property
    def url(self) -> str:
        """Where pages and git are, without a slash at the end."""
        return self.core.url

    @property
    def api_url(self) -> str:
        """The root of the REST API."""
        return f"{self.core.url}{API}"

    @property
    def app_id(self) -> int:
        """The App's id."""
        return self.core.app.id

    @property
    def private_key_pem(self) -> str:
        """The App's private key."""
        return self.core.app.private_key

    @property
    def webhook_secret(self) -> str:
        """The secret that webhooks are signed with."""
        return self.core.app.secret

    def add_user(self, login: str, name: str = "", email: str = "") -> Account:
        """A person."""
        return seeding.add_user(self.core, login, name, email)

    def add_team(self, org: str, slug: str, members: Sequence[str]) -> None:
        """A team of an organization with exactly these logins."""
        seeding.add_team(self.core, org, slug, members)

    async def add_repository(
        self,
        full_name: str,
        source: Path | None = None,
        refs: Mapping[str, str] | None = None,
        *,
        default_branch: str = "main",
        private: bool = False,
    ) -> Repository:
        """A repository: empty, from a folder of files, or `refs` (branch → full ref or commit) of a git repository.

        The one of that name, untouched, where there is one.
        """
        owner, _, name = full_name.partition("/")
        there = self.core.find(owner, name)
        if there is not None:
            return there
        return await seeding.add_repository(
            self.core, full_name, source, refs, default_branch=default_branch, private=private
        )

    def permit(self, full_name: str, login: str, role: str) -> None:
        """Give somebody a role: none, read, triage, write, maintain or admin. ApiError 404: no such repository."""
        owner, _, name = full_name.partition("/")
        found = self.core.find(owner, name)
        if found is None:
            raise missing()
        seeding.permit(self.core, found, login, role)

    def token(self, login: str) -> str:
        """Somebody's personal access token, the same each time."""
        return personal_token(self.core, self.add_user(login)).secret

    def set_webhook(self, url: str) -> None:
        """Where the App's webhook goes; only addresses of this machine."""
        seeding.set_webhook(self.core, url)

    def set_links(self, links: Mapping[str, str]) -> None:
        """Links, by their text, beside every pull request."""
        seeding.set_links(self.core, links)

    def add_faults(self, faults: Iterable[dict[str, Any]]) -> None:
        """Trouble to come: see `faults.Fault`."""
        self.core.faults.add(list(faults))

    def record(self) -> dict[str, Any]:
        """The forge's own record, as `GET /_record` gives it."""
        return record(self.core)

    async def idle(self) -> None:
        """Wait until no webhook is on its way."""
        await self.core.webhooks.idle()

    async def stop(self) -> None:
        """End cleanly."""
        await self.core.webhooks.stop()
        await self._runner.cleanup()

    async def __aenter__(self) -> "LocalForge":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _app_row(core: Core, settings: ForgeSettings) -> None:
    if len(core.state.apps):
        return
    id, bot = core.state.next_id(), core.state.next_id()
    slug = settings.app_slug
    core.state.accounts.put(Account(id=bot, login=f"{slug}[bot]", name=slug.title(), email="", type="Bot"))
    secret = settings.webhook_secret or secrets.token_hex(32)
    core.state.apps.put(App(id=id, slug=slug, bot=bot, private_key=new_private_key(), secret=secret))


def application(core: Core, rate_limit: int) -> web.Application:
    """All addresses of the forge."""
    rules = [guard, log_calls, strike, lead_on, api_rules, controls.refusals, pages.refusals]
    app = web.Application(middlewares=rules, client_max_size=BODY_LIMIT)
    app[CORE] = core
    app[ALLOWANCE] = Allowance(rate_limit)
    for module in PARTS:
        for route in module.routes:
            assert isinstance(route, web.RouteDef)
            app.router.add_route(route.method, API + route.path, route.handler)
    app.add_routes(controls.routes)
    app.add_routes(smart_http.routes)
    pages.attach(app)
    return app


async def start(settings: ForgeSettings) -> LocalForge:
    """Start a forge. ValueError: `host` is not of this machine's loopback interface; OSError: the port is taken."""
    if settings.host != "localhost" and not ipaddress.ip_address(settings.host).is_loopback:
        raise ValueError(
            f"the local forge knows no passwords, so it listens on loopback addresses only, not on {settings.host};"
            " use 127.0.0.1"
        )
    core = Core(settings.state.resolve(), settings.clock)
    _app_row(core, settings)
    runner = web.AppRunner(application(core, settings.rate_limit), access_log=None, shutdown_timeout=2)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, reuse_address=True)
    await site.start()
    port = runner.addresses[0][1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    core.url = f"http://{host}:{port}"
    await core.webhooks.start()
    return LocalForge(core, runner)
