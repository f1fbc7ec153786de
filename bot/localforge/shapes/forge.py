"""Accounts, repositories, and what is said and checked, as GitHub's REST API shows them.

https://docs.github.com/en/rest?apiVersion=2022-11-28 names every field; what no client of this forge reads is left out.
"""

import base64
import json
from typing import Any

from bot.localforge.core import ROLES, Core
from bot.localforge.rows import Account, App, CheckRun, Comment, Delivery, Reaction, Repository, Review, Status

__all__ = [
    "APP_PERMISSIONS",
    "app_json",
    "association",
    "check_run_json",
    "comment_json",
    "delivery_json",
    "installation_json",
    "node_id",
    "reaction_json",
    "repository_json",
    "review_json",
    "status_json",
    "user_json",
]

Json = dict[str, Any]
APP_PERMISSIONS = {
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
APP_EVENTS = ["issue_comment", "pull_request", "pull_request_review", "push"]


def node_id(kind: str, id: int) -> str:
    """An opaque global id."""
    return base64.b64encode(f"{kind}:{id}".encode()).decode()


def user_json(core: Core, account: Account | None) -> Json | None:
    """A simple user."""
    if account is None:
        return None
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("User", account.id),
        "avatar_url": "",
        "url": f"{core.url}/api/v3/users/{account.login}",
        "html_url": f"{core.url}/{account.login}",
        "type": account.type,
        "site_admin": False,
    }


def repository_json(core: Core, repository: Repository, viewer: Account | None = None) -> Json:
    """A repository; with `viewer`, their permissions."""
    full_name = core.full_name(repository)
    found: Json = {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "owner": user_json(core, core.account(repository.owner)),
        "html_url": f"{core.url}/{full_name}",
        "url": f"{core.url}/api/v3/repos/{full_name}",
        "clone_url": f"{core.url}/{full_name}.git",
        "default_branch": repository.default_branch,
        "fork": repository.fork_of is not None,
        "archived": False,
        "disabled": False,
        "created_at": repository.created_at,
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "allow_rebase_merge": True,
    }
    if viewer is not None:
        role = ROLES.index(core.role(repository, viewer))
        names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
        found["permissions"] = {name: role >= ROLES.index(level) for name, level in names.items()}
    return found


def app_json(core: Core, app: App) -> Json:
    """The App."""
    owner = next((each for each in core.state.accounts if each.type == "Organization"), core.bot)
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("App", app.id),
        "client_id": f"Iv1.{app.id:016x}",
        "owner": user_json(core, owner),
        "name": app.slug.title(),
        "description": "",
        "external_url": core.url,
        "html_url": f"{core.url}/apps/{app.slug}",
        "permissions": APP_PERMISSIONS,
        "events": APP_EVENTS,
        "installations_count": len(core.state.installations),
    }


def installation_json(core: Core, id: int) -> Json:
    """The App's installation on one account."""
    row = core.state.installations[id]
    account = core.account(row.account)
    return {
        "id": row.id,
        "account": user_json(core, account),
        "app_id": core.app.id,
        "app_slug": core.app.slug,
        "target_id": row.account,
        "target_type": account.type if account else "User",
        "repository_selection": "all",
        "permissions": APP_PERMISSIONS,
        "events": APP_EVENTS,
        "created_at": row.created_at,
        "updated_at": row.created_at,
        "suspended_at": None,
    }


def association(repository: Repository, account: Account | None) -> str:
    """How somebody belongs to a repository."""
    if account is None:
        return "NONE"
    if account.id == repository.owner:
        return "OWNER"
    return "COLLABORATOR" if str(account.id) in repository.roles else "NONE"


