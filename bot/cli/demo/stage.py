"""The stage: the local forge, the server's settings, the repository, the people, and how they begin."""

import json
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import aiohttp
import yaml

from bot.cli.demo.own import OwnRepository, read_own
from bot.cli.demo.server import Server
from bot.cli.demo.walk.browser import Account, Place, eventually
from bot.cli.demo.walk.own import OwnEnvironment
from bot.localforge import ForgeSettings, LocalForge, start

__all__ = ["Stage", "put_up", "sample_overlays"]

OWNER, NAME = "acme", "shop"
DEVELOPER, APPROVER, TEAM = "bo", "ana", "sre"
INTERVALS = {"drift": 2, "repository": 10, "retry": 1}


@dataclass
class Stage:
    """Everything that is up, and the ways in which it is played on."""

    place: Place
    tokens: dict[str, str]
    environments: tuple[OwnEnvironment, ...]
    own: OwnRepository | None
    sample: Mapping[str, str]
    forge: LocalForge
    memory: Path
    session: aiohttp.ClientSession

    def account(self, login: str) -> Account:
        """Somebody signed in at the forge."""
        return Account(self.session, self.place, login, self.tokens[login])

    async def install(self) -> None:
        """Bring the first state everywhere, through a pull request like everything else. Does nothing twice."""
        if self.remembered("installed") or (self.own is not None and not self.own.proposal):
            return
        developer, approver = self.account(DEVELOPER), self.account(APPROVER)
        files = {"tidegate.yaml": self.own.proposal} if self.own else self.sample
        number = self.remembered("first")
        if not number:
            await developer.branch("install", "main")
            for path, text in files.items():
                await developer.write(path, text, "install", f"add {path}")
            number = await developer.propose("Install Tidegate", "install")
            self.remember("first", number)
        await eventually(lambda: developer.plan_comment(number), "the first pull request was never planned")
        await approver.answer(number, "/gate approve")

        async def approved() -> bool:
            comment = await developer.plan_comment(number)
            return bool(comment and "Approved:" in comment["body"])

        await eventually(approved, "the first pull request was never approved")
        await developer.merge(number)

        async def there() -> bool:
            return all([each.objects() and await self.healthy(each.name) for each in self.environments])

        await eventually(there, "the first state was never applied")
        self.remember("installed", 1)

    async def healthy(self, name: str) -> bool:
        """Whether an environment's page says that an apply came to its end there."""
        url = f"{self.place.tidegate}/environments/local/{self.place.repository}/{name}?format=json"
        async with self.session.get(url) as answer:
            return answer.status == 200 and (await answer.json())["health"] == "healthy"

    async def open_first(self) -> int:
        """The pull request to play with, planned; its number (0: the own repository has none)."""
        await self.install()
        if self.own is not None:
            return 0
        number = self.remembered("pull")
        if not number:
            developer = self.account(DEVELOPER)
            await developer.branch("web-1.5", "main")
            for environment in ("staging", "prod"):
                path = f"envs/{environment}/web.yaml"
                text, _ = await developer.read(path, "web-1.5")
                await developer.write(
                    path, text.replace("web:1.4.2", "web:1.5.0"), "web-1.5", f"{environment}: web 1.5.0"
                )
            number = await developer.propose("web 1.5.0 for staging and prod", "web-1.5")
            self.remember("pull", number)
        await eventually(lambda: self.account(DEVELOPER).plan_comment(number), "the pull request was never planned")
        return number

    def remembered(self, what: str) -> int:
        """What an earlier run left behind; 0 if nothing."""
        found = json.loads(self.memory.read_text()) if self.memory.exists() else {}
        return int(found.get(what, 0))

    def remember(self, what: str, value: int) -> None:
        """Leave something behind for the next run."""
        found = json.loads(self.memory.read_text()) if self.memory.exists() else {}
        self.memory.write_text(json.dumps(found | {what: value}))

    def invitation(self, number: int) -> list[str]:
        """Where everything is, and what to try next."""
        repository = f"{self.place.forge}/{self.place.repository}"
        pull = f"{repository}/pull/{number}" if number else repository
        folders = [f"  {target}: {folder}" for target, folder in self.place.folders.items()]
        return [
            "",
            f"The pull request    {pull}" if number else f"The repository      {repository}",
            f"Sign in             {self.place.forge}/login   ({DEVELOPER} writes, {APPROVER} approves; no passwords)",
            f"Environments        {self.place.tidegate}/",
            "Folders that the environments live in:",
            *folders,
            "",
            "Try, in this order:",
            *(f"  {at}. {step}" for at, step in enumerate(self.story(), start=1)),
            "Ctrl-C ends; start again to go on where this was.",
            "",
        ]

    def story(self) -> list[str]:
        """What to try, in this order; in somebody's own repository there is no pull request yet."""
        kill = f"kill -9 $(cat {self.place.pid_file}) at any moment: it is started again and goes on."
        if self.own is not None:
            return [
                f"as {DEVELOPER}: edit a file there and open a pull request; a comment says what it would do.",
                f"as {APPROVER}: comment `/gate approve`, merge, and look into the folders.",
                kill,
            ]
        return [
            f"as {APPROVER}: comment `/gate approve staging`, merge. Staging is applied, prod waits.",
            f"as {DEVELOPER}: comment `/gate approve prod` (refused: an author), then as {APPROVER} (applied).",
            f"spoil a file in {next(iter(self.place.folders.values()))} and watch it being put back.",
            kill,
            "edit a file and open a pull request of your own.",
        ]


