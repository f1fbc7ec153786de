"""The API on comments and reactions. A pull request is an issue to it, as on GitHub."""

from collections import Counter
from dataclasses import replace

from aiohttp import web

from bot.localforge.api.exchange import actor, body, core, number, page, pull, repository, text
from bot.localforge.conversation import comment, comments, delete_comment, edit_comment, find_comment, react
from bot.localforge.rows import Comment
from bot.localforge.shapes.forge import comment_json, reaction_json
from bot.localforge.shapes.git import pull_json

__all__ = ["routes"]

routes = web.RouteTableDef()
HERE = "/repos/{owner}/{name}/issues"
ONE = HERE + r"/comments/{number:\d+}"


def _json(request: web.Request, row: Comment) -> dict[str, object]:
    counts = Counter(each.content for each in core(request).state.reactions if each.comment == row.id)
    return comment_json(core(request), row) | {"reactions": {"total_count": counts.total(), **counts}}


@routes.get(HERE + r"/{number:\d+}")
async def get_issue(request: web.Request) -> web.Response:
    """The pull request as an issue."""
    shown = pull_json(core(request), pull(request))
    return web.json_response(shown | {"pull_request": {"url": shown["url"], "merged_at": shown["merged_at"]}})


@routes.put(HERE + r"/{number:\d+}/lock")
async def lock(request: web.Request) -> web.Response:
    """Lock the conversation."""
    return _lock(request, locked=True)


@routes.delete(HERE + r"/{number:\d+}/lock")
async def unlock(request: web.Request) -> web.Response:
    """Open it again."""
    return _lock(request, locked=False)


def _lock(request: web.Request, *, locked: bool) -> web.Response:
    repository(request, "write")
    core(request).state.pulls.put(replace(pull(request), locked=locked))
    return web.Response(status=204)


@routes.get(HERE + r"/{number:\d+}/comments")
async def list_comments(request: web.Request) -> web.Response:
    """A pull request's comments, oldest first, changed at or after `since` where given."""
    since = request.query.get("since", "")
    found = [each for each in comments(core(request), pull(request)) if each.updated_at >= since]
    return page(request, found, lambda each: _json(request, each))


@routes.get(HERE + "/comments")
async def list_all_comments(request: web.Request) -> web.Response:
    """A repository's comments by `sort` (created, updated) and `direction`, changed at or after `since`."""
    where, query = repository(request), request.query
    found = [
        each
        for each in core(request).state.comments
        if each.repository == where.id and each.deleted_at is None and each.updated_at >= query.get("since", "")
    ]
    recent = query.get("sort", "created") == "updated"
    found.sort(key=lambda row: (row.updated_at if recent else row.created_at, row.id))
    if query.get("direction", "asc") == "desc":
        found.reverse()
    return page(request, found, lambda each: _json(request, each))


@routes.post(HERE + r"/{number:\d+}/comments")
async def create_comment(request: web.Request) -> web.Response:
    """Write a comment."""
    found, sent = pull(request), await body(request)
    made = comment(core(request), found, actor(request).account, text(sent, "IssueComment", "body"))
    return web.json_response(
        _json(request, made), status=201, headers={"Location": str(comment_json(core(request), made)["url"])}
    )


def _comment(request: web.Request) -> Comment:
    return find_comment(core(request), repository(request).id, number(request))


@routes.get(ONE)
async def get_comment(request: web.Request) -> web.Response:
    """One comment."""
    return web.json_response(_json(request, _comment(request)))


@routes.patch(ONE)
async def patch_comment(request: web.Request) -> web.Response:
    """Change a comment's text."""
    row, sent = _comment(request), await body(request)
    changed = edit_comment(core(request), row, actor(request).account, text(sent, "IssueComment", "body"))
    return web.json_response(_json(request, changed))


@routes.delete(ONE)
async def remove_comment(request: web.Request) -> web.Response:
    """Delete a comment."""
    delete_comment(core(request), _comment(request), actor(request).account)
    return web.Response(status=204)


@routes.get(ONE + "/reactions")
async def list_reactions(request: web.Request) -> web.Response:
    """The reactions to a comment."""
    row = _comment(request)
    found = [each for each in core(request).state.reactions if each.comment == row.id]
    return page(request, found, lambda each: reaction_json(core(request), each))


@routes.post(ONE + "/reactions")
async def create_reaction(request: web.Request) -> web.Response:
    """React: 201 when new, 200 when it was there."""
    row, sent = _comment(request), await body(request)
    made, new = react(core(request), row, actor(request).account, text(sent, "Reaction", "content"))
    return web.json_response(reaction_json(core(request), made), status=201 if new else 200)
