"""Keeping what `leaks` found out of what the other checks say: a message may quote a key that is in no Secret."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.check.discreet import hide
from bot.check.leaks.check import MOST_BYTES, MOST_SECONDS, NAME
from bot.check.leaks.objects import leaves, text_of
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.scanner.scan import Scanner

__all__ = ["LEAST_KNOWN", "quiet"]

LEAST_KNOWN = 12
"""Signs of what is seen in a file and hidden in every object: what is shorter may be a word, such as `postgres`."""


def quiet(findings: Sequence[Finding], examined: Examined, scanner: Scanner) -> list[Finding]:
    """The findings, without pieces of what the scanner sees in the objects and files that `leaks` told of.

    Where it did not tell everything, they are those that the other findings are about.
    """
    told = [each for each in findings if each.check == NAME]
    partly = "off" in examined.environment.policy_levels.values() or any(each.level == "unknown" for each in told)
    if len(told) == len(findings) or not (told or partly):
        return list(findings)
    about = findings if partly else told
    paths, ids = {each.path for each in about}, {each.resource for each in about}
    values = [
        value
        for resource in examined.resources
        if resource.id in ids or (resource.origin and resource.origin.path in paths)
        for value in seen(resource, scanner)
    ]
    values += [each for each in seen_in_files(examined, paths, scanner) if len(each) >= LEAST_KNOWN]
    return [
        each if each.check == NAME or not values
        else replace(each, message=hide(each.message, values), fix=hide(each.fix, values))
        for each in findings
    ]  # fmt: skip


def seen(resource: Resource, scanner: Scanner) -> list[str]:
    """What the scanner sees in an object, as it stands there and decoded; every text, where that takes too long."""
    try:
        return texts(text_of(resource).data, scanner)
    except TimeoutError:
        return [text for _, text in leaves(resource.body, ())]


def seen_in_files(examined: Examined, paths: Collection[str], scanner: Scanner) -> Iterator[str]:
    """What the scanner sees in those of the files: what stands there beside a value may be missing in the object."""
    tree = examined.files
    blobs = {tree.entries[path].blob for path in paths if path in tree.entries} if tree else ()
    for data in (tree.blobs[blob] for blob in blobs if blob in tree.blobs) if tree else ():
        if len(data) <= MOST_BYTES:
            with suppress(TimeoutError):  # the objects were looked through all the same
                yield from texts(data, scanner)


def texts(data: bytes, scanner: Scanner) -> list[str]:
    """What the scanner sees, each on one line. TimeoutError: it took too long."""
    return [" ".join(each.split()) for each in scanner.texts(data, MOST_SECONDS) if each]
