"""What can be done with a pull request: open, edit, close, reopen. Pages and API both come here."""

from dataclasses import dataclass, replace

from bot.localforge.core import Core
from bot.localforge.errors import ApiError, invalid, too_long
from bot.localforge.events import tell_pull
from bot.localforge.git.write import copy, move
from bot.localforge.rows import Account, Event, Pull, Repository

__all__ = ["Proposal", "close", "edit", "happened", "open_pull", "reopen", "show_head"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request to open. `head` is a branch, or `owner:branch` for one of a fork."""

    title: str
    head: str
    base: str
    body: str = ""
    draft: bool = False


def happened(core: Core, pull: Pull, account: Account, event: str, detail: str = "") -> None:
    """Remember something for the pull request's timeline."""
    row = Event(
        id=core.state.next_id(),
        repository=pull.repository,
        number=pull.number,
        account=account.id,
        event=event,
        detail=detail,
        created_at=core.now(),
    )
    core.state.events.put(row)


async def show_head(core: Core, pull: Pull) -> None:
    """Make `refs/pull/N/head` show the pull request's head, fetching it from a fork where it comes from one."""
    git = await core.git(core.state.repositories[pull.repository])
    ref = f"refs/pull/{pull.number}/head"
    if pull.head_repository != pull.repository:
        source = core.git_path(core.state.repositories[pull.head_repository])
        await copy(git, source, [f"+refs/heads/{pull.head}:{ref}"])
    elif git.refs.get(ref) != pull.head_sha:
        await move(git, ref, pull.head_sha)


async def open_pull(core: Core, repository: Repository, author: Account, wanted: Proposal) -> Pull:
    """Open a pull request. ApiError 422: no such branch, nothing to merge, or one is open already."""
    if not wanted.title.strip():
        raise invalid("PullRequest", "title", "missing_field")
    too_long("PullRequest", wanted.body)
    source, branch = _source(core, repository, wanted.head)
    core.require(source, author, "write")
    head = (await core.git(source)).branches.get(branch)
    if head is None:
        raise invalid("PullRequest", "head")
    git = await core.git(repository)
    base = git.branches.get(wanted.base)
    if base is None:
        raise invalid("PullRequest", "base")
    for other in core.pulls(repository, "open"):
        if (other.head_repository, other.head, other.base) == (source.id, branch, wanted.base):
            raise invalid(
                "PullRequest", "", message=f"A pull request already exists for {wanted.head}: #{other.number}."
            )
    if source.id != repository.id:
        await copy(git, core.git_path(source), [f"refs/heads/{branch}"])
    if await git.merge_base(base, head) == head:
        raise invalid("PullRequest", "", message=f"No commits between {wanted.base} and {wanted.head}")
    now = core.now()
    pull = Pull(
        id=core.state.next_id(),
        repository=repository.id,
        number=max((each.number for each in core.pulls(repository)), default=0) + 1,
        title=wanted.title.strip(),
        body=wanted.body,
        account=author.id,
        head_repository=source.id,
        head=branch,
        head_sha=head,
        base=wanted.base,
        base_sha=base,
        created_at=now,
        updated_at=now,
        draft=wanted.draft,
    )
    core.state.pulls.put(pull)
    await show_head(core, pull)
    tell_pull(core, pull, author, "opened")
    return pull


def _source(core: Core, repository: Repository, head: str) -> tuple[Repository, str]:
    owner, colon, branch = head.partition(":")
    if not colon or core.login(owner) is None:
        return repository, head
    for each in core.state.repositories:
        related = each.id == repository.id or each.fork_of == repository.id
        if related and core.known(each.owner).login.lower() == owner.lower():
            return each, branch
    raise invalid("PullRequest", "head")


def _may_change(core: Core, pull: Pull, actor: Account) -> None:
    if actor.id != pull.account:
        core.require(core.state.repositories[pull.repository], actor, "triage")


def edit(core: Core, pull: Pull, actor: Account, title: str | None, body: str | None) -> Pull:
    """Change title and description; None leaves one as it is."""
    _may_change(core, pull, actor)
    if title is not None and not title.strip():
        raise invalid("PullRequest", "title", "missing_field")
    too_long("PullRequest", body or "")
    changes = {}
    if title is not None and title != pull.title:
        changes["title"] = {"from": pull.title}
        happened(core, pull, actor, "renamed", f"{pull.title} → {title}")
    if body is not None and body != pull.body:
        changes["body"] = {"from": pull.body}
    if not changes:
        return pull
    changed = replace(
        pull,
        title=pull.title if title is None else title,
        body=pull.body if body is None else body,
        updated_at=core.now(),
    )
    core.state.pulls.put(changed)
    tell_pull(core, changed, actor, "edited", changes=changes)
    return changed


def close(core: Core, pull: Pull, actor: Account) -> Pull:
    """Close without merging."""
    _may_change(core, pull, actor)
    if pull.state == "closed":
        return pull
    now = core.now()
    closed = core.state.pulls.put(replace(pull, state="closed", closed_at=now, updated_at=now))
    happened(core, closed, actor, "closed")
    tell_pull(core, closed, actor, "closed")
    return closed


async def reopen(core: Core, pull: Pull, actor: Account) -> Pull:
    """Open a closed one again, at what its branch holds now. ApiError 422: merged, or the branch is gone."""
    _may_change(core, pull, actor)
    if pull.state == "open":
        return pull
    source = core.state.repositories.get(pull.head_repository)
    head = (await core.git(source)).branches.get(pull.head) if source else None
    base = (await core.git(core.state.repositories[pull.repository])).branches.get(pull.base)
    if pull.merged_at or head is None or base is None:
        reason = "it was merged" if pull.merged_at else "its branch is gone"
        raise ApiError(422, f"This pull request cannot be opened again: {reason}")
    changed = replace(pull, state="open", closed_at=None, head_sha=head, base_sha=base, updated_at=core.now())
    core.state.pulls.put(changed)
    await show_head(core, changed)
    happened(core, changed, actor, "reopened")
    tell_pull(core, changed, actor, "reopened")
    return changed
