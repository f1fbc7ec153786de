"""The open folder's own promises: whole files, nobody's overwritten, on the disk when it returns."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.target.directory.folder import Folder, Found


def test_a_new_file_takes_nobody_s_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("theirs")
    with Folder.open(tmp_path, create=False) as folder:
        with pytest.raises(FileExistsError):
            folder.create("a", b"ours", 0o600)
        folder.create("b", b"ours", 0o600)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "theirs", "b": "ours"}


def test_without_hard_links_a_new_file_takes_nobody_s_name_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    test_a_new_file_takes_nobody_s_name(tmp_path)


@pytest.mark.parametrize("operation", ["create", "replace", "remove"])
def test_it_is_on_the_disk_when_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    (tmp_path / "old").write_text("old")
    done: list[str] = []
    synced, linked, renamed, unlinked = os.fsync, os.link, os.rename, os.unlink

    def fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        synced(descriptor)

    def named(real: Any) -> Any:
        def run(*arguments: Any, **options: Any) -> None:
            done.append("name")
            real(*arguments, **options)

        return run

    monkeypatch.setattr(os, "fsync", fsync)
    for name, real in (("link", linked), ("rename", renamed), ("unlink", unlinked)):
        monkeypatch.setattr(os, name, named(real))
    with Folder.open(tmp_path, create=False) as folder:
        {
            "create": lambda: folder.create("new", b"x", 0o600),
            "replace": lambda: folder.replace("old", b"x", 0o600),
            "remove": lambda: folder.remove("old"),
        }[operation]()
    first = [] if operation == "remove" else ["file"]
    assert done[: len(first) + 1] == [*first, "name"]
    assert done[-1] == "folder"


def test_what_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with Folder.open(tmp_path, create=False) as folder:
        assert folder.find("none") == Found(kind="absent")
        assert folder.find("file") == Found(kind="file", content=b"x", stamp=b"x")
        kinds = [folder.find(name).kind for name in ("link", "folder", "pipe")]
    assert kinds == ["link", "folder", "other"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["link", "pipe", "closed"])
def test_what_takes_the_place_of_a_file_while_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "file").write_text("x")
    opened = os.open

    def swap(name: str, *arguments: Any, **options: Any) -> int:
        if kind == "closed":
            raise PermissionError(13, "Permission denied")
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name) if kind == "pipe" else (tmp_path / name).symlink_to("secret")
        return opened(name, *arguments, **options)

    with Folder.open(tmp_path, create=False) as folder:
        monkeypatch.setattr(os, "open", swap)
        if kind == "link":
            with pytest.raises(OSError, match="symbolic links"):
                folder.find("file")
        else:
            found = folder.find("file")
            assert (found.kind, found.content) == ("other" if kind == "pipe" else "file", None)
            assert found.stamp


def test_a_file_that_is_too_large_is_not_kept_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(33 * 1024 * 1024)
    with Folder.open(tmp_path, create=False) as folder:
        found = folder.find("large")
    assert (found.kind, found.content) == ("file", None)
    assert found.stamp
