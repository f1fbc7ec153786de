"""Archives are unpacked within limits, and give plain files or nothing."""

import gzip
import io
import tarfile
from collections.abc import Callable

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


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a\\b", "c:/a", "a//b", "a\nb", "x" * 2000, "a/.."])
def test_paths_that_leave_it_are_refused(name: str) -> None:
    with pytest.raises(DocumentError, match="no path within it"):
        unpack(member(name))


def test_limits_hold() -> None:
    with pytest.raises(DocumentError, match="more than 3 entries"):
        unpack(archive({str(each): "" for each in range(4)}), SMALL)
    with pytest.raises(DocumentError, match="at most 1000"):
        unpack(archive({"a": bytes(1001)}), SMALL)
    with pytest.raises(DocumentError, match="bomb"):
        unpack(gzip.compress(bytes(900_000)), SMALL)
    with pytest.raises(DocumentError, match="twice"):
        unpack(gzip.compress(gzip.decompress(archive({"a": "1"}))[:1024] * 2 + bytes(1024)))


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", archive({"a": "x" * 600})[:-20], gzip.compress(b"no tar"), archive({"a": "1"}) * 2],
    ids=["empty", "no archive", "cut off", "no tar", "one after the other"],
)
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
