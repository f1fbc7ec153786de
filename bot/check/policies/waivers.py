"""Waivers: somebody answers for an object that breaks a policy, for a reason, until a day.

They stand in `tidegate.yaml`, or on the object as an annotation:
`tidegate.dev/waive.<policy>: "reason; owner=ana; until=2030-01-31"`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from bot.check.policies.words import one_line
from bot.model.environment import Waiver
from bot.model.noun import noun
from bot.model.resource import Resource, ResourceId

__all__ = ["ANNOTATION", "Ruling", "ruling", "shown"]

ANNOTATION = "tidegate.dev/waive."
FORM = "write it as: reason; owner=NAME; until=YYYY-MM-DD"
LONGEST = 300


@noun
class Ruling:
    """What waivers say of an object and a policy: who answers for it, and why a waiver does not count."""

    waived: str = ""
    invalid: str = ""


def ruling(policy: str, resource: Resource, waivers: Sequence[Waiver], today: date) -> Ruling:
    """Whether the object is waived. One waiver that counts is enough; else the last reason why one does not is told."""
    invalid = ""
    for each in waivers:
        if each.policy == policy and concerns(each.objects, resource.id):
            if each.expires >= today:
                return Ruling(waived=told(each.owner, each.expires, each.reason))
            invalid = f"the waiver of {shown(each.owner)} in tidegate.yaml ended on {each.expires}"
    text = annotation(policy, resource)
    if text is None:
        return Ruling(invalid=invalid)
    found = parsed(text)
    if isinstance(found, str):
        return Ruling(invalid=f"the annotation {ANNOTATION}{policy} does not count: {found}; {FORM}")
    reason, owner, until = found
    if until < today:
        return Ruling(invalid=f"the annotation {ANNOTATION}{policy} does not count: it ended on {until}")
    return Ruling(waived=told(owner, until, reason))


def told(owner: str, until: date, reason: str) -> str:
    """`by ana until 2030-01-31: reason`."""
    return f"by {shown(owner)} until {until}: {shown(reason)}"


def shown(text: str) -> str:
    """What somebody wrote, on one line and not endless."""
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def concerns(objects: Sequence[str], id: ResourceId) -> bool:
    """Whether a waiver is about this object: `Kind/name` or `Kind/namespace/name` with `*`; none named is all."""
    names = (f"{id.kind}/{id.name}", f"{id.kind}/{id.scope}/{id.name}") if id.scope else (f"{id.kind}/{id.name}",)
    return not objects or any(
        re.fullmatch(re.escape(each).replace(r"\*", "[^/]*"), name) for each in objects for name in names
    )


def annotation(policy: str, resource: Resource) -> str | None:
    """The waiver on the object, or None."""
    metadata = resource.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    found = annotations.get(ANNOTATION + policy) if isinstance(annotations, Mapping) else None
    return None if found is None else str(found)


def parsed(text: str) -> tuple[str, str, date] | str:
    """Reason, owner and last day; or what is wrong."""
    parts = [each.strip() for each in text.split(";")]
    named = {key.strip(): value.strip() for key, sign, value in (each.partition("=") for each in parts[-2:]) if sign}
    reason = "; ".join(parts[:-2])
    if len(parts) < 3 or named.keys() != {"owner", "until"} or not reason or not named["owner"]:
        return "it lacks a reason, an owner or a last day"
    try:
        until = date.fromisoformat(named["until"]) if len(named["until"]) == 10 else None
    except ValueError:
        until = None
    return (reason, named["owner"], until) if until else "its last day is no day"
