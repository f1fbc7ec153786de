"""Versions in CEL: `semver("1.2.3").isLessThan(semver("2.0.0"))`, by https://semver.org.

https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library
"""

import re
from typing import Any

from bot.check.cel.library.declare import Function, function, method, tagged, untagged

__all__ = ["FUNCTIONS", "order"]

NUMBER = r"(0|[1-9][0-9]*)"
WORD = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
FORM = re.compile(
    rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-({WORD}(?:\.{WORD})*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?", re.ASCII
)
LARGEST = 2**64 - 1

Version = tuple[int, int, int, str]


def parse(text: str) -> Version | None:
    """Major, minor, patch and what stands behind the dash; None: it is no version. Build metadata does not count."""
    match = FORM.fullmatch(text)
    if match is None:
        return None
    numbers = [*match.groups()[:3], *filter(str.isdecimal, (match[4] or "").split("."))]
    if any(len(each) > 20 or int(each) > LARGEST for each in numbers):
        return None
    return int(match[1]), int(match[2]), int(match[3]), match[4] or ""


def tolerant(text: str) -> str:
    """`v1.02` as `1.2.0`: without the v and leading zeros, with the parts that are missing."""
    parts = text.removeprefix("v").split(".", 2)
    for index, part in enumerate(parts):
        if len(part) > 1:
            shorter = part.lstrip("0")
            parts[index] = shorter if shorter[:1].isdecimal() else f"0{shorter}"
    if len(parts) < 3 and any(sign in parts[-1] for sign in "+-"):
        return text
    return ".".join([*parts, "0", "0"][:3])


def semver(text: str, normalise: bool = False) -> dict[str, Any]:
    """The version that a text stands for."""
    version = parse(tolerant(text) if normalise else text)
    if version is None:
        raise ValueError("not a semantic version")
    return tagged("semver", list(version))


def is_semver(text: str, normalise: bool = False) -> bool:
    """Whether `semver` takes it."""
    return parse(tolerant(text) if normalise else text) is not None


def order(value: Any) -> tuple[Any, ...]:
    """A key by which versions sort; one with a prerelease comes before the one without."""
    major, minor, patch, release = untagged("semver", value)
    words = release.split(".") if release else []
    ranked = [(0, int(word), "") if word.isdecimal() else (1, 0, word) for word in words]
    return (major, minor, patch, not release, ranked)


FUNCTIONS: tuple[Function, ...] = (
    function("semver", "string", "map", semver),
    function("semver", "string bool", "map", semver),
    function("isSemver", "string", "bool", is_semver),
    function("isSemver", "string bool", "bool", is_semver),
    method("major", "map", "int", lambda value: untagged("semver", value)[0]),
    method("minor", "map", "int", lambda value: untagged("semver", value)[1]),
    method("patch", "map", "int", lambda value: untagged("semver", value)[2]),
)
