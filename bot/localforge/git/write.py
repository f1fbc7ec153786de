"""Writing to a bare repository without a checkout: commits from files, merge commits, refs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.localforge.git.process import GitError, run
from bot.localforge.git.repository import HEADS, GitDir
from bot.localforge.git.values import Signature

__all__ = ["Draft", "Moved", "commit_files", "commit_tree", "copy", "files_of_folder", "is_branch_name", "move"]

LINK, EXECUTABLE, PLAIN = "120000", "100755", "100644"


class Moved(Exception):
    """A ref was not where it was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A commit to make. `files` maps paths to (mode, bytes), or to None for a file to delete."""

    branch: str
    message: str
    author: Signature
    committer: Signature
    parent: str | None
    files: Mapping[str, tuple[str, bytes] | None]


async def is_branch_name(git: GitDir, name: str) -> bool:
    """Whether git accepts `refs/heads/<name>`; a leading hyphen is harmless in a full ref name."""
    if "\0" in name:
        return False
    try:
        await run(git.path, "check-ref-format", f"{HEADS}{name}")
    except GitError:
        return False
    return True


async def commit_files(git: GitDir, draft: Draft) -> str:
    """Make the commit on its branch; its id. Moved: the branch is not at `draft.parent`."""
    if git.branches.get(draft.branch) != draft.parent:
        raise Moved(draft.branch)
    stream = [
        f"commit {HEADS}{draft.branch}\nmark :1\n".encode(),
        f"author {_who(draft.author)}\ncommitter {_who(draft.committer)}\n".encode(),
        _data(draft.message.encode()),
        f"from {draft.parent}\n".encode() if draft.parent else b"",
    ]
    for path, content in draft.files.items():
        if content is None:
            stream.append(b"D " + _quoted(path) + b"\n")
        else:
            stream.append(f"M {content[0]} inline ".encode() + _quoted(path) + b"\n" + _data(content[1]))
    stream.append(b"\nget-mark :1\ndone\n")
    out = await run(git.path, "fast-import", "--quiet", "--done", stdin=b"".join(stream))
    await git.refresh()
    return out.decode().strip()


def _who(signature: Signature) -> str:
    seconds = int(datetime.fromisoformat(signature.date).timestamp())
    return f"{_plain(signature.name)} <{_plain(signature.email)}> {seconds} +0000"


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter not in "<>\n\0").strip()


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _quoted(path: str) -> bytes:
    # git-fast-import(1): a quoted path escapes the quote, the backslash and the newline.
    raw = path.encode()
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


async def commit_tree(
    git: GitDir,
    tree: str,
    parents: tuple[str, ...],
    message: str,
    author: Signature,
    committer: Signature | None = None,
) -> str:
    """A commit that no branch has yet, committed by GitHub's own name unless a `committer` is given; its id."""
    committer = committer or Signature("GitHub", "noreply@github.com", author.date)
    extra = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_AUTHOR_DATE": author.date,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
        "GIT_COMMITTER_DATE": committer.date,
    }
    above = [each for parent in parents for each in ("-p", parent)]
    out = await run(git.path, "commit-tree", tree, *above, stdin=message.encode(), extra=extra)
    return out.decode().strip()


async def move(git: GitDir, ref: str, new: str | None, old: str | None = None) -> None:
    """Point a full ref name at a commit (None: delete it). Moved: it was not at `old`, where that is given."""
    line = f"delete {ref}\0{old or ''}\0" if new is None else f"update {ref}\0{new}\0{old or ''}\0"
    try:
        await run(git.path, "update-ref", "-z", "--stdin", stdin=line.encode())
    except GitError as error:
        raise Moved(f"{ref}: {error}") from error
    await git.refresh()


async def copy(git: GitDir, source: Path, refspecs: list[str]) -> None:
    """Fetch refs from another repository on this machine; the source is only read."""
    options = ("--quiet", "--no-tags", "--no-write-fetch-head")
    await run(git.path, "fetch", *options, "--", _absolute(source), *refspecs)
    await git.refresh()


def _absolute(path: Path) -> str:
    # git runs in the repository's own folder.
    return str(path.absolute())


def files_of_folder(folder: Path) -> dict[str, tuple[str, bytes] | None]:
    """Every file below a folder as `Draft.files` wants it; symbolic links are kept as links, `.git` is left out."""
    found: dict[str, tuple[str, bytes] | None] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if ".git" in name.parts:
            continue
        if path.is_symlink():
            found[name.as_posix()] = (LINK, str(path.readlink()).encode())
        elif path.is_file():
            mode = EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
            found[name.as_posix()] = (mode, path.read_bytes())
    return found
