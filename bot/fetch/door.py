"""The way out: only to hosts that the settings name, never to a private address by a public name, never far."""

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.errors import RenderError
from bot.model.environment import CONFIGURATION
from bot.model.finding import Finding
from bot.model.noun import noun

__all__ = ["Answer", "Door", "locked", "refused", "showing", "unreached"]

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
AUTHORIZATION = "Authorization"
NAT64, NAT64_LOCAL = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")
SECONDS = 30.0
ASK = "ask the server's operator to add the host to `render.charts`, if it is to be trusted"


@noun
class Answer:
    """What a server said: status, and a body that is not longer than was asked for.

    `challenge` is what it wants to be shown first; "" where a redirect led to another host, which a login is not for
    (CVE-2020-15157).
    """

    status: int
    body: bytes
    challenge: str = ""

    def json(self, url: str) -> Any:
        """The body as JSON. RenderError: it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise refused(f"{url} did not answer with JSON") from None


def refused(
    message: str, fix: str = "correct chart, version and digest, or ask whoever keeps the charts"
) -> RenderError:
    """Something that trying again does not change."""
    return RenderError([Finding(check="render", level="error", message=message, fix=fix, path=CONFIGURATION)])


def locked(place: str, status: int, login: str) -> RenderError:
    """A place that opens only to whom it knows. A login that it does not take may be renewed at any time."""
    if login:
        fix = "ask the server's operator to look at `render.logins`; it is tried again by itself"
        return unreached(f"{place} answers {status}: it does not take the login that the server has for it", fix)
    fix = "ask the server's operator to add a login for it to `render.logins`"
    return refused(f"{place} answers {status}, and the server has no login for it", fix)


def unreached(
    message: str, fix: str = "it is tried again by itself; if it stays so, look at the place that it comes from"
) -> RenderError:
    """Something that may be there the next time: nothing is known until then."""
    return RenderError([Finding(check="render", level="unknown", message=message, fix=fix, path=CONFIGURATION)])


def showing(key: str) -> dict[str, str]:
    """The header that shows a login or a token; none for "". A redirect to another host takes it away."""
    return {AUTHORIZATION: key} if key else {}


class Hosts:
    """The hosts of an allow-list (`oci://host/*`, `https://*.acme.io/charts/*`), a port being part of its host."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._globs = tuple(each.partition("://")[2].partition("/")[0].lower() for each in allowed)

    def allows(self, host: str) -> bool:
        """Whether anything may be fetched from `host` (with its port, where it is not the usual one)."""
        return any(fnmatchcase(host.lower(), each) for each in self._globs)

    def names(self, host: str) -> bool:
        """Whether a host (without its port) is named letter by letter: then its address may be a private one."""
        return host.lower() in {each.rpartition(":")[0] if ":" in each else each for each in self._globs}


def private(address: str) -> bool:
    """Whether an address, or the IPv4 one that it stands for, is anything but a place on the public internet."""
    found = ip_address(address)
    if found in NAT64_LOCAL:  # RFC 8215, which Python 3.11 does not know of
        return True
    reached = (found, carried(found)) if isinstance(found, IPv6Address) else (found,)
    return any(not each.is_global or each.is_multicast for each in reached if each)


def carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that routers make of it: mapped (RFC 4291), 6to4 (RFC 3056) or NAT64 (RFC 6052)."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class Resolver(AbstractResolver):
    """Names → addresses, judged where the connection is made with them, so that no second answer can slip in."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See aiohttp. OSError: the name is not there. RenderError: it leads to an address that is not public."""
        found = await self._inner.resolve(host, port, family)
        if not self._hosts.names(host) and any(private(each["host"]) for each in found):
            raise refused(f"{host} has a private address, and is not named in the settings", ASK)
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()


class Door:
    """Gets things by HTTPS. A redirect is followed by us, step by step, and only to where we would go ourselves.

    `trust` None: the machine's certificates.
    """

    def __init__(self, allowed: Sequence[str], trust: ssl.SSLContext | None = None) -> None:
        self._hosts, self._trust = Hosts(allowed), trust

    async def get(self, url: str, most: int, headers: Mapping[str, str] | None = None) -> Answer:
        """What is at `url`, of at most `most` bytes. RenderError: not allowed, too much, or not reached in 30 s."""
        try:
            async with asyncio.timeout(SECONDS), self._session() as session:
                return await self._follow(session, URL(url), most, dict(headers or {}))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            # its text may name addresses
            raise unreached(f"{shown_url(url)} was not reached ({type(error).__name__})") from None
        except ValueError:  # a host or a port that cannot be one is found out when it is asked for
            raise refused(f"{shown_url(url)} is no address, or leads to none") from None

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(resolver=Resolver(self._hosts), ssl=self._trust or True, limit=4)
        return aiohttp.ClientSession(
            connector=connector, trust_env=False, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
        )  # fmt: skip

    async def _follow(self, session: aiohttp.ClientSession, url: URL, most: int, headers: dict[str, str]) -> Answer:
        moved = False
        for _ in range(MOST_REDIRECTS + 1):
            self._judge(url)
            async with session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status not in REDIRECTS:
                    challenge = "" if moved else answer.headers.get("WWW-Authenticate", "")
                    return Answer(status=answer.status, body=await read(answer, most), challenge=challenge)
                following = url.join(target(answer))
            if (following.host, following.port) != (url.host, url.port):
                moved = True
                headers = {name: value for name, value in headers.items() if name != AUTHORIZATION}
            url = following
        raise refused(f"{shown_url(str(url))} is the end of more than {MOST_REDIRECTS} redirects")

    def _judge(self, url: URL) -> None:
        """RenderError: a place that nothing may be fetched from."""
        host = url.host or ""
        named = host if url.port in (None, 443) else f"{host}:{url.port}"
        if url.scheme != "https" or url.user or not self._hosts.allows(named):
            raise refused(f"{shown_url(str(url))} is not among the places that charts may come from", ASK)
        try:
            literal = private(host)
        except ValueError:
            return
        if literal and not self._hosts.names(host):
            raise refused(f"{shown_url(str(url))} is a private address, which is not named in the settings", ASK)


def target(answer: aiohttp.ClientResponse) -> URL:
    """Where a redirect leads, as it stands: it may be signed. RenderError: nowhere. ValueError: it is no URL."""
    try:
        return URL(answer.headers["Location"], encoded=True)
    except KeyError:
        raise refused(f"{shown_url(str(answer.url))} redirects to nowhere") from None


async def read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """A body, as long as it is not too long. RenderError: it is."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > most:
            raise refused(f"{shown_url(str(answer.url))} is longer than {most} bytes")
    return bytes(body)


def shown_url(url: str) -> str:
    """A URL for people: without its query, which may be signed, on one line."""
    text = url.partition("?")[0].partition("#")[0][:200]
    return "".join(sign if sign.isprintable() else "?" for sign in text)