def sample_files() -> dict[str, str]:
    """The sample repository with plain folders, by path."""
    return files_of("sample")


def sample_overlays() -> dict[str, str]:
    """The sample repository with a Kustomize base and an overlay for each environment, by path."""
    overlays = files_of("overlays")
    shared = {path: text for path, text in files_of("sample").items() if not path.endswith("/jobs.yaml")}
    return {**shared, **overlays}


def files_of(folder: str) -> dict[str, str]:
    """Every file of a folder beside this one, by path."""
    with resources.as_file(resources.files("bot.cli.demo").joinpath(folder)) as top:
        return {p.relative_to(top).as_posix(): p.read_text() for p in sorted(top.rglob("*")) if p.is_file()}


@asynccontextmanager
async def put_up(
    folder: Path,
    repository: Path | None,
    port: int,
    say: Callable[[str], None],
    intervals: Mapping[str, float] = INTERVALS,
    sample: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """Start forge and server; stop both at the end, the server first. `intervals` are the server's settings."""
    own = await read_own(repository) if repository is not None else None
    ports = remembered_ports(folder, port)
    async with await start(ForgeSettings(state=folder / "forge", port=ports[0])) as forge:
        name = f"{OWNER}/{own.name if own else NAME}"
        tokens = await people(forge, own)
        await seed(forge, name, own)
        place = place_of(folder, name, forge.url, ports[1], own)
        write_settings(folder, forge, place, intervals)
        (folder / "people.json").write_text(json.dumps(tokens))
        server = Server(folder / "server.yaml", place.pid_file, say)
        forge.set_webhook(f"{place.tidegate}/webhook/local")
        pages = f"{place.tidegate}/environments/local/{name}"
        forge.set_links({f"{each} holds now": f"{pages}/{each}" for each in names(own)})
        await server.start()
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
                stage = Stage(
                    place=place, tokens=tokens, environments=environments_of(place, own), own=own,
                    sample=sample or sample_files(), forge=forge,
                    memory=folder / "demo.json", session=session,
                )  # fmt: skip
                await eventually(lambda: ready(session, place), f"the server is not ready; see {server.log}")
                yield stage
        finally:
            await server.stop()


async def ready(session: aiohttp.ClientSession, place: Place) -> bool:
    """Whether the server says that it can work."""
    async with session.get(f"{place.tidegate}/readyz") as answer:
        return answer.status == 200


def names(own: OwnRepository | None) -> list[str]:
    """The environments' names."""
    return [each.name for each in own.environments] if own else ["dev", "staging", "prod"]


def environments_of(place: Place, own: OwnRepository | None) -> tuple[OwnEnvironment, ...]:
    """The environments with their folders."""
    if own is None:
        return tuple(OwnEnvironment(each, f"envs/{each}", place.folders[each]) for each in names(None))
    return tuple(OwnEnvironment(e.name, e.source, place.folders[e.target] / e.scope) for e in own.environments)


def place_of(folder: Path, name: str, forge: str, port: int, own: OwnRepository | None) -> Place:
    """Where everything is."""
    targets = sorted({each.target for each in own.environments}) if own else names(None)
    return Place(
        forge=forge, tidegate=f"http://127.0.0.1:{port}", repository=name,
        folders={each: folder / "targets" / each for each in targets}, pid_file=folder / "server.pid",
        developer=DEVELOPER, approver=APPROVER,
    )  # fmt: skip


async def people(forge: LocalForge, own: OwnRepository | None) -> dict[str, str]:
    """A developer, an approver, the teams that the configuration names; everybody's token."""
    for login, full in ((DEVELOPER, "Bo Developer"), (APPROVER, "Ana Approver")):
        forge.add_user(login, full, f"{login}@example.org")
    for team in {f"{OWNER}/{TEAM}", *(own.teams if own else ())}:
        org, _, slug = team.partition("/")
        forge.add_team(org, slug, [APPROVER])
    return {login: forge.token(login) for login in (DEVELOPER, APPROVER)}


async def seed(forge: LocalForge, name: str, own: OwnRepository | None) -> None:
    """The repository with its first commit, both people allowed to write. Does nothing twice."""
    if own is not None:
        await forge.add_repository(name, own.top, {"main": own.head})
    else:
        with tempfile.TemporaryDirectory() as first:
            (Path(first) / "README.md").write_text(sample_files()["README.md"])
            await forge.add_repository(name, Path(first))
    for login in (DEVELOPER, APPROVER):
        forge.permit(name, login, "write")


def write_settings(folder: Path, forge: LocalForge, place: Place, intervals: Mapping[str, float]) -> None:
    """The server's settings, as a person would write them."""
    for file, text in (("key.pem", forge.private_key_pem), ("secret", forge.webhook_secret)):
        path = folder / file
        path.touch(mode=0o600)
        path.write_text(text)
    for each in place.folders.values():
        each.mkdir(parents=True, exist_ok=True)
    settings = {
        "listen": place.tidegate.removeprefix("http://"),
        "public_url": place.tidegate,
        "store": "sqlite:///tidegate.db",
        "state_dir": "state",
        "log": "json",
        # this machine's own user changes the files: programs are jailed as well as it can be done here; and one
        # process is enough for one person, and sooner there
        "render": {"jail": "best-effort", "processes": 1},
        "forges": {
            "local": {
                "kind": "github",
                "web_url": forge.url,
                "api_url": forge.api_url,
                "app_id": forge.app_id,
                "private_key_file": "key.pem",
                "webhook_secret_file": "secret",
            }
        },
        "targets": {name: {"kind": "directory", "path": str(path)} for name, path in place.folders.items()},
        "repositories": [{"match": f"local:{OWNER}/*", "targets": sorted(place.folders)}],
        "intervals": dict(intervals),
    }
    (folder / "server.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def remembered_ports(folder: Path, port: int) -> tuple[int, int]:
    """Two ports: those asked for, those of the last run so that links stay good, or free ones."""
    file = folder / "ports.json"
    if port:
        ports = (port, port + 1)
    elif file.exists() and all(free(each) for each in json.loads(file.read_text())):
        first, second = json.loads(file.read_text())
        ports = (int(first), int(second))
    else:
        ports = (unused(), unused())
    file.write_text(json.dumps(ports))
    return ports


def free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback interface."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def unused() -> int:
    """A port of the loopback interface that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
