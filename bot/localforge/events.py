"""Webhook payloads, and telling the App's hook about them.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from typing import Any

from bot.localforge.core import Core
from bot.localforge.rows import Account, CheckRun, Comment, Pull, Repository, Review
from bot.localforge.shapes.forge import (
    check_run_json,
    comment_json,
    installation_json,
    repository_json,
    review_json,
    user_json,
)
from bot.localforge.shapes.git import commit_json, pull_json

__all__ = [
    "tell",
    "tell_check_run",
    "tell_comment",
    "tell_group",
    "tell_installed",
    "tell_ping",
    "tell_pull",
    "tell_push",
    "tell_repository",
    "tell_review",
]

Json = dict[str, Any]
NOTHING = "0" * 40
LISTED_COMMITS = 20


def tell(core: Core, repository: Repository, sender: Account, event: str, payload: Json) -> None:
    """Queue one event of a repository, if the App is installed on its owner's account."""
    installation = next((each for each in core.state.installations if each.account == repository.owner), None)
    if installation is None:
        return
    owner = core.account(repository.owner)
    common: Json = {
        "repository": repository_json(core, repository),
        "sender": user_json(core, sender),
        "installation": {"id": installation.id, "node_id": str(installation.id)},
    }
    if owner is not None and owner.type == "Organization":
        common["organization"] = user_json(core, owner)
    core.webhooks.send(event, payload | common)


def tell_repository(core: Core, repository: Repository, sender: Account, action: str, **more: Any) -> None:
    """`repository`: renamed."""
    tell(core, repository, sender, "repository", {"action": action, **more})


def tell_installed(core: Core, repository: Repository) -> None:
    """`installation_repositories`: an App that is installed on all of an account's repositories got one more.

    The event is of the installation, and so of no repository.
    """
    for each in core.state.installations:
        if each.account == repository.owner:
            shown = repository_json(core, repository)
            added = [{name: shown[name] for name in ("id", "node_id", "name", "full_name", "private")}]
            payload = {
                "action": "added",
                "installation": installation_json(core, each.id),
                "repository_selection": "all",
                "repositories_added": added,
                "repositories_removed": [],
                "requester": None,
                "sender": user_json(core, core.account(repository.owner)),
            }
            core.webhooks.send("installation_repositories", payload)


def tell_pull(core: Core, pull: Pull, sender: Account, action: str, **more: Any) -> None:
    """`pull_request`: opened, synchronize, edited, enqueued, dequeued, closed or reopened."""
    body = pull_json(core, pull) | {"merged": pull.merged_at is not None}
    payload = {"action": action, "number": pull.number, "pull_request": body, **more}
    tell(core, core.state.repositories[pull.repository], sender, "pull_request", payload)


def tell_comment(core: Core, comment: Comment, sender: Account, action: str, **more: Any) -> None:
    """`issue_comment`: created, edited or deleted."""
    repository = core.state.repositories[comment.repository]
    pull = core.pull(repository, comment.number)
    url = pull_json(core, pull)["url"]
    issue = {
        "id": pull.id,
        "number": pull.number,
        "title": pull.title,
        "state": pull.state,
        "user": user_json(core, core.account(pull.account)),
        "body": pull.body,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "html_url": f"{core.url}/{core.full_name(repository)}/pull/{pull.number}",
        "pull_request": {"url": url, "merged_at": pull.merged_at},
    }
    payload = {"action": action, "issue": issue, "comment": comment_json(core, comment), **more}
    tell(core, repository, sender, "issue_comment", payload)


def tell_review(core: Core, review: Review, sender: Account, action: str) -> None:
    """`pull_request_review`: submitted, edited or dismissed."""
    repository = core.state.repositories[review.repository]
    pull = core.pull(repository, review.number)
    payload = {
        "action": action,
        "review": review_json(core, review, webhook=True),
        "pull_request": pull_json(core, pull),
    }
    tell(core, repository, sender, "pull_request_review", payload)


def tell_check_run(core: Core, run: CheckRun, sender: Account, action: str, branch: str | None = None) -> None:
    """`check_run`: created, completed or rerequested; `branch` is one that the commit is the head of."""
    told = check_run_json(core, run)
    payload = {"action": action, "check_run": {**told, "check_suite": {**told["check_suite"], "head_branch": branch}}}
    tell(core, core.state.repositories[run.repository], sender, "check_run", payload)


def tell_group(core: Core, repository: Repository, sender: Account, action: str, group: Json) -> None:
    """`merge_group`: checks are requested on the queue's commit."""
    base_ref = f"refs/heads/{repository.default_branch}"
    payload = {"action": action, "merge_group": group | {"base_ref": base_ref}}
    tell(core, repository, sender, "merge_group", payload)


async def tell_push(
    core: Core, repository: Repository, sender: Account, ref: str, moved: tuple[str | None, str | None]
) -> None:
    """`push`: a branch moved from one commit to another; None stands for a branch that was not, or is not any more."""
    before, after = moved
    git = await core.git(repository)
    listed = []
    if after is not None:
        start = before or git.branches.get(repository.default_branch)
        commits = await git.log(after, None if start == after else start, limit=LISTED_COMMITS)
        listed = [
            {
                "id": commit.sha,
                "tree_id": commit.tree,
                "message": commit.message,
                "timestamp": commit.author.date,
                "author": {"name": commit.author.name, "email": commit.author.email},
                "committer": {"name": commit.committer.name, "email": commit.committer.email},
            }
            for commit in reversed(commits)
        ]
    head = await git.commit(after) if after else None
    span = f"{(before or NOTHING)[:12]}...{(after or NOTHING)[:12]}"
    payload = {
        "ref": ref,
        "before": before or NOTHING,
        "after": after or NOTHING,
        "created": before is None,
        "deleted": after is None,
        "forced": bool(before and after and await git.merge_base(before, after) != before),
        "compare": f"{core.url}/{core.full_name(repository)}/compare/{span}",
        "commits": listed,
        "head_commit": commit_json(core, repository, head)["commit"] | {"id": head.sha} if head else None,
        "pusher": {"name": sender.login, "email": sender.email},
    }
    tell(core, repository, sender, "push", payload)


def tell_ping(core: Core) -> None:
    """`ping`: the hook was set up."""
    app = core.app
    hook = {
        "type": "App",
        "id": app.id,
        "name": "web",
        "active": True,
        "app_id": app.id,
        "config": {"content_type": "json", "insecure_ssl": "0", "url": app.webhook_url, "secret": "********"},
    }
    core.webhooks.send("ping", {"zen": "Keep it logically awesome.", "hook_id": app.id, "hook": hook})
