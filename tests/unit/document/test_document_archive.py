"""Archives are unpacked within limits, and give plain files or nothing."""

import gzip
import io
import random
import tarfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import ArchiveLimits, unpack
from bot.errors import DocumentError
from tests.support.charts import archive

SMALL = ArchiveLimits(total=1_000_000, file=1_000, files=3, ratio=20, free=20_000)


def member(name: str, change: Callable[[tarfile.TarInfo], None] = lambda each: None) -> bytes:
    """An archive of one entry."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        info = tarfile.TarInfo(name)
        change(info)
        made.addfile(info)
    return out.getvalue()


def test_files_come_out_as_they_went_in() -> None:
    files = {"a/b.yaml": b"x", "a/c": b"", "./d": b"1"}
    assert unpack(archive(files)) == {"a/b.yaml": b"x", "a/c": b"", "d": b"1"}


def test_folders_are_passed_over() -> None:
    assert unpack(member("a", lambda each: setattr(each, "type", tarfile.DIRTYPE))) == {}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes) -> None:
    def special(each: tarfile.TarInfo) -> None:
        each.type, each.linkname = kind, "/etc/passwd"

    with pytest.raises(DocumentError, match="link or no plain file"):
        unpack(member("a/b", special))


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a\\b", "c:/a", "a//b", "a\nb", "x" * 2000, "a/..", "."])
def test_paths_that_leave_it_are_refused(name: str) -> None:
    with pytest.raises(DocumentError, match="no path within it") as caught:
        unpack(member(name))
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


def test_a_file_with_holes_is_refused() -> None:
    with pytest.raises(DocumentError, match="link or no plain file"):
        unpack(member("a", lambda each: setattr(each, "type", tarfile.GNUTYPE_SPARSE)))


def test_limits_hold() -> None:
    with pytest.raises(DocumentError, match="more than 3 entries"):
        unpack(archive({str(each): "" for each in range(4)}), SMALL)
    with pytest.raises(DocumentError, match="at most 1000"):
        unpack(archive({"a": bytes(1001)}), SMALL)
    with pytest.raises(DocumentError, match="bomb"):
        unpack(gzip.compress(bytes(900_000)), SMALL)
    with pytest.raises(DocumentError, match="more than 1000000 bytes"):
        unpack(gzip.compress(random.Random(7).randbytes(1_000_001)), SMALL)
    assert unpack(archive({"a": random.Random(7).randbytes(30_000)}), replace(SMALL, file=30_000))
    with pytest.raises(DocumentError, match="twice"):
        unpack(gzip.compress(gzip.decompress(archive({"a": "1"}))[:1024] * 2 + bytes(1024)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (archive({str(each): "" for each in range(10_001)}), "more than 10000 entries"),
        (archive({"a": random.Random(7).randbytes(5 * 1024 * 1024 + 1)}), "at most 5242880 are read"),
        (gzip.compress(bytes(5 * 1024 * 1024)), "more than 4194304 bytes"),
        (gzip.compress((b"x" * 300 + random.Random(7).randbytes(9)) * 250_000, 1), "more than 67108864 bytes"),
    ],
    ids=["files", "file", "ratio", "total"],
)
def test_limits_that_hold_unless_others_are_given(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        unpack(data)


def second(at: int, change: bytes, *, summed: bool) -> bytes:
    """An archive of two files with something written over the second one's header; `summed`: its sum still fits."""
    tar = bytearray(gzip.decompress(archive({"a": "1", "b": "2"})))
    tar[1024 + at : 1024 + at + len(change)] = change
    if summed:
        tar[1172:1180] = b"%06o\0 " % (sum(tar[1024:1172]) + 8 * ord(" ") + sum(tar[1180:1536]))
    return gzip.compress(bytes(tar))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        archive({"a": "x" * 600})[:-20],
        archive({"a": "x" * 600})[:-1],
        gzip.compress(b"no tar"),
        archive({"a": "1"}) * 2,
        second(0, b"c", summed=False),
        second(0, bytes(512), summed=False),
        second(124, b"\x80" + bytes(2) + b"\xff" * 9 + bytes(20) + b"L", summed=True),
        member("a", lambda each: setattr(each, "pax_headers", {"GNU.sparse.map": "x"})),
    ],
    ids=[
        "empty", "no archive", "cut off", "cut off in the sum", "no tar", "one after the other", "header", "no header",
        "size", "map of holes",
    ],
)  # fmt: skip
def test_what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        unpack(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    for each in (data, gzip.compress(data)):
        try:
            unpack(each)
        except DocumentError:
            continue