def comment_json(core: Core, comment: Comment) -> Json:
    """An issue comment."""
    repository, account = core.state.repositories[comment.repository], core.account(comment.account)
    page = f"{core.url}/{core.full_name(repository)}/pull/{comment.number}"
    api = f"{core.url}/api/v3/repos/{core.full_name(repository)}"
    return {
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "url": f"{api}/issues/comments/{comment.id}",
        "html_url": f"{page}#issuecomment-{comment.id}",
        "issue_url": f"{api}/issues/{comment.number}",
        "user": user_json(core, account),
        "body": comment.body,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "author_association": association(repository, account),
        "performed_via_github_app": app_json(core, core.app) if comment.account == core.app.bot else None,
    }


def reaction_json(core: Core, reaction: Reaction) -> Json:
    """A reaction."""
    return {
        "id": reaction.id,
        "node_id": node_id("Reaction", reaction.id),
        "user": user_json(core, core.account(reaction.account)),
        "content": reaction.content,
        "created_at": reaction.created_at,
    }


def review_json(core: Core, review: Review, *, webhook: bool = False) -> Json:
    """A review. REST shows its state in upper case, webhooks in lower case."""
    repository, account = core.state.repositories[review.repository], core.account(review.account)
    return {
        "id": review.id,
        "node_id": node_id("PullRequestReview", review.id),
        "user": user_json(core, account),
        "body": review.body,
        "state": review.state.lower() if webhook else review.state,
        "html_url": f"{core.url}/{core.full_name(repository)}/pull/{review.number}#pullrequestreview-{review.id}",
        "pull_request_url": f"{core.url}/api/v3/repos/{core.full_name(repository)}/pulls/{review.number}",
        "submitted_at": review.submitted_at,
        "commit_id": review.commit_id,
        "author_association": association(repository, account),
    }


def check_run_json(core: Core, run: CheckRun) -> Json:
    """A check run; annotations are counted here and listed at their own address."""
    repository = core.state.repositories[run.repository]
    api = f"{core.url}/api/v3/repos/{core.full_name(repository)}/check-runs/{run.id}"
    # a fork's pull request is never named: https://docs.github.com/en/rest/checks/runs
    pulls = [
        pull
        for pull in core.pulls(repository, "open")
        if (pull.head_sha, pull.head_repository) == (run.head_sha, repository.id)
    ]
    return {
        "id": run.id,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": api,
        "html_url": f"{core.url}/{core.full_name(repository)}/runs/{run.id}",
        "details_url": run.details_url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.output.get("title"),
            "summary": run.output.get("summary"),
            "text": run.output.get("text"),
            "annotations_count": len(run.output.get("annotations", [])),
            "annotations_url": f"{api}/annotations",
        },
        "name": run.name,
        "check_suite": {
            "id": run.id,
            "status": "queued" if run.asked else run.status,
            "conclusion": None if run.asked else run.conclusion,
        },
        "app": app_json(core, core.app),
        "pull_requests": [
            {
                "id": pull.id,
                "number": pull.number,
                "url": f"{core.url}/api/v3/repos/{core.full_name(repository)}/pulls/{pull.number}",
                "head": {"ref": pull.head, "sha": pull.head_sha, "repo": {"id": pull.head_repository}},
                "base": {"ref": pull.base, "sha": pull.base_sha, "repo": {"id": repository.id}},
            }
            for pull in pulls
        ],
    }


def status_json(core: Core, status: Status) -> Json:
    """A commit status."""
    return {
        "id": status.id,
        "node_id": node_id("Status", status.id),
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
        "created_at": status.created_at,
        "updated_at": status.created_at,
        "creator": user_json(core, core.account(status.account)),
    }


def delivery_json(core: Core, delivery: Delivery, *, full: bool = False) -> Json:
    """A webhook delivery; `full` adds what was sent and answered."""
    found: Json = {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": delivery.delivered_at,
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation,
        "repository_id": delivery.repository,
        "throttled_at": None,
    }
    if full:
        found |= {
            "url": core.app.webhook_url,
            "request": {
                "headers": {"X-GitHub-Event": delivery.event, "X-GitHub-Delivery": delivery.guid},
                "payload": json.loads(delivery.body),
            },
            "response": {"headers": {}, "payload": delivery.answer},
        }
    return found
