"""What git tells, as values: commits, tree entries, changed files. Pure parsers of its NUL-separated output."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LOG_FORMAT", "Change", "Commit", "Entry", "Signature", "parse_changes", "parse_log", "parse_tree"]

LOG_FORMAT = "tformat:%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"
FIELDS = 10
STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote or committed, and when (`2026-01-31T12:00:00Z`)."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit without its files."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (or submodule) of a tree; `size` in bytes, None for submodules."""

    mode: str
    kind: str
    sha: str
    size: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Change:
    """A file that differs between two commits; `patch` starts at its first hunk and is None for binary files."""

    path: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None


def parse_log(out: bytes) -> tuple[Commit, ...]:
    """Commits from `git log -z --format=LOG_FORMAT`. No field can hold the separator: commits hold no NUL."""
    parts = out.decode(errors="replace").split("\0")[:-1]
    commits = []
    for at in range(0, len(parts), FIELDS):
        sha, tree, parents, an, ae, ad, cn, ce, cd, message = parts[at : at + FIELDS]
        author, committer = Signature(an, ae, ad), Signature(cn, ce, cd)
        commits.append(Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n")))
    return tuple(commits)


def parse_tree(out: bytes) -> tuple[Entry, ...]:
    """Entries from `git ls-tree -r -z -l`."""
    entries = []
    for line in out.decode(errors="replace").split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, kind, sha, size = facts.split()
        entries.append(Entry(mode, kind, sha, None if size == "-" else int(size), path))
    return tuple(entries)


def parse_changes(facts: bytes, patches: bytes) -> tuple[Change, ...]:
    """Changed files from `git diff --raw --numstat -z` and, in the same order, `git diff --patch`."""
    tokens = facts.decode(errors="replace").split("\0")
    raw: list[tuple[str, str, str | None, str]] = []
    at = 0
    while at < len(tokens) and tokens[at].startswith(":"):
        _, _, _, sha, status = tokens[at].split(" ")
        renamed = status[0] in "RC"
        raw.append((status[0], sha, tokens[at + 1] if renamed else None, tokens[at + 2 if renamed else at + 1]))
        at += 3 if renamed else 2
    counts = _counts(tokens[at:], len(raw))
    hunks = _hunks(patches.decode(errors="replace"), len(raw))
    return tuple(
        Change(path, previous, STATUSES.get(letter, "changed"), sha, *count, patch)
        for (letter, sha, previous, path), count, patch in zip(raw, counts, hunks, strict=True)
    )


def _counts(tokens: Sequence[str], expected: int) -> list[tuple[int, int]]:
    counts: list[tuple[int, int]] = []
    at = 0
    while len(counts) < expected:
        added, deleted, path = tokens[at].split("\t", 2)
        counts.append((0, 0) if added == "-" else (int(added), int(deleted)))
        at += 1 if path else 3
    return counts


def _hunks(patches: str, expected: int) -> list[str | None]:
    # Inside hunks every line starts with a sign, so this header cannot be forged by a file's content.
    files = re.split(r"^diff --git ", patches, flags=re.MULTILINE)[1:]
    found: list[str | None] = []
    for text in files:
        first = re.search(r"^@@ ", text, flags=re.MULTILINE)
        found.append(text[first.start() :].rstrip("\n") if first else None)
    return found if len(found) == expected else [None] * expected
