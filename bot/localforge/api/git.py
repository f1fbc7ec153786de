"""The API on what git holds: branches, commits, comparisons, trees, refs, and files read and written one at a time."""

import base64
import binascii
from dataclasses import dataclass

from aiohttp import web

from bot.localforge.api.exchange import actor, body, core, page, repository, text, window
from bot.localforge.core import Core
from bot.localforge.errors import ApiError, invalid, missing
from bot.localforge.git.repository import HEADS, GitDir
from bot.localforge.git.values import Entry
from bot.localforge.git.write import PLAIN, Draft, Moved, commit_files, is_branch_name, move
from bot.localforge.merging import signature_of
from bot.localforge.pushes import follow
from bot.localforge.rows import WEB_FLOW, Account, Repository
from bot.localforge.shapes.git import change_json, commit_json

__all__ = ["Edit", "routes", "write_file"]

routes = web.RouteTableDef()
HERE = "/repos/{owner}/{name}"


async def _resolved(request: web.Request, name: str) -> tuple[Repository, GitDir, str]:
    found = repository(request)
    git = await core(request).git(found)
    sha = await git.resolve(name)
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {name}")
    return found, git, sha


@routes.get(HERE + "/branches")
async def branches(request: web.Request) -> web.Response:
    """All branches."""
    git = await core(request).git(repository(request))
    return page(
        request,
        sorted(git.branches.items()),
        lambda each: {"name": each[0], "commit": {"sha": each[1]}, "protected": False},
    )


@routes.get(HERE + "/branches/{branch:(?s:.+)}")
async def branch(request: web.Request) -> web.Response:
    """One branch with its commit."""
    found, name = repository(request), request.match_info["branch"]
    git = await core(request).git(found)
    if name not in git.branches:
        raise ApiError(404, "Branch not found")
    commit = commit_json(core(request), found, await git.commit(git.branches[name]))
    return web.json_response({"name": name, "commit": commit, "protected": False})


@routes.get(HERE + "/commits")
async def commits(request: web.Request) -> web.Response:
    """The history of a branch or commit, newest first."""
    start = request.query.get("sha") or repository(request).default_branch
    found, git, sha = await _resolved(request, start)
    return page(request, await git.log(sha, limit=1000), lambda each: commit_json(core(request), found, each))


@routes.get(HERE + "/commits/{ref:(?s:.+)}")
async def commit(request: web.Request) -> web.Response:
    """One commit with its files."""
    found, git, sha = await _resolved(request, request.match_info["ref"])
    facts = await git.commit(sha)
    changes = await git.changes(facts.parents[0], sha) if facts.parents else ()
    added, deleted = sum(each.additions for each in changes), sum(each.deletions for each in changes)
    answer = commit_json(core(request), found, facts) | {
        "stats": {"total": added + deleted, "additions": added, "deletions": deleted},
        "files": [change_json(each) for each in changes],
    }
    return web.json_response(answer)


