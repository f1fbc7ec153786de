"""What people and bots say in a pull request: comments, reactions, reviews. Pages and API both come here."""

from dataclasses import replace

from bot.localforge.core import Core
from bot.localforge.errors import ApiError, invalid, missing, too_long
from bot.localforge.events import tell_comment, tell_review
from bot.localforge.rows import Account, Comment, Pull, Reaction, Review

__all__ = [
    "comment",
    "comments",
    "delete_comment",
    "dismiss",
    "edit_comment",
    "find_comment",
    "react",
    "review",
    "reviews",
]

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def _touch(core: Core, pull: Pull) -> None:
    core.state.pulls.put(replace(core.state.pulls[pull.id], updated_at=core.now()))


def comments(core: Core, pull: Pull) -> list[Comment]:
    """The comments that are there, oldest first."""
    return [
        each
        for each in core.state.comments
        if (each.repository, each.number) == (pull.repository, pull.number) and each.deleted_at is None
    ]


def reviews(core: Core, pull: Pull) -> list[Review]:
    """All reviews, oldest first."""
    return [each for each in core.state.reviews if (each.repository, each.number) == (pull.repository, pull.number)]


def comment(core: Core, pull: Pull, author: Account, body: str) -> Comment:
    """Write a comment. ApiError 422: empty or too long; 403: the conversation is locked."""
    core.require(core.state.repositories[pull.repository], author, "read")
    _check_lock(core, pull, author)
    _check(body)
    now = core.now()
    row = Comment(
        id=core.state.next_id(),
        repository=pull.repository,
        number=pull.number,
        account=author.id,
        body=body,
        created_at=now,
        updated_at=now,
    )
    core.state.comments.put(row)
    _touch(core, pull)
    tell_comment(core, row, author, "created")
    return row


def _check_lock(core: Core, pull: Pull, author: Account) -> None:
    """Whoever can write may go on in a locked conversation; an App may not."""
    writes = author.type != "Bot" and core.may(core.state.repositories[pull.repository], author, "write")
    if pull.locked and not writes:
        raise ApiError(403, "Unable to create comment because issue is locked.")


def _check(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "body", message="body cannot be blank")
    too_long("IssueComment", body)


def find_comment(core: Core, repository: int, id: int) -> Comment:
    """A comment that is there. ApiError 404: there is none."""
    found = core.state.comments.get(id)
    if found is None or found.repository != repository or found.deleted_at is not None:
        raise missing()
    return found


def _may_change(core: Core, row: Comment, actor: Account) -> None:
    if actor.id != row.account:
        core.require(core.state.repositories[row.repository], actor, "write")


def edit_comment(core: Core, row: Comment, actor: Account, body: str) -> Comment:
    """Change a comment's text: its author may, and whoever can write to the repository."""
    _may_change(core, row, actor)
    _check(body)
    earlier = [*row.earlier, {"body": row.body, "until": core.now(), "by": actor.login}]
    changed = core.state.comments.put(replace(row, body=body, updated_at=core.now(), earlier=earlier))
    _touch(core, core.pull(core.state.repositories[row.repository], row.number))
    tell_comment(core, changed, actor, "edited", changes={"body": {"from": row.body}})
    return changed


def delete_comment(core: Core, row: Comment, actor: Account) -> None:
    """Take a comment away."""
    _may_change(core, row, actor)
    core.state.comments.put(replace(row, deleted_at=core.now()))
    _touch(core, core.pull(core.state.repositories[row.repository], row.number))
    tell_comment(core, row, actor, "deleted")


def react(core: Core, row: Comment, actor: Account, content: str) -> tuple[Reaction, bool]:
    """React to a comment; whether it is new."""
    repository = core.state.repositories[row.repository]
    core.require(repository, actor, "read")
    _check_lock(core, core.pull(repository, row.number), actor)
    if content not in REACTIONS:
        raise invalid("Reaction", "content")
    for each in core.state.reactions:
        if (each.comment, each.account, each.content) == (row.id, actor.id, content):
            return each, False
    made = Reaction(id=core.state.next_id(), comment=row.id, account=actor.id, content=content, created_at=core.now())
    return core.state.reactions.put(made), True


def review(core: Core, pull: Pull, author: Account, event: str, body: str, commit: str | None = None) -> Review:
    """Submit a review: APPROVE, REQUEST_CHANGES or COMMENT, on the head unless `commit` says otherwise."""
    core.require(core.state.repositories[pull.repository], author, "read")
    if event not in STATES:
        raise invalid("PullRequestReview", "event")
    if author.id == pull.account and event != "COMMENT":
        what = "approve" if event == "APPROVE" else "request changes on"
        raise ApiError(422, f"Unprocessable Entity: Can not {what} your own pull request")
    if event != "APPROVE" and not body.strip():
        raise invalid("PullRequestReview", "body", "missing_field")
    too_long("PullRequestReview", body)
    row = Review(
        id=core.state.next_id(),
        repository=pull.repository,
        number=pull.number,
        account=author.id,
        body=body,
        state=STATES[event],
        commit_id=commit or pull.head_sha,
        submitted_at=core.now(),
    )
    core.state.reviews.put(row)
    _touch(core, pull)
    tell_review(core, row, author, "submitted")
    return row


def dismiss(core: Core, row: Review, actor: Account) -> Review:
    """Take the force out of a review: whoever can write to the repository may."""
    core.require(core.state.repositories[row.repository], actor, "write")
    if row.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise ApiError(422, "Can not dismiss a commented pull request review")
    changed = core.state.reviews.put(replace(row, state="DISMISSED"))
    _touch(core, core.pull(core.state.repositories[row.repository], row.number))
    tell_review(core, changed, actor, "dismissed")
    return changed
