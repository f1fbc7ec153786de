"""Commits of somebody in a repository on this machine."""

import subprocess
from pathlib import Path

__all__ = ["GIT", "commit_all", "committed", "git"]

GIT = ("git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org")


def git(folder: Path | str, *arguments: str) -> None:
    """Have git do something there."""
    subprocess.run([*GIT, *arguments], cwd=folder, check=True)


def commit_all(folder: Path) -> None:
    """Commit everything that a repository holds, and be it nothing."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "all of it")


def committed(folder: Path) -> Path:
    """The folder as a repository in which everything is committed."""
    git(folder, "init", "-q", "-b", "main")
    commit_all(folder)
    return folder
