"""How a broken policy counts in an environment: its level there, and who answers for the object until when."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.model.environment import Environment, Waiver
from bot.model.plan import Finding
from bot.model.resource import ResourceId

__all__ = ["settle", "settled", "today_utc"]


def today_utc() -> date:
    """The day by which waivers expire."""
    return datetime.now(UTC).date()


def settle(finding: Finding, environment: Environment, today: date) -> Finding | None:
    """The finding as it counts in the environment on that day (UTC); None where its policy is off there.

    A policy is called by the finding's rule, or by its check for all rules of the check; the rule's own level wins. A
    waiver makes a notice of it. What could not be evaluated stays unknown, unless its policy is off.
    """
    levels = environment.policy_levels
    level = levels.get(finding.rule) or levels.get(finding.check)
    if level == "off":
        return None
    if finding.level == "unknown":
        return finding
    waiver = next((each for each in environment.waivers if concerns(each, finding) and today <= each.expires), None)
    if waiver is not None:
        until = f"{waiver.owner} until {waiver.expires.isoformat()}: {waiver.reason}"
        return replace(finding, level="notice", waived=" ".join(until.split()))
    return replace(finding, level=level) if level and finding.level != "notice" else finding


def settled(findings: Iterable[Finding], environment: Environment, today: date) -> list[Finding]:
    """All findings as they count, without those whose policies are off."""
    return [each for finding in findings if (each := settle(finding, environment, today)) is not None]


def concerns(waiver: Waiver, finding: Finding) -> bool:
    """Whether the waiver is about that policy and that object."""
    if waiver.policy not in (finding.rule, finding.check):
        return False
    if not waiver.objects:
        return True
    id = finding.resource
    return id is not None and any(matches(each, id) for each in waiver.objects)


def matches(pattern: str, id: ResourceId) -> bool:
    """Whether `Kind/name` or `Kind/namespace/name`, with `*` for any run of characters, is that object."""
    names = f"{id.kind}/{id.name}", f"{id.kind}/{id.scope}/{id.name}"
    text = "".join("[^/]*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern))
    return any(re.fullmatch(text, name) for name in names)
