"""Commits that somebody made by hand: whatever is written into them, they are read, and merged or not."""

import subprocess
from pathlib import Path

import pytest

from bot.errors import TemporaryError
from bot.git.mirror import Mirror
from bot.git.objects import parse_commits
from bot.model.noun import Sha


def written(folder: Path, *, email: str = "a@x", at: int = 1, parent: str = "") -> Sha:
    """A commit object, as anybody can push one: `git fsck --strict` has nothing against it."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)

    def git(*arguments: str, given: str = "") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, input=given
        )  # fmt: skip
        return done.stdout.strip()

    above = f"parent {parent}\n" if parent else ""
    text = f"tree {git('write-tree')}\n{above}author a <{email}> 1 +0000\ncommitter c <c@x> {at} +0000\n\n{email}\n"
    sha = git("hash-object", "-t", "commit", "-w", "--stdin", given=text)
    git("fsck", "--strict")
    return Sha(sha)


@pytest.mark.parametrize(("at", "year"), [(999_999_999_999_999, 9999), (2**63 - 1, 9999), (0, 1970)])
async def test_a_commit_of_a_year_that_is_no_year_is_read(tmp_path: Path, at: int, year: int) -> None:
    sha = written(tmp_path, at=at)
    (found,) = await Mirror(tmp_path / ".git").commits(None, sha)
    assert (found.sha, found.at.year) == (sha, year)


@pytest.mark.parametrize("email", ["mallory\x01@x", "m\x02\x1e\x1f@x", "m\x01\x01@x"])
async def test_no_address_hides_a_commit(tmp_path: Path, email: str) -> None:
    first = written(tmp_path)
    second = written(tmp_path, email=email, parent=first)
    third = written(tmp_path, parent=second)
    found = await Mirror(tmp_path / ".git").commits(first, third)
    assert [(each.sha, each.author) for each in found] == [(third, "a@x"), (second, email)]


@pytest.mark.parametrize("printed", [b"warning: something\0else", b"warning: something", b"a\0b\0c\0"])
def test_what_is_no_list_of_commits_is_an_error(printed: bytes) -> None:
    assert parse_commits(b"") == ()
    with pytest.raises(TemporaryError):
        parse_commits(printed)


async def test_histories_that_have_nothing_in_common_do_not_merge(tmp_path: Path) -> None:
    one, other = written(tmp_path), written(tmp_path, email="b@x")
    merged = await Mirror(tmp_path / ".git").merge(one, other)
    assert (merged.tree, merged.conflicts) == (None, ())


async def test_a_merge_that_git_cannot_make_may_be_tried_again(tmp_path: Path) -> None:
    one = written(tmp_path)
    other = written(tmp_path, email="b@x", parent=one)
    (tmp_path / ".git/objects" / other[:2] / other[2:]).unlink()
    with pytest.raises(TemporaryError):
        await Mirror(tmp_path / ".git").merge(one, other)
