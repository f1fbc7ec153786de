"""Charts from elsewhere: fetched once, kept by their digest, unpacked in memory."""

import asyncio
import hashlib
import os
import ssl
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from bot.document import unpack
from bot.errors import DocumentError
from bot.fetch import classic, oci
from bot.fetch.door import Door, refused
from bot.fetch.logins import Logins
from bot.model.noun import Sha
from bot.model.tree import CHART_URL, Elsewhere, Entry, Tree

__all__ = ["Charts"]

ARCHIVE_BYTES = 16 * 1024 * 1024


class Charts:
    """Fetches charts from the places that `allowed` names, with the login that `logins` has for one, and keeps them.

    Archives are kept in `folder`. `trust` None: the machine's certificates.
    """

    def __init__(
        self, allowed: Sequence[str], folder: Path, trust: ssl.SSLContext | None = None, logins: Logins | None = None
    ) -> None:
        self._allowed, self._folder, self._logins = tuple(allowed), folder, logins or Logins()
        self._door = Door(allowed, trust)

    async def __call__(self, wanted: Elsewhere) -> Tree:
        """The chart's files by their path in it. RenderError: it cannot be had, or is not what was pinned."""
        place = CHART_URL.fullmatch(wanted.url) and any(fnmatchcase(wanted.url, each) for each in self._allowed)
        if not place:
            raise refused(f"{wanted.url[:200]} is not among the places that charts may come from")
        data = await asyncio.to_thread(self._kept, wanted.digest)
        if data is None:
            download = oci.download if wanted.url.startswith("oci://") else classic.download
            data = await download(self._door, wanted, ARCHIVE_BYTES, await self._logins(wanted.url))
            if digest_of(data) != wanted.digest:
                message = f"what {wanted.url} gives for {wanted.revision} is not what was pinned: {digest_of(data)}"
                raise refused(message, "look at what changed, then pin the new digest, or another version")
            await asyncio.to_thread(self._keep, wanted.digest, data)
        return await asyncio.to_thread(opened, data, wanted)

    def _kept(self, digest: str) -> bytes | None:
        """The archive of that digest, if it is whole; what is not is as good as absent."""
        try:
            data = self._file(digest).read_bytes()
        except OSError:
            return None
        return data if digest_of(data) == digest else None

    def _keep(self, digest: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(self._file(digest))

    def _file(self, digest: str) -> Path:
        return self._folder / f"{digest.removeprefix('sha256:')}.tgz"


def digest_of(data: bytes) -> str:
    """`sha256:` and the digest of some bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def opened(data: bytes, wanted: Elsewhere) -> Tree:
    """An archive as a tree: the one folder that a chart's archive holds is its root. RenderError: it is no such."""
    try:
        files = unpack(data)
    except DocumentError as error:
        raise refused(f"{wanted.url} {wanted.revision}: {error.message}") from None
    if len({path.partition("/")[0] for path in files}) != 1 or not all("/" in path for path in files):
        raise refused(f"{wanted.url} {wanted.revision}: the archive is not one folder, as a chart's is")
    entries: dict[str, Entry] = {}
    blobs: dict[Sha, bytes] = {}
    for name, content in files.items():
        path = name.partition("/")[2]
        blob = Sha(hashlib.sha1(content, usedforsecurity=False).hexdigest())
        entries[path] = Entry(path=path, mode="100644", blob=blob, size=len(content))
        blobs[blob] = content
    return Tree(revision=Sha(wanted.digest.removeprefix("sha256:")[:40]), entries=entries, blobs=blobs)