@routes.get(HERE + "/compare/{span:(?s:.+)}")
async def compare(request: web.Request) -> web.Response:
    """`BASE...HEAD`: the commits after their merge base, oldest first, paged; files on the first page."""
    base_name, dots, head_name = request.match_info["span"].partition("...")
    if not dots:
        raise missing()
    found = repository(request)
    forge, git = core(request), await core(request).git(found)
    base, head = await git.resolve(base_name.split(":")[-1]), await git.resolve(head_name.split(":")[-1])
    start = await git.merge_base(base, head) if base and head else None
    if base is None or head is None or start is None:
        raise missing()
    ahead, behind = await git.count(head, base), await git.count(base, head)
    listed = list(reversed(await git.log(head, base, limit=10_000)))
    at, size = window(request) if "page" in request.query or "per_page" in request.query else (1, 250)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    answer = {
        "url": str(request.url),
        "status": status.get((ahead > 0, behind > 0), "diverged"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "base_commit": commit_json(forge, found, await git.commit(base)),
        "merge_base_commit": commit_json(forge, found, await git.commit(start)),
        "commits": [commit_json(forge, found, each) for each in listed[(at - 1) * size : at * size]],
        "files": [change_json(each) for each in await git.changes(start, head)] if at == 1 else [],
    }
    headers = {}
    if len(listed) > at * size:
        following = request.url.with_query({**request.query, "page": str(at + 1), "per_page": str(size)})
        headers["Link"] = f'<{following}>; rel="next"'
    return web.json_response(answer, headers=headers)


@routes.get(HERE + "/git/trees/{ref:(?s:.+)}")
async def tree(request: web.Request) -> web.Response:
    """All files of a commit (always recursive)."""
    _, git, sha = await _resolved(request, request.match_info["ref"])
    entries = [
        {"path": each.path, "mode": each.mode, "type": each.kind, "sha": each.sha, "size": each.size}
        for each in await git.tree(sha)
    ]
    return web.json_response({"sha": sha, "tree": entries, "truncated": False})


@routes.get(HERE + "/git/ref/{ref:(?s:.+)}")
async def get_ref(request: web.Request) -> web.Response:
    """One ref, named without its `refs/`."""
    git = await core(request).git(repository(request))
    name = f"refs/{request.match_info['ref']}"
    if name not in git.refs:
        raise missing()
    return web.json_response(_ref_json(name, git.refs[name]))


def _ref_json(name: str, sha: str) -> dict[str, object]:
    return {"ref": name, "object": {"type": "commit", "sha": sha}}


@routes.get(HERE + "/git/matching-refs/{ref:(?s:.+)}")
async def matching_refs(request: web.Request) -> web.Response:
    """All refs that begin so, named without their `refs/`; no pages."""
    git = await core(request).git(repository(request))
    wanted = f"refs/{request.match_info['ref']}"
    found = sorted((name, sha) for name, sha in git.refs.items() if name.startswith(wanted))
    return web.json_response([_ref_json(name, sha) for name, sha in found])


@routes.post(HERE + "/git/refs")
async def create_ref(request: web.Request) -> web.Response:
    """Make a branch at a commit."""
    found = repository(request, "write")
    sent = await body(request)
    ref, sha = text(sent, "Reference", "ref"), text(sent, "Reference", "sha")
    git = await core(request).git(found)
    if not ref.startswith(HEADS) or not await is_branch_name(git, ref[len(HEADS) :]):
        raise ApiError(422, f"{ref} is not a valid ref name.")
    async with git.lock:
        if ref in git.refs:
            raise ApiError(422, "Reference already exists")
        if len(sha) != 40 or await git.resolve(sha) != sha:
            raise ApiError(422, "Object does not exist")
        before = dict(git.refs)
        await move(git, ref, sha)
    await follow(core(request), found, actor(request).account, before)
    return web.json_response(_ref_json(ref, sha), status=201)


@routes.delete(HERE + "/git/refs/{ref:(?s:.+)}")
async def delete_ref(request: web.Request) -> web.Response:
    """Delete a branch; its open pull requests close."""
    found = repository(request, "write")
    git = await core(request).git(found)
    name = f"refs/{request.match_info['ref']}"
    if not name.startswith(HEADS) or name not in git.refs:
        raise ApiError(422, "Reference does not exist")
    async with git.lock:
        before = dict(git.refs)
        await move(git, name, None)
    await follow(core(request), found, actor(request).account, before)
    return web.Response(status=204)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One file written (or, with `content` None, deleted) on a branch; `blob` is what it must hold before."""

    path: str
    branch: str
    message: str
    content: bytes | None
    blob: str | None = None
    by_page: bool = False


async def write_file(core: Core, found: Repository, author: Account, edit: Edit) -> tuple[str, Entry | None, bool]:
    """Commit one file. Returns the commit, the file as it is now, and whether it is new.

    ApiError 404: no such branch or file. 409: `blob` is not what the branch holds. 422: a path that git refuses.
    """
    if any(part in ("", ".", "..", ".git") for part in edit.path.split("/")) or "\0" in edit.path:
        raise ApiError(422, f"path: {edit.path!r} is not a path inside the repository")
    git = await core.git(found)
    async with git.lock:
        parent = git.branches.get(edit.branch)
        if parent is None and git.branches:
            raise ApiError(404, f"Branch {edit.branch} not found")
        if parent is None and not await is_branch_name(git, edit.branch):
            raise ApiError(422, f"{edit.branch!r} cannot be a branch's name")
        old = next((each for each in (await git.tree(parent) if parent else ()) if each.path == edit.path), None)
        _check_blob(edit, old)
        before = dict(git.refs)
        author_signature = signature_of(core, author)
        committer = signature_of(core, WEB_FLOW) if edit.by_page else author_signature
        mode = old.mode if old and old.kind == "blob" else PLAIN
        draft = Draft(
            branch=edit.branch,
            message=edit.message,
            author=author_signature,
            committer=committer,
            parent=parent,
            files={edit.path: None if edit.content is None else (mode, edit.content)},
        )
        try:
            made = await commit_files(git, draft)
        except Moved as error:
            raise ApiError(409, f"{edit.branch} was changed meanwhile; read it again") from error
    await follow(core, found, author, before)
    entry = next((each for each in await git.tree(made) if each.path == edit.path), None)
    return made, entry, old is None


def _check_blob(edit: Edit, old: Entry | None) -> None:
    if old is None and edit.content is None:
        raise missing()
    if old is not None and edit.blob is None:
        raise ApiError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if edit.blob is not None and (old is None or old.sha != edit.blob):
        raise ApiError(409, f"{edit.path} does not match {edit.blob}")


@routes.get(HERE + "/contents/{path:(?s:.*)}")
async def contents(request: web.Request) -> web.Response:
    """A file in base64, or the entries of a folder."""
    found = repository(request)
    git, ref = await core(request).git(found), request.query.get("ref") or found.default_branch
    sha = await git.resolve(ref)
    if sha is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    path = request.match_info["path"].strip("/")
    entries = await git.tree(sha)
    for each in entries:
        if each.path == path and each.kind == "blob":
            data = await git.blob(each.sha)
            shown = _content_json(each) | {"encoding": "base64", "content": base64.encodebytes(data).decode()}
            return web.json_response(shown)
    inside = f"{path}/" if path else ""
    below = [each for each in entries if each.path.startswith(inside)]
    if not below and path:
        raise missing()
    files = [_content_json(each) for each in below if "/" not in each.path[len(inside) :]]
    names = sorted({each.path[len(inside) :].split("/")[0] for each in below if "/" in each.path[len(inside) :]})
    folders = [{"type": "dir", "name": name, "path": inside + name, "size": 0, "sha": ""} for name in names]
    return web.json_response([*folders, *files])


def _content_json(entry: Entry) -> dict[str, object]:
    kind = "symlink" if entry.mode == "120000" else "file" if entry.kind == "blob" else "submodule"
    return {
        "type": kind,
        "name": entry.path.split("/")[-1],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
    }


@routes.put(HERE + "/contents/{path:(?s:.+)}")
async def put_contents(request: web.Request) -> web.Response:
    """Create or replace a file on a branch."""
    sent = await body(request)
    try:
        data = base64.b64decode(text(sent, "Content", "content").replace("\n", ""), validate=True)
    except binascii.Error as error:
        raise ApiError(422, "content is not valid Base64") from error
    return await _write(request, sent, data)


@routes.delete(HERE + "/contents/{path:(?s:.+)}")
async def delete_contents(request: web.Request) -> web.Response:
    """Delete a file on a branch."""
    sent = {**request.query, **await body(request)}
    if not sent.get("sha"):
        raise invalid("Content", "sha", "missing_field")
    return await _write(request, sent, None)


async def _write(request: web.Request, sent: dict[str, object], data: bytes | None) -> web.Response:
    found = repository(request, "write")
    wanted = Edit(
        path=request.match_info["path"],
        branch=text(sent, "Content", "branch", found.default_branch),
        message=text(sent, "Content", "message"),
        content=data,
        blob=text(sent, "Content", "sha", "") or None,
    )
    made, entry, new = await write_file(core(request), found, actor(request).account, wanted)
    git = await core(request).git(found)
    commit = commit_json(core(request), found, await git.commit(made))
    answer = {"content": _content_json(entry) if entry else None, "commit": {"sha": made, **commit["commit"]}}
    return web.json_response(answer, status=201 if new else 200)
