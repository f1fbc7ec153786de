"""A real Kubernetes API server with its etcd, on loopback and in a folder of its own."""

import asyncio
import contextlib
import secrets
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.certificates import private, write_certificate

__all__ = ["ControlPlane", "control_plane"]

PATIENCE = 60.0


@dataclass
class ControlPlane:
    """An API server that answers: its URL, the token of its only user (`system:masters`), its certificate's file."""

    url: str
    token: str
    certificate: Path
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        """(status, JSON) of one request."""
        async with self.session.request(method, self.url + path, json=body, params=query) as answer:
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def control_plane(programs: Mapping[str, Path], folder: Path) -> AsyncIterator[ControlPlane]:
    """Start `etcd` and `kube-apiserver` and wait until the server is ready; stop both at the end."""
    client, peer, secure = free_ports(3)
    token = secrets.token_hex(16)
    write_keys(folder, token)
    etcd = f"http://127.0.0.1:{client}"
    arguments = [
        f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}", "--unsafe-no-fsync",
    ]  # fmt: skip
    with running([programs["etcd"], *arguments], folder / "etcd.log"):
        await listening(client)
        server: list[str | Path] = [programs["kube-apiserver"], *flags(folder, etcd, secure)]
        with running(server, folder / "apiserver.log") as process:
            trust = ssl.create_default_context(cafile=str(folder / "server.crt"))
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=trust), headers={"Authorization": f"Bearer {token}"}
            ) as session:
                plane = ControlPlane(
                    url=f"https://127.0.0.1:{secure}", token=token, certificate=folder / "server.crt", session=session
                )
                await ready(plane, process, folder / "apiserver.log")
                yield plane


def flags(folder: Path, etcd: str, port: int) -> list[str]:
    """What the API server is told (https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/)."""
    return [
        f"--etcd-servers={etcd}", f"--secure-port={port}", "--bind-address=127.0.0.1",
        f"--tls-cert-file={folder / 'server.crt'}", f"--tls-private-key-file={folder / 'server.key'}",
        f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC",
        "--service-account-issuer=https://127.0.0.1",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-cluster-ip-range=10.0.0.0/16", "--enable-priority-and-fairness=false", "--allow-privileged=true",
        # nothing runs that would make the account which each namespace is given
        "--disable-admission-plugins=ServiceAccount",
    ]  # fmt: skip


def write_keys(folder: Path, token: str) -> None:
    """The server's certificate, the key that signs accounts' tokens, and the one user."""
    write_certificate(folder, "server")
    (folder / "accounts.key").write_bytes(private(rsa.generate_private_key(65537, 2048)))
    (folder / "tokens.csv").write_text(f"{token},tests,1,system:masters\n")


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextlib.contextmanager
def running(command: Sequence[str | Path], log: Path) -> Any:
    """A program that runs meanwhile, its output in a file."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def listening(port: int) -> None:
    """Wait until somebody listens on the port."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def ready(plane: ControlPlane, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server says that it is; its log's end where it never does."""
    try:
        async with asyncio.timeout(PATIENCE):
            while process.poll() is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with plane.session.get(plane.url + "/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)
    except TimeoutError:
        pass
    raise AssertionError(f"the API server never was ready:\n{log.read_text(errors='replace')[-2000:]}")
