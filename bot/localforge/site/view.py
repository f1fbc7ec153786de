"""What the pages show, gathered for their templates: a thread in order of time, checks, the diff."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.localforge.conversation import comments, reviews
from bot.localforge.core import Core
from bot.localforge.git.values import Commit
from bot.localforge.rows import Account, CheckRun, Pull, Repository, Status
from bot.localforge.shapes.git import mergeable, pull_changes
from bot.localforge.site.diff import FileView, file_views
from bot.localforge.site.markdown import render

__all__ = ["Item", "PullView", "hue", "initials", "pull_view", "split_ref"]

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "confused": "😕",
    "heart": "❤️",
    "hooray": "🎉",
    "rocket": "🚀",
    "eyes": "👀",
}
VERBS = {
    "APPROVED": "approved these changes",
    "CHANGES_REQUESTED": "requested changes",
    "COMMENTED": "reviewed",
    "DISMISSED": "reviewed (dismissed)",
}
HUES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a thread: a comment, a review or an event."""

    kind: str
    id: int
    account: Account
    at: str
    verb: str
    html: str = ""
    source: str = ""
    edited: bool = False
    reactions: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullView:
    """All that a pull request's page shows."""

    pull: Pull
    author: Account
    state: str
    mergeable: bool | None
    items: tuple[Item, ...]
    commits: tuple[Commit, ...]
    checks: tuple[CheckRun, ...]
    statuses: tuple[Status, ...]
    files: tuple[FileView, ...]
    people: Mapping[str, Account | None]


def initials(account: Account) -> str:
    """Up to two letters for an avatar."""
    words = account.name.replace("[bot]", "").replace("-", " ").split() or [account.login]
    return "".join(word[0] for word in words[:2]).upper()


def hue(account: Account) -> int:
    """Which of the avatar colours an account has."""
    return account.id % HUES


def _items(core: Core, pull: Pull) -> list[Item]:
    found: list[Item] = []
    for each in comments(core, pull):
        counts = Counter(row.content for row in core.state.reactions if row.comment == each.id)
        found.append(
            Item(
                kind="comment",
                id=each.id,
                account=core.known(each.account),
                at=each.created_at,
                verb="commented",
                html=render(each.body),
                source=each.body,
                edited=bool(each.earlier),
                reactions=tuple((EMOJI[name], count) for name, count in counts.items()),
            )
        )
    for review in reviews(core, pull):
        who, verb = core.known(review.account), f"{VERBS[review.state]} on {review.commit_id[:7]}"
        words = render(review.body) if review.body else ""
        found.append(Item(kind="review", id=review.id, account=who, at=review.submitted_at, verb=verb, html=words))
    for event in core.state.events:
        if (event.repository, event.number) == (pull.repository, pull.number):
            detail = event.detail[:7] if event.event == "merged" else event.detail
            who, verb = core.known(event.account), f"{event.event} {detail}".strip()
            found.append(Item(kind=event.event, id=event.id, account=who, at=event.created_at, verb=verb))
    return sorted(found, key=lambda item: item.id)


async def pull_view(core: Core, pull: Pull) -> PullView:
    """Everything about one pull request."""
    git = await core.git(core.state.repositories[pull.repository])
    newest = {
        each.name: each
        for each in core.state.check_runs
        if (each.repository, each.head_sha) == (pull.repository, pull.head_sha)
    }
    statuses = {
        each.context: each
        for each in core.state.statuses
        if (each.repository, each.sha) == (pull.repository, pull.head_sha)
    }
    annotations = [note for run in newest.values() for note in run.output.get("annotations", [])]
    commits = (await git.log(pull.head_sha, pull.base_sha))[::-1]
    opened = Item(
        kind="opened",
        id=0,
        account=core.known(pull.account),
        at=pull.created_at,
        verb="opened this pull request",
        html=render(pull.body) if pull.body else "",
    )
    return PullView(
        pull=pull,
        author=core.known(pull.account),
        state="merged" if pull.merged_at else "draft" if pull.draft and pull.state == "open" else pull.state,
        mergeable=await mergeable(core, pull),
        items=(opened, *_items(core, pull)),
        commits=commits,
        checks=tuple(newest.values()),
        statuses=tuple(statuses.values()),
        files=tuple(file_views(await pull_changes(git, pull), annotations)),
        people={each.sha: core.by_email(each.author.email) for each in commits},
    )


async def split_ref(core: Core, repository: Repository, rest: str) -> tuple[str, str]:
    """`branch/with/slash/path/of/file` → the longest branch that fits (else the first word), and the path."""
    git: Any = await core.git(repository)
    fitting = [name for name in git.branches if rest == name or rest.startswith(f"{name}/")]
    ref = max(fitting, key=len, default=rest.split("/")[0])
    return ref, rest[len(ref) + 1 :]
