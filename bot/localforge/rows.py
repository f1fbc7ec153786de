"""What the forge remembers, one frozen class per kind. Every field is plain JSON; times are `2026-01-31T12:00:00Z`."""

from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

__all__ = [
    "WEB_FLOW",
    "Account",
    "App",
    "CheckRun",
    "Comment",
    "Delivery",
    "Event",
    "Installation",
    "Pull",
    "Reaction",
    "Repository",
    "Review",
    "Status",
    "Team",
    "Token",
]


T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def row(cls: type[T]) -> type[T]:
    """A frozen value whose fields are given by name."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


@row
class Account:
    """A person, an organization or a bot. `type` is `User`, `Organization` or `Bot`, as GitHub spells it."""

    id: int
    login: str
    name: str
    email: str
    type: str = "User"

    @property
    def private_email(self) -> str:
        """The address that stands for the account in commits and tells its id."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


WEB_FLOW = Account(id=19864447, login="web-flow", name="GitHub", email="noreply@github.com")
"""The account that GitHub commits with when somebody presses a button on its pages."""


@row
class App:
    """The one GitHub App of this forge: its keys, where its webhook goes, and the account `bot` that it acts as."""

    id: int
    slug: str
    bot: int
    private_key: str = field(repr=False)
    secret: str = field(repr=False)
    webhook_url: str = ""
    links: list[list[str]] = field(default_factory=list)


@row
class Installation:
    """The App installed on an owner's account."""

    id: int
    account: int
    created_at: str


@row
class Token:
    """A bearer token: of a person (`account`, never expires) or of an installation (`expires_at`)."""

    id: int
    secret: str = field(repr=False)
    account: int
    installation: int | None = None
    repositories: list[int] | None = None
    expires_at: str | None = None


@row
class Team:
    """A team of an organization; `members` are account ids."""

    id: int
    org: str
    slug: str
    members: list[int]


@row
class Repository:
    """A repository; `roles` maps account ids (JSON keys: text) to read, triage, write, maintain or admin.

    `former` are names that it had, which lead to it as long as no other repository has them.
    """

    id: int
    owner: int
    name: str
    default_branch: str
    private: bool
    created_at: str
    fork_of: int | None = None
    roles: dict[str, str] = field(default_factory=dict)
    former: list[str] = field(default_factory=list)


@row
class Pull:
    """A pull request. `head` and `base` are branch names; `base_sha` is the base branch when it was last looked at."""

    id: int
    repository: int
    number: int
    title: str
    body: str
    account: int
    head_repository: int
    head: str
    head_sha: str
    base: str
    base_sha: str
    created_at: str
    updated_at: str
    draft: bool = False
    state: str = "open"
    closed_at: str | None = None
    merged_at: str | None = None
    merged_by: int | None = None
    merge_commit_sha: str | None = None
    locked: bool = False


@row
class Comment:
    """A comment in a pull request. `earlier` are its texts before each edit; a deleted one stays, for the record."""

    id: int
    repository: int
    number: int
    account: int
    body: str
    created_at: str
    updated_at: str
    earlier: list[dict[str, str]] = field(default_factory=list)
    deleted_at: str | None = None


@row
class Review:
    """A review: APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED, made on the commit `commit_id`."""

    id: int
    repository: int
    number: int
    account: int
    body: str
    state: str
    commit_id: str
    submitted_at: str


@row
class Reaction:
    """A reaction to a comment."""

    id: int
    comment: int
    account: int
    content: str
    created_at: str


@row
class CheckRun:
    """A check run of the App on a commit; `output` holds title, summary, text and the annotations of all requests.

    `asked`: somebody wants it again, and its suite is unfinished until the App writes it again.
    """

    id: int
    repository: int
    head_sha: str
    name: str
    status: str
    conclusion: str | None
    started_at: str
    completed_at: str | None
    details_url: str
    external_id: str
    output: dict[str, Any]
    asked: bool = False


@row
class Status:
    """A commit status: error, failure, pending or success."""

    id: int
    repository: int
    sha: str
    account: int
    state: str
    context: str
    description: str
    target_url: str
    created_at: str


@row
class Event:
    """Something that happened to a pull request besides words: pushed, closed, reopened, renamed, merged."""

    id: int
    repository: int
    number: int
    account: int
    event: str
    detail: str
    created_at: str


@row
class Delivery:
    """One attempt to deliver a webhook. Attempts of one event share `guid` and `body`. Status code 0: no answer."""

    id: int
    guid: str
    event: str
    action: str | None
    installation: int | None
    repository: int | None
    body: str = field(repr=False)
    delivered_at: str
    redelivery: bool = False
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    answer: str = ""
