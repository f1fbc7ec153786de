"""Filling the forge: users, teams, repositories, roles. What GitHub's own site would be used for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from bot.localforge.core import ROLES, Core
from bot.localforge.errors import ApiError
from bot.localforge.events import tell_installed, tell_ping
from bot.localforge.git.repository import HEADS
from bot.localforge.git.values import Signature
from bot.localforge.git.write import Draft, commit_files, copy, files_of_folder
from bot.localforge.rows import WEB_FLOW, Account, Installation, Repository, Team

__all__ = ["add_owner", "add_repository", "add_team", "add_user", "permit", "set_links", "set_webhook"]

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}(?<!-))?")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def add_user(core: Core, login: str, name: str = "", email: str = "") -> Account:
    """A person; the one with that login where there is one. ApiError 422: no login that GitHub would allow."""
    return core.login(login) or _add(core, login, name or login, email, "User")


def add_owner(core: Core, login: str) -> Account:
    """An organization that owns repositories, the App installed on it; or the person with that login."""
    account = core.login(login) or _add(core, login, login, "", "Organization")
    if not any(each.account == account.id for each in core.state.installations):
        core.state.installations.put(Installation(id=core.state.next_id(), account=account.id, created_at=core.now()))
    return account


def _add(core: Core, login: str, name: str, email: str, type: str) -> Account:
    if not LOGIN.fullmatch(login) or login.lower() == WEB_FLOW.login:
        raise ApiError(422, f"{login!r} cannot be a login: letters, digits and inner hyphens, at most 40")
    row = Account(id=core.state.next_id(), login=login, name=name, email=email, type=type)
    return core.state.accounts.put(row)


def add_team(core: Core, org: str, slug: str, members: Sequence[str]) -> Team:
    """A team with exactly these members; made anew or changed."""
    owner = add_owner(core, org)
    ids = [add_user(core, login).id for login in members]
    for each in core.state.teams:
        if (each.org, each.slug) == (owner.login, slug):
            return core.state.teams.put(replace(each, members=ids))
    return core.state.teams.put(Team(id=core.state.next_id(), org=owner.login, slug=slug, members=ids))


def permit(core: Core, repository: Repository, login: str, role: str) -> Repository:
    """Give somebody a role in a repository (`none` takes it away). ApiError 422: no such role."""
    if role not in ROLES:
        raise ApiError(422, f"{role!r} is none of {', '.join(ROLES)}")
    account = add_user(core, login)
    current = core.state.repositories[repository.id]
    roles = {id: given for id, given in current.roles.items() if id != str(account.id)}
    if role != "none":
        roles[str(account.id)] = role
    return core.state.repositories.put(replace(current, roles=roles))


async def add_repository(
    core: Core,
    full_name: str,
    source: Path | None = None,
    refs: Mapping[str, str] | None = None,
    *,
    default_branch: str = "main",
    private: bool = False,
) -> Repository:
    """A repository: empty, from a folder of files (one commit), or with `refs` from another git repository.

    `refs` maps new branch names to full ref names or commit ids of `source`, which is only read. ApiError 422: the
    name is taken, or cannot be one.
    """
    owner_login, _, name = full_name.partition("/")
    owner = add_owner(core, owner_login)
    made = await core.add_repository(owner, name, default_branch, private=private)
    git = await core.git(made)
    if source is not None and refs is not None:
        await copy(git, source, [f"+{ref}:{HEADS}{branch}" for branch, ref in refs.items()])
    elif source is not None:
        seed = Signature(owner.login, owner.private_email, core.now())
        draft = Draft(
            branch=default_branch,
            message="Initial commit",
            author=seed,
            committer=seed,
            parent=None,
            files=files_of_folder(source),
        )
        await commit_files(git, draft)
    tell_installed(core, made)
    return made


def set_webhook(core: Core, url: str) -> None:
    """Where the App's webhook goes from now on; empty turns it off. ApiError 422: not an address of this machine."""
    if url and (urlsplit(url).scheme not in ("http", "https") or urlsplit(url).hostname not in LOOPBACK_HOSTS):
        raise ApiError(422, f"{url!r}: webhooks go to this machine only; use http://127.0.0.1:PORT/…")
    if url != core.app.webhook_url:
        core.state.apps.put(replace(core.app, webhook_url=url))
        tell_ping(core)


def set_links(core: Core, links: Mapping[str, str]) -> None:
    """Links (text → URL) that pull-request pages show."""
    core.state.apps.put(replace(core.app, links=[[text, url] for text, url in links.items()]))
