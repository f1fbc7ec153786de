"""Which credential reaches what: an App has a token per installation, a person has one for everything."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import aiohttp
import structlog

from bot.errors import PermanentError
from bot.forge.github.client import Client
from bot.forge.github.credentials import AppToken, InstallationToken, PersonalToken
from bot.forge.github.faults import NotFound
from bot.forge.github.options import GitHubOptions
from bot.forge.github.shape import integer, optional_mapping, text
from bot.forge.github.transport import Transport
from bot.model.identity import RepositoryId
from bot.model.noun import Json

__all__ = ["Access", "AppAccess", "TokenAccess", "access_of", "owner_of"]

log = structlog.get_logger(__name__)


class Access(Protocol):
    """Clients by what they are for."""

    @property
    def app(self) -> Client | None:
        """The App speaking for itself, where there is one."""
        ...

    async def repository(self, id: RepositoryId, /) -> Client:
        """For calls about a repository. NotFound: no credential reaches it."""
        ...

    async def organization(self, login: str, /) -> Client:
        """For calls about an organisation. NotFound: no credential reaches it."""
        ...

    def repositories(self) -> AsyncIterator[Json]:
        """Every repository that is reached, as GitHub lists it."""
        ...

    async def account(self, client: Client) -> int:
        """The id of the account that we write as; `client` is one that may look at users."""
        ...


def access_of(options: GitHubOptions, session: aiohttp.ClientSession, now: Callable[[], float] = time.time) -> Access:
    """The access that the options describe."""
    if options.app_id is None or options.token:
        return TokenAccess(Client(Transport(session, options.api_url, now), PersonalToken(options.token)))
    return AppAccess(options.app_id, options.private_key, lambda: Transport(session, options.api_url, now))


class TokenAccess:
    """Everything with one personal access token."""

    app = None

    def __init__(self, client: Client) -> None:
        self._client = client

    async def repository(self, _id: RepositoryId, /) -> Client:
        """The one client."""
        return self._client

    async def organization(self, _login: str, /) -> Client:
        """The one client."""
        return self._client

    async def repositories(self) -> AsyncIterator[Json]:
        """`GET /user/repos`: owned, shared and the organisations'."""
        async for each in self._client.pages("/user/repos"):
            yield each

    async def account(self, client: Client) -> int:
        """The token's owner."""
        return integer(await client.get("/user"), "id")


class AppAccess:
    """An App: its own JWT for what is about the App, an installation's token for what is about repositories."""

    def __init__(self, app_id: int, private_key: str, transport: Callable[[], Transport]) -> None:
        self._transport = transport
        way = transport()
        # once it is known: by the clock of a machine that is off, a JWT is refused, and no token seems to last
        self._githubs_time = lambda: way.time.timestamp()
        self._app = Client(way, AppToken(app_id, private_key, self._githubs_time))
        self._installations: dict[int, Client] = {}
        self._of_repository: dict[int, int] = {}
        self._of_organization: dict[str, int] = {}

    @property
    def app(self) -> Client:
        """The App speaking for itself."""
        return self._app

    def installation(self, id: int) -> Client:
        """The client of an installation: a quota, a cache and a token of its own."""
        if id not in self._installations:
            self._installations[id] = Client(self._transport(), InstallationToken(self._app, id, self._githubs_time))
        return self._installations[id]

    async def repository(self, id: RepositoryId, /) -> Client:
        """The installation that reaches the repository."""
        if id.number not in self._of_repository:
            found = await self._app.get("/repos/{+repo}/installation", repo=id.path)
            self._of_repository[id.number] = integer(found, "id")
        return self.installation(self._of_repository[id.number])

    async def organization(self, login: str, /) -> Client:
        """The installation on the organisation."""
        if login.lower() not in self._of_organization:
            async for each in self._app.pages("/app/installations"):
                self._of_organization[owner_of(each)] = integer(each, "id")
        if login.lower() not in self._of_organization:
            raise NotFound(f"the App is not installed on {login}: its owner installs it, or the name is misspelt")
        return self.installation(self._of_organization[login.lower()])

    async def repositories(self) -> AsyncIterator[Json]:
        """The repositories of all installations. One that is suspended, or removed just now, reaches none."""
        present: set[int] = set()
        async for each in self._app.pages("/app/installations"):
            if each.get("suspended_at") is not None:
                continue
            id = integer(each, "id")
            present.add(id)
            self._of_organization[owner_of(each)] = id
            try:
                async for repository in self.installation(id).pages("/installation/repositories", "repositories"):
                    self._of_repository[integer(repository, "id")] = id
                    yield repository
            except NotFound:
                present.discard(id)
            except PermanentError as error:  # one organisation's doing, such as a list of allowed addresses
                log.warning("an installation's repositories cannot be listed", owner=owner_of(each), error=str(error))
        self._forget_others(present)

    def _forget_others(self, present: set[int]) -> None:
        """Installations end, and a repository comes back under another one."""
        self._installations = {id: each for id, each in self._installations.items() if id in present}
        self._of_repository = {key: id for key, id in self._of_repository.items() if id in present}
        self._of_organization = {key: id for key, id in self._of_organization.items() if id in present}

    async def account(self, client: Client) -> int:
        """The bot user that belongs to the App."""
        slug = text(await self._app.get("/app"), "slug")
        return integer(await client.get("/users/{login}", login=f"{slug}[bot]"), "id")


def owner_of(installation: Json) -> str:
    """The login of the account that the App is installed on, in lower case: GitHub does not tell cases apart.

    "" for an enterprise, which may be called like an organisation, and for whom GitHub does not name.
    """
    return text(optional_mapping(installation, "account") or {}, "login").lower()
