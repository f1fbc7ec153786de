"""A classic chart repository and an OCI registry in one, by HTTPS on loopback."""

import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.support.certificates import write_certificate

__all__ = ["LAYER", "ChartServer", "certificate", "chart_server", "sha256"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def sha256(data: bytes) -> str:
    """A digest with its scheme in front."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class ChartServer:
    """`archives` are charts by (name, version); `moved` paths answer with a redirect; `refusal` are the headers
    for whoever has no token; `login` is what it wants to be shown ("" is nothing) before it gives a token or a file;
    `asked` is the record, `shown` what was shown with each.
    """

    trust: ssl.SSLContext
    port: int = 0
    archives: dict[tuple[str, str], bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    answers: dict[str, web.Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: bool = True
    refusal: dict[str, str] = field(default_factory=dict)
    login: str = ""
    shown: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Everything that is asked."""
        shown = request.headers.get("Authorization", "")
        self.asked.append(request.path)
        self.shown.append(shown)
        if request.path in self.moved:
            return web.Response(status=307, headers={"Location": self.moved[request.path]})
        if request.path in self.answers:
            return clone(self.answers[request.path])
        if request.path.startswith("/v2/"):
            return self.registry(request)
        if self.login not in ("", shown):
            return web.Response(status=401)
        if request.path == "/token":
            asks = dict(request.query) == {"scope": "repository:charts/web:pull", "service": "here"}
            return web.json_response({"token": "open-sesame" if asks else "for-something-else"})
        return self.classic(request)

    def classic(self, request: web.Request) -> web.Response:
        """`/stable/index.yaml` and the archives beside it."""
        if request.path == "/stable/index.yaml":
            entries: dict[str, list[dict[str, object]]] = {}
            for (name, version), data in self.archives.items():
                urls = [f"files/{name}-{version}.tgz"]
                entry: dict[str, object] = {"version": version, "digest": sha256(data)[7:], "urls": urls}
                entries.setdefault(name, []).append(entry)
            index = web.Response(text=json.dumps({"apiVersion": "v1", "entries": entries}))
            index.enable_compression()  # for whoever accepts it
            return index
        for (name, version), data in self.archives.items():
            if request.path == f"/stable/files/{name}-{version}.tgz":
                return web.Response(body=data)
        return web.Response(status=404)

    def registry(self, request: web.Request) -> web.Response:
        """`/v2/charts/NAME/…`, for whoever has the token that `/token` gives."""
        expected = self.login if "basic" in str(self.refusal).lower() else "Bearer open-sesame"
        if self.tokens and request.headers.get("Authorization") != expected:
            challenge = {"WWW-Authenticate": f'Bearer realm="https://{self.host}/token",service="here"'}
            return web.Response(status=401, headers=self.refusal or challenge)
        _, _, _, name, what, which = request.path.split("/")
        for (known, version), data in self.archives.items():
            if (
                known == name
                and what == "manifests"
                and MANIFEST in request.headers["Accept"]
                and which == version.replace("+", "_")
            ):
                layers = [{"mediaType": LAYER, "digest": sha256(data), "size": len(data)}]
                return web.json_response({"schemaVersion": 2, "layers": layers})
            if known == name and what == "blobs" and which == sha256(data):
                return web.Response(body=data)
        return web.Response(status=404)


def clone(answer: web.Response) -> web.Response:
    """A response can be sent only once."""
    return web.Response(status=answer.status, body=answer.body)


@asynccontextmanager
async def chart_server(folder: Path) -> AsyncIterator[ChartServer]:
    """Start one; its certificate is known by `trust` alone."""
    own, trust = certificate(folder)
    server = ChartServer(trust=trust)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own)
        await site.start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server on loopback shows, and what trusts it."""
    shown, key = write_certificate(folder, "charts")
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(shown, key)
    return own, ssl.create_default_context(cafile=str(shown))
