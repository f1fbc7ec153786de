"""Large texts: a file is there whole or not at all, whatever happens to the process that writes it."""

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.blobs import INLINE, UNFINISHED, Blobs

LARGE = "ü" * INLINE


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    made = Blobs(tmp_path / "blobs")
    made.prepare()
    return made


def files(blobs: Blobs) -> list[Path]:
    return sorted(path for path in blobs._folder.rglob("*") if path.is_file())


def test_small_texts_stay_where_they_are(blobs: Blobs) -> None:
    text = "x" * INLINE
    assert blobs.put(text) == text == blobs.get(text)
    assert files(blobs) == []


def test_a_large_text_is_named_by_its_content(blobs: Blobs) -> None:
    stored = blobs.put(LARGE)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", stored)
    assert blobs.put(LARGE) == stored
    assert blobs.get(stored) == LARGE
    [file] = files(blobs)
    assert "sha256:" + "".join(file.relative_to(blobs._folder).parts) == stored


def test_no_file_stays_open(blobs: Blobs) -> None:
    before = os.listdir("/proc/self/fd")
    blobs.get(blobs.put(LARGE))
    assert os.listdir("/proc/self/fd") == before


def test_what_is_missing_is_an_error_and_never_an_empty_text(blobs: Blobs) -> None:
    stored = blobs.put(LARGE)
    files(blobs)[0].unlink()
    with pytest.raises(FileNotFoundError):
        blobs.get(stored)


def test_only_the_files_that_are_named_or_were_wanted_lately_are_kept(blobs: Blobs) -> None:
    kept, dropped, wanted = blobs.put(LARGE), blobs.put("x" + LARGE), blobs.put("y" + LARGE)
    for file in files(blobs):
        os.utime(file, (1_000, 1_000))
    blobs.put("y" + LARGE)
    assert blobs.keep({kept}, datetime.fromtimestamp(2_000, UTC)) == 1
    assert blobs.get(kept) == LARGE
    assert blobs.get(wanted) == "y" + LARGE
    with pytest.raises(FileNotFoundError):
        blobs.get(dropped)


@given(text=st.text())
def test_every_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    blobs = Blobs(tmp_path_factory.getbasetemp() / "blobs")
    blobs.prepare()
    for each in (text, text + LARGE):
        assert blobs.get(blobs.put(each)) == each


KILLED = """
import os, signal, sys
from pathlib import Path
from bot.store.blobs import Blobs
at = sys.argv[2]
original = getattr(os, at)
def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os, at, die)
Blobs(Path(sys.argv[1])).put("ü" * 65536)
"""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_process_that_is_killed_leaves_no_half_text(blobs: Blobs, call: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(blobs._folder), call], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name[: len(UNFINISHED)] for path in files(blobs)] == [UNFINISHED], "nothing was begun"
    blobs.prepare()
    assert files(blobs) == []
    assert blobs.get(blobs.put(LARGE)) == LARGE


def test_a_text_is_durable_before_it_has_its_name(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def fsync(handle: int) -> None:
        order.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")

    monkeypatch.setattr(os, "fsync", fsync)

    def replace(old: str, new: Path) -> None:
        order.append("name")
        os.rename(old, new)

    monkeypatch.setattr(os, "replace", replace)
    blobs.put(LARGE)
    assert order == ["file", "name", "folder", "folder"]
    blobs.put(LARGE)
    assert order[4:] == ["folder", "folder"], "whoever put it there may have been killed before it did this"
