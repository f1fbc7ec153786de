"""A program is known by its file: what takes its place is noticed."""

import os
from pathlib import Path

import pytest

from bot.jail import is_current, locate


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """A program on no PATH, named by where it is."""
    path = tmp_path / "one" / "tool"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho one\n")
    path.chmod(0o755)
    return path


def replaced(path: Path, text: str) -> None:
    """Another file under the same name, as a package manager puts it there."""
    fresh = path.with_name("fresh")
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(path)


def test_the_same_file_is_current(tool: Path) -> None:
    found = locate(str(tool))
    assert found is not None
    assert is_current(found)


def test_a_file_that_took_its_place_is_not(tool: Path) -> None:
    found = locate(str(tool))
    assert found is not None
    replaced(tool, "#!/bin/sh\necho two\n")
    assert not is_current(found)
    again = locate(str(tool))
    assert again is not None
    assert again.digest != found.digest


def test_a_file_that_was_written_over_is_not(tool: Path) -> None:
    found = locate(str(tool))
    assert found is not None
    tool.write_text("#!/bin/sh\necho two\n")
    os.utime(tool, ns=(found.file[2] + 1, found.file[2] + 1))
    assert not is_current(found)


def test_a_link_that_leads_elsewhere_by_now_is_not(tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tool").symlink_to(tool)
    monkeypatch.setenv("PATH", str(folder))
    found = locate("tool")
    assert found is not None
    assert is_current(found)
    other = tmp_path / "two"
    replaced(other, "#!/bin/sh\necho two\n")
    (folder / "new").symlink_to(other)
    (folder / "new").replace(folder / "tool")
    assert not is_current(found)


def test_a_file_that_is_gone_is_not(tool: Path) -> None:
    found = locate(str(tool))
    assert found is not None
    tool.unlink()
    assert not is_current(found)
