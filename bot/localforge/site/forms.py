"""What the pages' buttons do. Each does it as the account that is signed in, then shows the page again."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
from aiohttp import web

from bot.localforge.api.checks import rerequest
from bot.localforge.api.git import Edit, write_file
from bot.localforge.conversation import comment, edit_comment, find_comment, review
from bot.localforge.core import Core
from bot.localforge.door import CORE, NONCE
from bot.localforge.errors import ApiError, invalid, missing
from bot.localforge.git.write import is_branch_name, move
from bot.localforge.merging import merge
from bot.localforge.pulls import Proposal, close, open_pull, reopen
from bot.localforge.pushes import follow
from bot.localforge.rows import Account, Repository
from bot.localforge.site.session import COOKIE, found_pull, found_repository, signed_in, viewer
from bot.localforge.site.view import split_ref

__all__ = ["routes"]

routes = web.RouteTableDef()
PULL = r"/{owner}/{name}/pull/{number:\d+}"
MONTH_SECONDS = 30 * 24 * 3600


async def _form(request: web.Request) -> dict[str, str]:
    # Browsers send line ends of a textarea as CR LF.
    return {
        name: value.replace("\r\n", "\n") for name, value in (await request.post()).items() if isinstance(value, str)
    }


def _back(request: web.Request, anchor: str = "") -> web.Response:
    pull = found_pull(request)
    page = f"/{request.app[CORE].full_name(found_repository(request))}/pull/{pull.number}"
    return web.Response(status=303, headers={"Location": page + anchor})


@routes.post("/login")
async def login(request: web.Request) -> web.Response:
    """Be somebody."""
    sent = await _form(request)
    account = request.app[CORE].login(sent.get("login", ""))
    if account is None or account.type != "User":
        raise missing()
    back = sent.get("back", "/")
    # browsers leave out tabs and line ends, and take \\ for /
    safe = back.isprintable() and back.startswith("/") and not back.startswith(("//", "/\\"))
    response = web.Response(status=303, headers={"Location": back if safe else "/"})
    response.set_cookie(COOKIE, account.login, max_age=MONTH_SECONDS, httponly=True, samesite="Strict")
    return response


@routes.post("/logout")
async def logout(_: web.Request) -> web.Response:
    """Be nobody."""
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie(COOKIE)
    return response


@routes.post(PULL + "/comment")
async def post_comment(request: web.Request) -> web.Response:
    """Write a comment."""
    made = comment(request.app[CORE], found_pull(request), signed_in(request), (await _form(request)).get("body", ""))
    return _back(request, f"#issuecomment-{made.id}")


@routes.post(PULL + r"/comment/{comment:\d+}")
async def post_edit_comment(request: web.Request) -> web.Response:
    """Change a comment's text."""
    core = request.app[CORE]
    row = find_comment(core, found_repository(request).id, int(request.match_info["comment"]))
    edit_comment(core, row, signed_in(request), (await _form(request)).get("body", ""))
    return _back(request, f"#issuecomment-{row.id}")


@routes.post(PULL + "/review")
async def post_review(request: web.Request) -> web.Response:
    """Approve, with or without words."""
    sent = await _form(request)
    event = "APPROVE" if "approve" in sent else "REQUEST_CHANGES"
    # What was approved is what the page showed, even if something was pushed since.
    shown = sent.get("commit", "")
    pull, core = found_pull(request), request.app[CORE]
    if shown and shown != pull.head_sha:
        raise ApiError(409, "Something was pushed since you opened this page: read it again, then approve")
    made = review(core, pull, signed_in(request), event, sent.get("body", ""))
    return _back(request, f"#pullrequestreview-{made.id}")


@routes.post(PULL + "/merge")
async def post_merge(request: web.Request) -> web.Response:
    """The merge button, for what the page showed."""
    sent = await _form(request)
    method, shown = sent.get("method", "merge"), sent.get("commit") or None
    await merge(request.app[CORE], found_pull(request), signed_in(request), method, shown)
    return _back(request)


@routes.post(PULL + "/state")
async def post_state(request: web.Request) -> web.Response:
    """Close or reopen."""
    pull, who = found_pull(request), signed_in(request)
    if "close" in await _form(request):
        close(request.app[CORE], pull, who)
    else:
        await reopen(request.app[CORE], pull, who)
    return _back(request)


