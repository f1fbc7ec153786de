"""Short names for environments, from the folders that they are in."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable

from bot.config.rules import READ_AS_TRUTH

__all__ = ["unique"]

LONGEST = 63
NOISE = frozenset(
    {
        "clusters", "deploy", "env", "environment", "environments", "envs", "k8s", "kubernetes", "kustomize",
        "manifests", "overlay", "overlays", "stages",
    }
)  # fmt: skip
"""Folders that say how a repository is laid out, not what is in it."""

VAGUE = frozenset(
    {
        "aggregate", "apps", "base", "chart", "common", "config", "configs", "default", "example", "instance", "latest",
        "main", "operator", "stable",
    }
)  # fmt: skip
"""Words that name nothing without the one before them."""


def unique(folders: Iterable[str]) -> dict[str, str]:
    """A name for each folder ("" is the repository): its last telling part, and as many before it as it takes.

    Folders beside each other get names of as many parts.
    """
    parts = {folder: words(folder) for folder in dict.fromkeys(folders)}
    lengths: Counter[str] = Counter()  # of the names in each parent
    for folder, each in parts.items():
        lengths[parent(folder)] = max(lengths[parent(folder)], shortest(each))
    while True:
        names = {folder: joined(each, lengths[parent(folder)]) for folder, each in parts.items()}
        count = Counter(names.values())
        alike = [folder for folder, name in names.items() if count[name] > 1]
        longer = {parent(folder) for folder in alike if lengths[parent(folder)] < len(parts[folder])}
        if not longer:
            return numbered(names)
        lengths.update(longer)


def parent(folder: str) -> str:
    """The folder that it lies in."""
    return posixpath.dirname(folder)


def words(folder: str) -> list[str]:
    """The telling parts of a path, in lower case; all of them where none tells anything."""
    every = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") or "x" for part in (folder or "root").split("/")]
    telling = [part for at, part in enumerate(every) if part not in NOISE and part not in every[:at]]
    return telling or every[-1:]


def shortest(parts: list[str]) -> int:
    """How many parts, from the last, a name has at least."""
    return min(2, len(parts)) if parts[-1] in VAGUE or re.fullmatch(r"[-v0-9]+", parts[-1]) else 1


def joined(parts: list[str], length: int) -> str:
    """The last parts as one name; one that YAML would read as something else gets a word in front."""
    name = "-".join(parts[-length:])[-LONGEST:].strip("-")
    return f"env-{name}" if name in READ_AS_TRUTH else name


def numbered(names: dict[str, str]) -> dict[str, str]:
    """The folders by name; where the paths alone cannot tell them apart, with a number."""
    found: dict[str, str] = {}
    for folder, name in names.items():
        chosen, number = name, 1
        while chosen in found:
            number += 1
            chosen = f"{name[-55:].strip('-')}-{number}"
        found[chosen] = folder
    return found
