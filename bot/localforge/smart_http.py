"""git over HTTP: `git http-backend` as a CGI program, streamed both ways.

https://git-scm.com/docs/git-http-backend, https://git-scm.com/docs/protocol-v2
"""

import asyncio
import base64
import binascii
import contextlib

from aiohttp import web

from bot.localforge.apps import Actor, by_token
from bot.localforge.core import Core
from bot.localforge.door import CORE, LOGIN
from bot.localforge.git.process import SETTINGS, environment
from bot.localforge.pushes import follow
from bot.localforge.rows import Repository

__all__ = ["routes"]

routes = web.RouteTableDef()
CHUNK = 1 << 16
SERVICES = ("git-upload-pack", "git-receive-pack")


def _caller(core: Core, request: web.Request) -> Actor | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        login, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if password:
        return by_token(core, password)
    account = core.login(login)
    return Actor(account, "user") if account is not None and account.type == "User" else by_token(core, login)


def _allowed(core: Core, request: web.Request, service: str) -> tuple[Repository, Actor]:
    caller = _caller(core, request)
    if caller is None:
        challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
        raise web.HTTPUnauthorized(text="Give a token as password, or a login without one.\n", headers=challenge)
    request[LOGIN] = caller.account.login
    found = core.find(request.match_info["owner"], request.match_info["name"])
    installation = core.state.installations.get(caller.token.installation) if caller.token else None
    if found is None or not core.may(found, caller.account, "read"):
        raise web.HTTPNotFound(text="Repository not found.\n")
    if not caller.reaches(found.id, found.owner, installation.account if installation else None):
        raise web.HTTPNotFound(text="Repository not found.\n")
    if service == "git-receive-pack" and not core.may(found, caller.account, "write"):
        raise web.HTTPForbidden(text=f"{caller.account.login} may not push to {core.full_name(found)}.\n")
    return found, caller


@routes.get("/{owner}/{name}.git/info/refs")
async def info_refs(request: web.Request) -> web.StreamResponse:
    """The refs, or with protocol 2 the capabilities."""
    service = request.query.get("service", "")
    if service not in SERVICES:
        raise web.HTTPForbidden(text="This forge speaks git's smart protocol only; update git.\n")
    found, caller = _allowed(request.app[CORE], request, service)
    return await _serve(request, found, caller, "info/refs")


@routes.post("/{owner}/{name}.git/{service:git-(upload|receive)-pack}")
async def service(request: web.Request) -> web.StreamResponse:
    """Fetch or push."""
    core, name = request.app[CORE], request.match_info["service"]
    found, caller = _allowed(core, request, name)
    if name == "git-upload-pack":
        return await _serve(request, found, caller, name)
    git = await core.git(found)
    async with git.lock:
        before = dict(git.refs)
        try:
            return await _serve(request, found, caller, name)
        finally:
            # Also when the client went away meanwhile: its push may have arrived.
            await git.refresh()
            await follow(core, found, caller.account, before)


async def _serve(request: web.Request, found: Repository, caller: Actor, path: str) -> web.StreamResponse:
    core = request.app[CORE]
    extra = {
        "GIT_PROJECT_ROOT": str(core.git_path(found)),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{path}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "REMOTE_USER": caller.account.login,
        "REMOTE_ADDR": "127.0.0.1",
    }
    # No CONTENT_LENGTH and no HTTP_CONTENT_ENCODING: the server has unpacked the body already, its end is end-of-file.
    process = await asyncio.create_subprocess_exec(
        "git",
        *SETTINGS,
        "http-backend",
        env=environment(extra),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    feeding = asyncio.create_task(_feed(request, process))
    try:
        return await _answer(request, process)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await process.wait()


async def _feed(request: web.Request, process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):
        async for chunk in request.content.iter_chunked(CHUNK):
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()


async def _answer(request: web.Request, process: asyncio.subprocess.Process) -> web.StreamResponse:
    assert process.stdout is not None
    status, headers = 200, {}
    while line := (await process.stdout.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        else:
            headers[name] = value.strip()
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    while chunk := await process.stdout.read(CHUNK):
        await response.write(chunk)
    return response
