"""Facts that a forge tells: pull requests with their remarks, deliveries, and how to reach a repository's git."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal

from bot.model.identity import Person, PullRequestId, RepositoryId, Wake
from bot.model.noun import Sha, noun

__all__ = ["Commit", "Delivery", "Diagnosis", "Limits", "Missed", "PullRequest", "Remark", "Remote", "Repository"]


@noun
class Remark:
    """A comment or a review. `id` is unique per forge (`comment:17`, `review:4`); times are the forge's (UTC).

    `changed` is when it was last edited (equal to `at` if never), `edited` is True when the forge shows that the text
    is not what was first written. `approves` is the commit that an approving review was made on, else None. `own` marks
    what this server's own account wrote.
    """

    id: str
    author: Person
    body: str = field(repr=False)
    at: datetime
    changed: datetime | None = None
    edited: bool = False
    approves: Sha | None = None
    own: bool = False


@noun
class Delivery:
    """One verified webhook: its id, the event's name, what to look at, and the remark of a `created` comment.

    The remark is the one fact taken from a payload, since whoever can write can edit other people's comments later.
    `again` is a commit whose check somebody asked for once more; a forge need not say of which pull request it is.
    `reach`: the credential may reach other repositories than before, or them by other names.
    """

    id: str
    event: str
    wakes: tuple[Wake, ...] = ()
    remark: Remark | None = None
    thread: PullRequestId | None = None
    again: Sha | None = None
    reach: bool = False


@noun
class Repository:
    """A repository that this server looks after: its id and the branch that deploys."""

    id: RepositoryId
    default_branch: str
    private: bool = False


@noun
class Commit:
    """A commit as the forge attributes it. An e-mail that belongs to no account is in `strangers`.

    `merge`: it has several parents.
    """

    sha: Sha
    people: frozenset[int]
    strangers: tuple[str, ...] = ()
    merge: bool = False


@noun
class PullRequest:
    """All facts of a pull request, read at once.

    `base` is the branch it wants into. `head` is its newest commit. `merge_commit` is what the forge wrote on the base
    branch when it was merged. `commits` are the pull request's own, with their people. `remarks` are in order of time.
    `queued` are commits by which the forge's merge queue tries it: each is owed the check as the head is.
    """

    id: PullRequestId
    title: str
    url: str
    base: str
    head: Sha
    branch: str
    author: Person
    fork: bool
    draft: bool
    state: Literal["open", "closed", "merged"]
    at: datetime
    merge_commit: Sha | None = None
    merged_at: datetime | None = None
    commits: tuple[Commit, ...] = ()
    remarks: tuple[Remark, ...] = ()
    queued: tuple[Sha, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)


@noun
class Remote:
    """Where git fetches from (built from settings, never from a payload), and a short-lived credential for it."""

    url: str
    token: str = field(repr=False)


@noun
class Missed:
    """What hooks may have missed: whom to look at, and `at`, the forge's time (UTC) at which it was asked for that."""

    wakes: tuple[Wake, ...]
    at: datetime


@noun
class Limits:
    """A forge's size limits. `comment` counts characters; `check_text` UTF-8 bytes; `annotations` are per request."""

    comment: int
    check_text: int
    annotations: int


@noun
class Diagnosis:
    """One thing that was looked at to see whether the server can work: `ok`, and what to do when it is not.

    `needed`: without it no work can be done. A hook that failed lately is not: what it would have told is found anyway.
    """

    subject: str
    ok: bool
    detail: str
    fix: str = ""
    needed: bool = True
