"""Keeping what `leaks` found out of what the other checks say: a message may quote a key that is in no Secret."""

from collections.abc import Sequence
from dataclasses import replace

from bot.check.discreet import hide
from bot.check.leaks.check import MOST_SECONDS, NAME
from bot.check.leaks.objects import leaves, text_of
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.scanner import Scanner

__all__ = ["quiet"]


def quiet(findings: Sequence[Finding], examined: Examined, scanner: Scanner) -> list[Finding]:
    """The findings, without pieces of what the scanner sees in the objects that `leaks` told of."""
    told = [each for each in findings if each.check == NAME]
    if not told or len(told) == len(findings):
        return list(findings)
    paths, ids = {each.path for each in told}, {each.resource for each in told}
    values = [
        value
        for resource in examined.resources
        if resource.id in ids or (resource.origin and resource.origin.path in paths)
        for value in seen(resource, scanner)
    ]
    return [
        each if each.check == NAME or not values
        else replace(each, message=hide(each.message, values), fix=hide(each.fix, values))
        for each in findings
    ]  # fmt: skip


def seen(resource: Resource, scanner: Scanner) -> list[str]:
    """What the scanner sees in an object, as it stands there and decoded; every text, where that takes too long."""
    data = text_of(resource).data
    try:
        found = scanner.scan(data, MOST_SECONDS)
    except TimeoutError:
        return [text for _, text in leaves(resource.body, ())]
    spans = [data[each.start : each.end].decode("utf-8", "replace") for each in found]
    return [" ".join(each.split()) for each in (*spans, *(each.value for each in found)) if each]