@routes.post(PULL + r"/rerun/{run:\d+}")
async def post_rerun(request: web.Request) -> web.Response:
    """Ask the App to run a check again."""
    run = request.app[CORE].state.check_runs.get(int(request.match_info["run"]))
    if run is None or run.repository != found_repository(request).id:
        raise missing()
    await rerequest(request.app[CORE], run, signed_in(request).id)
    return _back(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wrote into the edit form."""

    path: str
    text: str
    blob: str
    message: str
    target: str
    branch: str
    title: str
    delete: bool = False


@routes.get("/{owner}/{name}/edit/{rest:(?s:.+)}")
async def get_edit(request: web.Request) -> web.Response:
    """A file in a form. A path that is not there yet makes a new file."""
    found, core = found_repository(request), request.app[CORE]
    branch, path = await split_ref(core, found, request.match_info["rest"])
    git = await core.git(found)
    if branch not in git.branches or not path:
        raise missing()
    entry = next((each for each in await git.tree(git.branches[branch]) if each.path == path), None)
    data = await git.blob(entry.sha) if entry else b""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ApiError(422, f"{path} is not text in UTF-8: change it with git") from error
    wish = Wish(path=path, text=text, blob=entry.sha if entry else "", message="", target="", branch=branch, title="")
    return _edit_page(request, found, branch, wish)


def _edit_page(request: web.Request, found: Repository, branch: str, wish: Wish, problem: str = "") -> web.Response:
    core = request.app[CORE]
    own = [each for each in core.pulls(found, "open") if each.head == branch and each.head_repository == found.id]
    who = viewer(request)
    facts: dict[str, Any] = {
        "viewer": who,
        "core": core,
        "here": request.path,
        "nonce": request[NONCE],
        "full_name": core.full_name(found),
        "from_branch": branch,
        "wish": wish,
        "problem": problem,
        "pulls": own,
        "suggestion": _free_branch(core, found, who),
    }
    response = aiohttp_jinja2.render_template("edit.html", request, facts)
    response.set_status(422 if problem else 200)
    return response


def _free_branch(core: Core, found: Repository, who: Account | None) -> str:
    taken = {each.head for each in core.pulls(found)}
    count = 1
    while f"{who.login if who else 'patch'}-patch-{count}" in taken:
        count += 1
    return f"{who.login if who else 'patch'}-patch-{count}"


@routes.post("/{owner}/{name}/edit/{rest:(?s:.+)}")
async def post_edit(request: web.Request) -> web.Response:
    """Commit the file: to this branch, or to a new one with a pull request. What was typed is never lost."""
    found, core = found_repository(request), request.app[CORE]
    branch, path = await split_ref(core, found, request.match_info["rest"])
    sent = await _form(request)
    wish = Wish(
        path=path,
        text=sent.get("text", ""),
        blob=sent.get("blob", ""),
        message=sent.get("message", ""),
        target=sent.get("target", "new"),
        branch=sent.get("branch", "").strip(),
        title=sent.get("title", "").strip(),
        delete="delete" in sent,
    )
    try:
        where = await _commit(core, found, signed_in(request), branch, wish)
    except ApiError as error:
        return _edit_page(request, found, branch, wish, error.words)
    return web.Response(status=303, headers={"Location": where})


async def _commit(core: Core, found: Repository, author: Account, start: str, wish: Wish) -> str:
    core.require(found, author, "write")
    title = wish.title or f"{'Delete' if wish.delete else 'Update' if wish.blob else 'Add'} {wish.path}"
    target = start if wish.target == "same" else wish.branch
    edit = Edit(
        path=wish.path,
        branch=target,
        message=wish.message or title,
        content=None if wish.delete else await _bytes(core, found, start, wish),
        blob=wish.blob or None,
        by_page=True,
    )
    full_name = core.full_name(found)
    if wish.target != "same":
        await _commit_to_new(core, found, author, start, edit)
        made = await open_pull(core, found, author, Proposal(title=title, head=target, base=found.default_branch))
        return f"/{full_name}/pull/{made.number}"
    await write_file(core, found, author, edit)
    for pull in core.pulls(found, "open"):
        if (pull.head_repository, pull.head) == (found.id, target):
            return f"/{full_name}/pull/{pull.number}"
    return f"/{full_name}" if wish.delete else f"/{full_name}/blob/{quote(target)}/{quote(wish.path)}"


async def _bytes(core: Core, found: Repository, start: str, wish: Wish) -> bytes:
    # A form cannot tell the two kinds of line ends apart: a file keeps the kind that it has.
    git = await core.git(found)
    entries = await git.tree(git.branches[start]) if start in git.branches else ()
    old = next((each for each in entries if each.path == wish.path), None)
    text = wish.text
    if old is not None and b"\r\n" in await git.blob(old.sha):
        text = text.replace("\n", "\r\n")
    return text.encode()


async def _commit_to_new(core: Core, found: Repository, author: Account, start: str, edit: Edit) -> None:
    git, name = await core.git(found), edit.branch
    if not await is_branch_name(git, name):
        raise ApiError(422, f"{name!r} cannot be a branch's name: choose another")
    async with git.lock:
        if name in git.branches:
            raise invalid("Reference", "branch", message=f"there is a branch {name} already; choose another name")
        before = dict(git.refs)
        await move(git, f"refs/heads/{name}", git.branches[start])
    await follow(core, found, author, before)
    try:
        await write_file(core, found, author, edit)
    except ApiError:
        async with git.lock:
            before = dict(git.refs)
            await move(git, f"refs/heads/{name}", None)
        await follow(core, found, author, before)
        raise
