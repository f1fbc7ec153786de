"""How a broken policy counts in an environment: its level there, and who answers for the object until when."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.check.policies.waivers import Ruling, ruling
from bot.model.environment import Environment
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId

__all__ = ["settle", "settled", "today_utc"]

NOTHING = Resource(id=ResourceId(type="", name=""), body={})


def today_utc() -> date:
    """The day by which waivers expire."""
    return datetime.now(UTC).date()


def settle(finding: Finding, environment: Environment, today: date, resource: Resource | None = None) -> Finding | None:
    """The finding as it counts in the environment on that day (UTC); None where its policy is off there.

    A policy is called by the finding's rule, or by its check for all rules of the check; the rule's own level wins. A
    waiver makes a notice of it: one of `tidegate.yaml`, or an annotation of `resource` where that is given. What could
    not be evaluated stays unknown, unless its policy is off.
    """
    levels = environment.policy_levels
    level = levels.get(finding.rule) or levels.get(finding.check)
    if level == "off":
        return None
    if finding.level == "unknown":
        return finding
    said = rulings(finding, environment, today, resource)
    if waived := next((each.waived for each in said if each.waived), ""):
        return replace(finding, level="notice", waived=waived)
    if invalid := next((each.invalid for each in said if each.invalid), ""):
        finding = replace(finding, message=f"{finding.message} ({invalid})")
    return replace(finding, level=level) if level and finding.level != "notice" else finding


def settled(
    findings: Iterable[Finding], environment: Environment, today: date, resources: Iterable[Resource] = ()
) -> list[Finding]:
    """All findings as they count, without those whose policies are off. Annotations of `resources` are waivers too."""
    found = list(findings)
    by_id = {each.id: each for each in resources} if found else {}
    counted = (settle(each, environment, today, by_id.get(each.resource) if each.resource else None) for each in found)
    return [each for each in counted if each is not None]


def rulings(finding: Finding, environment: Environment, today: date, resource: Resource | None) -> list[Ruling]:
    """What waivers say, by either name. One that names objects is not for what belongs to none."""
    if finding.resource is None:
        waivers = [each for each in environment.waivers if not each.objects]
        about = NOTHING
    else:
        waivers, about = list(environment.waivers), resource or Resource(id=finding.resource, body={})
    return [ruling(name, about, waivers, today) for name in (finding.rule, finding.check) if name]
