"""Commits, files and pull requests as GitHub's REST API shows them."""

import base64
from typing import Any

from bot.localforge.core import Core
from bot.localforge.git.repository import GitDir
from bot.localforge.git.values import Change, Commit, Signature
from bot.localforge.rows import Pull, Repository
from bot.localforge.shapes.forge import association, node_id, repository_json, user_json

__all__ = ["change_json", "commit_json", "mergeable", "pull_changes", "pull_json", "pull_json_full"]

Json = dict[str, Any]


def _signature(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": signature.date}


def commit_json(core: Core, repository: Repository, commit: Commit) -> Json:
    """A commit; `author` and `committer` are accounts, null where the e-mail belongs to nobody."""
    full_name = core.full_name(repository)
    api = f"{core.url}/api/v3/repos/{full_name}"
    return {
        "sha": commit.sha,
        "node_id": base64.b64encode(commit.sha.encode()).decode(),
        "url": f"{api}/commits/{commit.sha}",
        "html_url": f"{core.url}/{full_name}/commit/{commit.sha}",
        "commit": {
            "author": _signature(commit.author),
            "committer": _signature(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{api}/git/trees/{commit.tree}"},
            "url": f"{api}/git/commits/{commit.sha}",
            "comment_count": 0,
            "verification": {"verified": False, "reason": "unsigned", "signature": None, "payload": None},
        },
        "author": user_json(core, core.by_email(commit.author.email)),
        "committer": user_json(core, core.by_email(commit.committer.email)),
        "parents": [{"sha": each, "url": f"{api}/commits/{each}"} for each in commit.parents],
    }


def change_json(change: Change) -> Json:
    """A changed file."""
    found: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
    }
    if change.patch is not None:
        found["patch"] = change.patch
    if change.previous is not None:
        found["previous_filename"] = change.previous
    return found


async def mergeable(core: Core, pull: Pull) -> bool | None:
    """Whether an open pull request can be merged by git; None once it is closed."""
    if pull.state != "open":
        return None
    git = await core.git(core.state.repositories[pull.repository])
    base = git.branches.get(pull.base)
    return base is not None and await git.merged_tree(base, pull.head_sha) is not None


def pull_json(core: Core, pull: Pull) -> Json:
    """A pull request as lists and webhooks show it."""
    repository = core.state.repositories[pull.repository]
    full_name = core.full_name(repository)
    api = f"{core.url}/api/v3/repos/{full_name}"
    author = core.account(pull.account)
    return {
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "number": pull.number,
        "url": f"{api}/pulls/{pull.number}",
        "html_url": f"{core.url}/{full_name}/pull/{pull.number}",
        "issue_url": f"{api}/issues/{pull.number}",
        "comments_url": f"{api}/issues/{pull.number}/comments",
        "statuses_url": f"{api}/statuses/{pull.head_sha}",
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": user_json(core, author),
        "body": pull.body,
        "created_at": pull.created_at,
        "updated_at": pull.updated_at,
        "closed_at": pull.closed_at,
        "merged_at": pull.merged_at,
        "merge_commit_sha": pull.merge_commit_sha,
        "draft": pull.draft,
        "labels": [],
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(core, pull.head_repository, pull.head, pull.head_sha),
        "base": _side(core, pull.repository, pull.base, pull.base_sha),
        "author_association": association(repository, author),
        "auto_merge": None,
    }


def _side(core: Core, repository: int, ref: str, sha: str) -> Json:
    row = core.state.repositories.get(repository)
    owner = core.account(row.owner) if row else None
    return {
        "label": f"{owner.login if owner else 'unknown'}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user_json(core, owner),
        "repo": repository_json(core, row) if row else None,
    }


async def pull_json_full(core: Core, pull: Pull) -> Json:
    """A pull request as its own address shows it: with mergeability and counts."""
    repository = core.state.repositories[pull.repository]
    git = await core.git(repository)
    can = await mergeable(core, pull)
    changes = await pull_changes(git, pull)
    comments = [each for each in core.state.comments if _in(each, pull) and each.deleted_at is None]
    state = {True: "draft" if pull.draft else "clean", False: "dirty", None: "unknown"}[can]
    return pull_json(core, pull) | {
        "merged": pull.merged_at is not None,
        "mergeable": can,
        "rebaseable": False,
        "mergeable_state": state,
        "merged_by": user_json(core, core.account(pull.merged_by)) if pull.merged_by else None,
        "comments": len(comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": await git.count(pull.head_sha, pull.base_sha),
        "additions": sum(each.additions for each in changes),
        "deletions": sum(each.deletions for each in changes),
        "changed_files": len(changes),
    }


def _in(row: Any, pull: Pull) -> bool:
    return bool(row.repository == pull.repository and row.number == pull.number)


async def pull_changes(git: GitDir, pull: Pull) -> tuple[Change, ...]:
    """What the pull request changes since it left its base branch."""
    start = await git.merge_base(pull.base_sha, pull.head_sha)
    return () if start is None else await git.changes(start, pull.head_sha)
