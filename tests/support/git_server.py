"""A git server on loopback: `git http-backend` behind a small web server, which asks for a name only where told to."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

__all__ = ["GitServer", "git", "git_server"]


class GitServer:
    """Serves the bare repositories below `root`, to whoever shows `login` where there is one.

    `asked` holds the headers of every request; `most` is how many were answered at a time.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.url, self.asked = root, "", list[Mapping[str, str]]()
        self.login = ""
        self.now = self.most = 0

    def commit(self, name: str, files: Mapping[str, str]) -> str:
        """A new commit of the repository `name` (made if it is not there) with just these files; its id."""
        bare, work = self.root / name, self.root / f"{name}.work"
        if not bare.exists():
            git("init", "--quiet", "--bare", str(bare))
            git("init", "--quiet", "--initial-branch=main", str(work))
        git("rm", "-r", "-q", "--ignore-unmatch", ".", folder=work)
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
        git("add", "--all", folder=work)
        git("commit", "--quiet", "--allow-empty", "--message", "files", folder=work)
        git("push", "--quiet", "--force", str(bare), "HEAD:refs/heads/main", folder=work)
        return git("rev-parse", "HEAD", folder=work)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.asked.append(dict(request.headers))
        self.now += 1
        self.most = max(self.now, self.most)
        try:
            return await self.answer_one(request)
        finally:
            self.now -= 1

    async def answer_one(self, request: web.Request) -> web.StreamResponse:
        """The answer of git's own program."""
        there = (self.root / request.path.removesuffix("/info/refs").removesuffix("/git-upload-pack")[1:]).exists()
        if not there or self.login not in ("", request.headers.get("Authorization")):
            # as GitHub and GitLab answer whoever gives no name, so that nobody learns what is there
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": request.path, "REQUEST_METHOD": request.method, "QUERY_STRING": request.query_string,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""), "REMOTE_ADDR": "127.0.0.1",
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""), "GIT_CONFIG_NOSYSTEM": "1",
            },
        )  # fmt: skip
        output, _ = await process.communicate(await request.read())
        head, _, body = output.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, body=body, headers=headers)


def git(*arguments: str, folder: Path | None = None) -> str:
    """Run git as Ana; what it printed."""
    identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@asynccontextmanager
async def git_server(root: Path, certificate: tuple[Path, Path] | None = None) -> AsyncIterator[GitServer]:
    """Serve until the context ends; by HTTPS with a `certificate` and its key."""
    root.mkdir(parents=True, exist_ok=True)
    server = GitServer(root)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if own and certificate:
        own.load_cert_chain(*certificate)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own)
    await site.start()
    server.url = f"{'https' if own else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
