"""The API on pull requests: open, read, edit, merge, review."""

from aiohttp import web

from bot.localforge.api.exchange import actor, body, core, number, page, pull, repository, text
from bot.localforge.conversation import dismiss, review, reviews
from bot.localforge.errors import ApiError, invalid, missing
from bot.localforge.merging import merge, update_branch
from bot.localforge.pulls import Proposal, close, edit, open_pull, reopen
from bot.localforge.rows import Review
from bot.localforge.shapes.forge import review_json
from bot.localforge.shapes.git import change_json, commit_json, pull_changes, pull_json, pull_json_full

__all__ = ["routes"]

routes = web.RouteTableDef()
HERE = "/repos/{owner}/{name}/pulls"
ONE = HERE + r"/{number:\d+}"
LISTED_COMMITS = 250


@routes.get(HERE)
async def list_pulls(request: web.Request) -> web.Response:
    """Pull requests by state, branch, and order."""
    forge, found, query = core(request), repository(request), request.query
    state = query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise invalid("PullRequest", "state")
    owner, _, branch = query.get("head", "").rpartition(":")
    pulls = [
        each
        for each in forge.pulls(found, state)
        if query.get("base", each.base) == each.base and (not owner or branch == each.head)
    ]
    recent = query.get("sort", "created") == "updated"
    newest_first = query.get("direction", "desc") == "desc"
    pulls.sort(key=lambda each: (each.updated_at if recent else each.created_at, each.number), reverse=newest_first)
    return page(request, pulls, lambda each: pull_json(forge, each))


@routes.post(HERE)
async def create_pull(request: web.Request) -> web.Response:
    """Open a pull request."""
    found, sent = repository(request), await body(request)
    wanted = Proposal(
        title=text(sent, "PullRequest", "title"),
        head=text(sent, "PullRequest", "head"),
        base=text(sent, "PullRequest", "base"),
        body=text(sent, "PullRequest", "body", ""),
        draft=sent.get("draft") is True,
    )
    made = await open_pull(core(request), found, actor(request).account, wanted)
    return web.json_response(await pull_json_full(core(request), made), status=201)


@routes.get(ONE)
async def get_pull(request: web.Request) -> web.Response:
    """One pull request with its mergeability."""
    return web.json_response(await pull_json_full(core(request), pull(request)))


@routes.patch(ONE)
async def patch_pull(request: web.Request) -> web.Response:
    """Title, description, closing and reopening."""
    found, sent, who = pull(request), await body(request), actor(request).account
    title = text(sent, "PullRequest", "title") if "title" in sent else None
    found = edit(core(request), found, who, title, text(sent, "PullRequest", "body", "") if "body" in sent else None)
    state = text(sent, "PullRequest", "state", found.state)
    if state not in ("open", "closed"):
        raise invalid("PullRequest", "state")
    found = close(core(request), found, who) if state == "closed" else await reopen(core(request), found, who)
    return web.json_response(await pull_json_full(core(request), found))


@routes.get(ONE + "/commits")
async def pull_commits(request: web.Request) -> web.Response:
    """The pull request's own commits, oldest first, at most 250."""
    found, forge = pull(request), core(request)
    where = forge.state.repositories[found.repository]
    commits = await (await forge.git(where)).log(found.head_sha, found.base_sha, limit=LISTED_COMMITS)
    return page(request, commits[::-1], lambda each: commit_json(forge, where, each))


@routes.get(ONE + "/files")
async def pull_files(request: web.Request) -> web.Response:
    """What it changes since it left its base branch."""
    found, forge = pull(request), core(request)
    git = await forge.git(forge.state.repositories[found.repository])
    return page(request, await pull_changes(git, found), change_json)


@routes.get(ONE + "/merge")
async def is_merged(request: web.Request) -> web.Response:
    """204 once merged, else 404."""
    if not pull(request).merged_at:
        raise missing()
    return web.Response(status=204)


@routes.put(ONE + "/merge")
async def merge_pull(request: web.Request) -> web.Response:
    """The merge button."""
    found, sent = pull(request), await body(request)
    title, more = text(sent, "PullRequest", "commit_title", ""), text(sent, "PullRequest", "commit_message", "")
    message = "\n\n".join(each for each in (title, more) if each) or None
    method, sha = text(sent, "PullRequest", "merge_method", "merge"), text(sent, "PullRequest", "sha", "") or None
    merged = await merge(core(request), found, actor(request).account, method, sha, message)
    answer = {"sha": merged.merge_commit_sha, "merged": True, "message": "Pull Request successfully merged"}
    return web.json_response(answer)


@routes.put(ONE + "/update-branch")
async def update_pull(request: web.Request) -> web.Response:
    """The button that brings the base's commits into the branch."""
    await update_branch(core(request), pull(request), actor(request).account)
    return web.json_response({"message": "Updating pull request branch."}, status=202)


@routes.get(ONE + "/reviews")
async def list_reviews(request: web.Request) -> web.Response:
    """All reviews, oldest first."""
    return page(request, reviews(core(request), pull(request)), lambda each: review_json(core(request), each))


@routes.post(ONE + "/reviews")
async def create_review(request: web.Request) -> web.Response:
    """Submit a review."""
    found, sent = pull(request), await body(request)
    event = text(sent, "PullRequestReview", "event")
    commit = text(sent, "PullRequestReview", "commit_id", "") or None
    if commit is not None:
        git = await core(request).git(repository(request))
        if commit not in {each.sha for each in await git.log(found.head_sha, found.base_sha)}:
            raise ApiError(422, "Unprocessable Entity: commit_id is not part of the pull request")
    words = text(sent, "PullRequestReview", "body", "")
    made = review(core(request), found, actor(request).account, event, words, commit)
    return web.json_response(review_json(core(request), made))


def _review(request: web.Request) -> Review:
    found = pull(request)
    row = core(request).state.reviews.get(number(request, "review"))
    if row is None or (row.repository, row.number) != (found.repository, found.number):
        raise missing()
    return row


@routes.get(ONE + r"/reviews/{review:\d+}")
async def get_review(request: web.Request) -> web.Response:
    """One review."""
    return web.json_response(review_json(core(request), _review(request)))


@routes.put(ONE + r"/reviews/{review:\d+}/dismissals")
async def dismiss_review(request: web.Request) -> web.Response:
    """Dismiss a review."""
    row = dismiss(core(request), _review(request), actor(request).account)
    return web.json_response(review_json(core(request), row))
