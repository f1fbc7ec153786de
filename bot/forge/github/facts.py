"""GitHub's JSON → values of the model. Pure; ShapeError where an answer is not as documented."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.forge.github.shape import (
    integer,
    mapping,
    moment,
    optional_mapping,
    repository_path,
    sha,
    text,
)
from bot.model.forge import Commit, PullRequest, Remark, Repository
from bot.model.identity import Permission, Person, PullRequestId, RepositoryId
from bot.model.noun import Json

__all__ = [
    "comment",
    "permission",
    "person",
    "pull_request",
    "queued",
    "repository",
    "repository_id",
    "review",
    "reviews",
    "written",
]

GHOST = Person(id=10137, login="ghost")
"""The account that GitHub shows in place of a deleted one."""

ROLES = {
    "admin": Permission.ADMIN,
    "maintain": Permission.WRITE,
    "write": Permission.WRITE,
    "triage": Permission.READ,
    "read": Permission.READ,
}


QUEUED = re.compile(r"(?:refs/heads/)?gh-readonly-queue/(.+)/pr-([1-9][0-9]{0,17})-[0-9a-f]{40,64}", re.DOTALL)
"""The branch on which a merge queue tries a pull request: its base, its number, and the commit it is built on.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""


def queued(ref: str) -> int | None:
    """The number of the pull request that a branch of a merge queue is for; None for another branch."""
    match = QUEUED.fullmatch(ref)
    return int(match[2]) if match else None


def person(value: Json, name: str = "user") -> Person:
    """The account at `name`; a deleted account is GitHub's ghost."""
    user = optional_mapping(value, name)
    if user is None:
        return GHOST
    return Person(id=integer(user, "id"), login=text(user, "login"), bot=text(user, "type") == "Bot")


def repository_id(forge: str, value: Json) -> RepositoryId:
    """A repository's identity from any object that has `id` and `full_name`."""
    path = repository_path(text(value, "full_name"))
    return RepositoryId(forge=forge, number=integer(value, "id"), path=path)


def repository(forge: str, value: Json) -> Repository:
    """A repository as `GET /installation/repositories` lists it."""
    return Repository(
        id=repository_id(forge, value),
        default_branch=text(value, "default_branch"),
        private=bool(value.get("private")),
    )


def comment(value: Json, own: int | None) -> Remark:
    """An issue comment. It was edited if it changed after it was made; `own` is our account's id."""
    author, at, changed = person(value), moment(value, "created_at"), moment(value, "updated_at")
    return Remark(
        id=f"comment:{integer(value, 'id')}",
        author=author,
        body=text(value, "body"),
        at=at,
        changed=changed,
        edited=changed != at,
        own=author.id == own,
    )


def reviews(values: Iterable[Json], own: int | None) -> tuple[Remark, ...]:
    """Submitted reviews in order of time. Only the state APPROVED approves.

    An approval that its writer took back by a later "request changes", or that was dismissed, approves nothing.
    """
    submitted = sorted(
        (each for each in values if each.get("submitted_at") is not None),
        key=lambda each: (moment(each, "submitted_at"), integer(each, "id")),
    )
    found: list[Remark] = []
    withdrawn: set[int] = set()
    for value in reversed(submitted):
        remark, state = review(value, own), text(value, "state").upper()
        if remark.author.id in withdrawn:
            remark = replace(remark, approves=None)
        if state in ("CHANGES_REQUESTED", "DISMISSED"):
            withdrawn.add(remark.author.id)
        found.append(remark)
    return tuple(reversed(found))


def review(value: Json, own: int | None) -> Remark:
    """One submitted review.

    A text counts as edited unless GitHub shows that it was not: the REST API leaves `updated_at` out of reviews.
    """
    author, at, body = person(value), moment(value, "submitted_at"), text(value, "body")
    changed = moment(value, "updated_at") if value.get("updated_at") is not None else None
    approved = text(value, "state").upper() == "APPROVED" and value.get("commit_id") is not None
    return Remark(
        id=f"review:{integer(value, 'id')}",
        author=author,
        body=body,
        at=at,
        changed=changed,
        edited=bool(body) and changed != at,
        approves=sha(value, "commit_id") if approved else None,
        own=author.id == own,
    )


def written(remark: Remark) -> Remark:
    """The remark of a payload that tells of its writing: the text is the first one, and nothing else is believed."""
    return replace(remark, edited=False, approves=None)


def permission(value: Json, asked: Person) -> Permission:
    """What the account may do; NONE if GitHub answered for another account (a login can change hands).

    `permission` is one of admin, write, read and none; a custom role is mapped to its base there.
    """
    if person(value).id != asked.id:
        return Permission.NONE
    role = text(value, "permission")
    return ROLES.get(role or text(value, "role_name"), Permission.NONE)


def pull_request(id: PullRequestId, value: Json, commits: Sequence[Commit], remarks: Iterable[Remark]) -> PullRequest:
    """A pull request with everything that was read of it. A head in another, or in a deleted, repository is a fork."""
    base, head = mapping(value, "base"), mapping(value, "head")
    here, there = mapping(base, "repo"), optional_mapping(head, "repo")
    merged = value.get("merged_at") is not None
    landed = merged and value.get("merge_commit_sha") is not None
    return PullRequest(
        id=replace(id, repository=repository_id(id.repository.forge, here)),
        title=text(value, "title"),
        url=text(value, "html_url"),
        base=text(base, "ref"),
        head=sha(head, "sha"),
        branch=text(head, "ref"),
        author=person(value),
        fork=there is None or integer(there, "id") != integer(here, "id"),
        draft=bool(value.get("draft")),
        state="merged" if merged else "open" if text(value, "state") == "open" else "closed",
        at=moment(value, "created_at"),
        merge_commit=sha(value, "merge_commit_sha") if landed else None,
        merged_at=moment(value, "merged_at") if merged else None,
        commits=tuple(commits),
        remarks=tuple(sorted(remarks, key=lambda each: (each.at, each.id))),
    )
