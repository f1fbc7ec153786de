"""A `.tar.gz` → its files, in memory: limits hold while it is unpacked, and nothing but plain files comes out."""

import io
import tarfile
import zlib
from collections.abc import Iterator

from bot.errors import DocumentError
from bot.model.noun import noun

__all__ = ["ArchiveLimits", "unpack"]

CHUNK = 64 * 1024
GZIP = 16 + zlib.MAX_WBITS
LONGEST = 1024


@noun
class ArchiveLimits:
    """How much of an archive is unpacked. One that goes beyond any of them is refused as a whole.

    `total` and `file` are bytes when unpacked, `files` a number. `ratio` is how many times its packed size an archive
    may grow, once it is beyond `free` bytes.
    """

    total: int = 64 * 1024 * 1024
    file: int = 5 * 1024 * 1024
    files: int = 10_000
    ratio: int = 200
    free: int = 4 * 1024 * 1024


DEFAULT = ArchiveLimits()


def unpack(data: bytes, limits: ArchiveLimits = DEFAULT) -> dict[str, bytes]:
    """Its files by path, as they are named in it. DocumentError: not a gzipped tar, beyond a limit, a path that
    leaves it or stands in it twice, or anything that is neither a file nor a folder.
    """
    files: dict[str, bytes] = {}
    try:
        tar = _inflate(data, limits)
        with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
            for member in _members(archive, limits):
                path = _path(member.name)
                if path in files:
                    raise DocumentError(f"the archive holds {path} twice")
                content = archive.extractfile(member)
                files[path] = content.read() if content else b""
            # the library takes a header that it cannot read for the end of the archive
            if tar[archive.offset :].strip(b"\0"):
                raise DocumentError("the archive is damaged: something that is no file stands behind its files")
    except (tarfile.TarError, zlib.error, ValueError, OverflowError):
        raise DocumentError("the archive is damaged, or no .tar.gz at all") from None
    return files


def _inflate(data: bytes, limits: ArchiveLimits) -> bytes:
    """The tar within; refused while it grows, not afterwards."""
    most = min(limits.total, max(limits.free, len(data) * limits.ratio))
    engine, out = zlib.decompressobj(GZIP), bytearray()
    waiting = data
    while waiting and not engine.eof:
        out += engine.decompress(waiting, CHUNK)
        waiting = engine.unconsumed_tail
        if len(out) > most:
            raise DocumentError(f"the archive unpacks to more than {most} bytes; it is refused as a bomb")
    # a second archive behind the first would be seen by some readers and not by others
    if not engine.eof or engine.unused_data:
        raise DocumentError("the archive is damaged: it ends too early, or not where it should")
    return bytes(out)


def _members(archive: tarfile.TarFile, limits: ArchiveLimits) -> Iterator[tarfile.TarInfo]:
    """The files; folders are passed over, since files name them."""
    for count, member in enumerate(archive):
        if count >= limits.files:
            raise DocumentError(f"the archive holds more than {limits.files} entries")
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise DocumentError(f"the archive holds {_shown(member.name)}, which is a link or no plain file")
        if member.size > limits.file:
            raise DocumentError(
                f"{_shown(member.name)} in the archive has {member.size} bytes; at most {limits.file} are read"
            )
        yield member


def _path(name: str) -> str:
    """A member's path in its simplest form. DocumentError: it leaves the archive, or cannot be a path."""
    parts = [part for part in name.split("/") if part != "."]
    sound = parts and all(parts) and ".." not in parts and len(name) <= LONGEST
    if not sound or "\\" in name or ":" in name or not name.isprintable():
        raise DocumentError(f"the archive holds {_shown(name)}, which is no path within it")
    return "/".join(parts)


def _shown(name: str) -> str:
    return ascii(name[:100])
