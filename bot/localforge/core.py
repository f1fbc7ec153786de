"""What all parts of the forge stand on: its memory, its repositories, its clock, and who may do what."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.localforge.calls import CallLog
from bot.localforge.errors import ApiError, missing
from bot.localforge.faults import Faults
from bot.localforge.git.repository import GitDir
from bot.localforge.rows import WEB_FLOW, Account, App, Pull, Repository
from bot.localforge.state import State
from bot.localforge.webhooks import Webhooks

__all__ = ["ROLES", "Core"]

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}(?<!\.git)")


class Core:
    """The forge without its doors. `url` is where it is reached, without a slash at the end."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self.clock = clock
        self.url = ""
        self.state = State(folder / "rows")
        self.faults = Faults()
        self.calls = CallLog()
        self.webhooks = Webhooks(self.state, self.faults, self.now)
        self._git: dict[int, GitDir] = {}

    def now(self) -> str:
        """The forge's time, to the second."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def app(self) -> App:
        """The forge's App."""
        return next(iter(self.state.apps))

    @property
    def bot(self) -> Account:
        """The account that the App acts as."""
        return self.state.accounts[self.app.bot]

    # -- people

    def account(self, id: int | None) -> Account | None:
        """An account by id."""
        return WEB_FLOW if id == WEB_FLOW.id else self.state.accounts.get(id)

    def known(self, id: int) -> Account:
        """An account that some row names."""
        found = self.account(id)
        if found is None:
            raise missing()
        return found

    def login(self, login: str) -> Account | None:
        """An account by its login, in any letter case."""
        return next((each for each in self.state.accounts if each.login.lower() == login.lower()), None)

    def by_email(self, email: str) -> Account | None:
        """The account that a commit's e-mail belongs to, if any."""
        wanted = email.lower()
        if wanted == WEB_FLOW.email:
            return WEB_FLOW
        for each in self.state.accounts:
            if wanted and wanted in (each.email.lower(), each.private_email.lower()):
                return each
        return None

    # -- repositories

    def git_path(self, repository: Repository) -> Path:
        """Where the bare repository lies."""
        return self.folder / "git" / str(repository.id)

    async def git(self, repository: Repository) -> GitDir:
        """The bare repository, its refs read."""
        if repository.id not in self._git:
            opened = GitDir(self.git_path(repository))
            await opened.refresh()
            self._git.setdefault(repository.id, opened)
        return self._git[repository.id]

    def full_name(self, repository: Repository) -> str:
        """`owner/name`."""
        return f"{self.known(repository.owner).login}/{repository.name}"

    def find(self, owner: str, name: str) -> Repository | None:
        """A repository by owner and name, in any letter case."""
        wanted = f"{owner}/{name}".lower()
        return next((each for each in self.state.repositories if self.full_name(each).lower() == wanted), None)

    async def add_repository(
        self, owner: Account, name: str, default_branch: str, *, private: bool = False, fork_of: int | None = None
    ) -> Repository:
        """An empty repository. ApiError 422: the name is taken, or none that GitHub would allow."""
        self.check_name(owner, name)
        row = Repository(
            id=self.state.next_id(),
            owner=owner.id,
            name=name,
            default_branch=default_branch,
            private=private,
            created_at=self.now(),
            fork_of=fork_of,
        )
        await GitDir.create(self.git_path(row), default_branch)
        return self.state.repositories.put(row)

    def check_name(self, owner: Account, name: str) -> None:
        """ApiError 422: none that GitHub would allow, or taken."""
        if not NAME.fullmatch(name) or self.find(owner.login, name):
            raise ApiError(422, f"{owner.login}/{name}: choose another name: letters, digits, dots, hyphens, not taken")

    def renamed(self, owner: str, name: str) -> Repository | None:
        """The repository that had that name before, if none has it now."""
        if self.find(owner, name):
            return None
        found = (each for each in self.state.repositories if name.lower() in [old.lower() for old in each.former])
        return next((each for each in found if self.known(each.owner).login.lower() == owner.lower()), None)

    # -- rights

    def role(self, repository: Repository, account: Account | None) -> str:
        """One of ROLES. Everybody may read what is public; an owner and the App's bot are what GitHub makes them."""
        if account is not None and account.id == repository.owner:
            return "admin"
        if account is not None and account.id == self.app.bot:
            return "write"
        given = repository.roles.get(str(account.id)) if account is not None else None
        return given or ("none" if repository.private else "read")

    def may(self, repository: Repository, account: Account | None, role: str) -> bool:
        """Whether the account has at least that role."""
        return ROLES.index(self.role(repository, account)) >= ROLES.index(role)

    def require(self, repository: Repository, account: Account | None, role: str = "write") -> None:
        """Go on only with that role. ApiError 404 for who may not even read, else 403."""
        if not self.may(repository, account, "read"):
            raise missing()
        if not self.may(repository, account, role):
            raise ApiError(403, f"Must have {'push' if role == 'write' else role} access to repository")

    # -- pull requests

    def pull(self, repository: Repository, number: int) -> Pull:
        """A pull request by number. ApiError 404: there is none."""
        for each in self.state.pulls:
            if each.repository == repository.id and each.number == number:
                return each
        raise missing()

    def pulls(self, repository: Repository, state: str = "all") -> list[Pull]:
        """The pull requests of a repository by number, all or only `open` or `closed` ones."""
        found = (each for each in self.state.pulls if each.repository == repository.id)
        return [each for each in found if state in ("all", each.state)]
