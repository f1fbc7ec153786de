"""Reading what git prints: tree listings, blobs, commits. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.errors import TemporaryError
from bot.model.noun import Sha, noun
from bot.model.tree import Entry

__all__ = ["CommitInfo", "MergeResult", "parse_batch", "parse_commits", "parse_listing", "parse_merge"]


@noun
class CommitInfo:
    """A commit as git knows it: its tree, its parents, the author's and committer's addresses and the message.

    `at` is when it was committed; `written`, as git prints it, when its author wrote it.
    """

    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    author: str
    committer: str
    at: datetime
    written: str
    message: str


@noun
class MergeResult:
    """`git merge-tree`'s answer: the merged tree, or the paths that conflict."""

    tree: Sha | None
    conflicts: tuple[str, ...] = ()


COMMIT_FORMAT = "%H%x00%T%x00%P%x00%ae%x00%ce%x00%ct%x00%ad%x00%B%x00"
LATEST = 253_402_300_799  # the last second of the year 9999; git takes any number for a commit's time


def parse_listing(output: bytes) -> dict[str, Entry]:
    """`git ls-tree -r -z --long` → entries by path. A path that is not UTF-8 keeps its bytes as surrogates."""
    entries: dict[str, Entry] = {}
    for record in output.decode("utf-8", "surrogateescape").split("\0"):
        if record:
            head, _, path = record.partition("\t")
            mode, _, blob, size = head.split()
            entries[path] = Entry(path=path, mode=mode, blob=Sha(blob), size=0 if size == "-" else int(size))
    return entries


def parse_batch(output: bytes, wanted: Sequence[Sha]) -> Iterator[tuple[Sha, bytes]]:
    """`git cat-file --batch` → (blob id, bytes) in the order asked. TemporaryError: one is missing."""
    at = 0
    for blob in wanted:
        end = output.find(b"\n", at)
        header = output[at:end].split()
        if len(header) != 3 or header[0] != blob.encode():
            raise TemporaryError(f"git has no object {blob}")
        size = int(header[2])
        yield blob, output[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def parse_commits(output: bytes) -> tuple[CommitInfo, ...]:
    """`git log --format=COMMIT_FORMAT` → commits in the order printed. TemporaryError: it printed something else."""
    # a commit holds no NUL, so that nothing which somebody writes into one can hide it, or another one
    *fields, rest = output.decode("utf-8", "replace").split("\0")
    if len(fields) % 8 or rest.strip():
        raise TemporaryError("git log printed something else than commits")
    found = []
    for sha, tree, parents, author, committer, at, written, message in zip(*[iter(fields)] * 8, strict=True):
        when = datetime.fromtimestamp(max(0, min(int(at or 0), LATEST)), UTC)
        found.append(
            CommitInfo(
                sha=Sha(sha.strip()), tree=Sha(tree), parents=tuple(Sha(p) for p in parents.split()), author=author,
                committer=committer, at=when, written=written, message=message.strip(),
            )
        )  # fmt: skip
    return tuple(found)


def parse_merge(status: int, output: bytes) -> MergeResult:
    """`git merge-tree --write-tree -z --name-only` with its exit status → the tree or the conflicting paths.

    TemporaryError: neither, such as for a commit that is not there.
    """
    fields = output.split(b"\0")
    if not fields[0]:
        raise TemporaryError("git merge-tree made no tree")
    if status == 0:
        return MergeResult(tree=Sha(fields[0].decode().strip()))
    paths = []
    for field in fields[1:]:
        if not field:
            break
        paths.append(field.decode("utf-8", "replace"))
    return MergeResult(tree=None, conflicts=tuple(dict.fromkeys(paths)))


def valid_branch(name: str) -> bool:
    """Whether `name` may be asked for as a branch (`git check-ref-format`'s rules, and no leading dash)."""
    bad = re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|^\.|/\.|^/|/$|\.$|^@$", name)
    return bool(name) and bad is None
