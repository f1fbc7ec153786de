"""The first line: the most dangerous and the most blocking facts, environment by environment."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.model.environment import Redescribed
from bot.model.gate import Assessment
from bot.model.plan import Action, Change, Finding
from bot.report.changes import danger, named, plural
from bot.report.described import described_part
from bot.report.outline import Line, join, line
from bot.report.story import Standing, Story
from bot.report.tables import wrong
from bot.report.verdicts import CONSENT, waits

__all__ = ["asked", "headline", "leaving_words", "plan_headline", "united"]

MOST_PARTS = 5
VOLUMES = {"PersistentVolumeClaim": "volume", "Namespace": "namespace"}


def headline(story: Story) -> Line:
    """What a person must not overlook, in one line; what is fine says so too."""
    if story.phase == "merged":
        parts = standings(story.standings, story.assessments)
        parts += [line(f"⚠ {leaving_words(story.leaving)}")] if story.leaving else []
        parts += [described_part(story.described)] if story.described else []
        return short(parts or [line("✅ Merged: affects no environment")])
    return plan_headline((*story.assessments, *story.preview), story.findings, story.leaving, story.described)


def leaving_words(names: Sequence[str]) -> str:
    """`prod leaves tidegate.yaml`, `5 environments leave tidegate.yaml`."""
    where = named(names)
    return f"{where} {'leaves' if len(names) == 1 else 'leave'} tidegate.yaml"


def plan_headline(
    assessments: Sequence[Assessment], general: Sequence[Finding] = (), leaving: Sequence[str] = (),
    described: Sequence[Redescribed] = (),
) -> Line:  # fmt: skip
    """The same for plans alone.

    `general` are findings of no environment, `leaving` environments that are taken out, and `described` is what is said
    differently of those that stay.
    """
    if described:
        more = plan_headline(assessments, general, leaving) if assessments or general or leaving else ()
        return join([more, described_part(described)])
    if leaving:
        left = line(f"⚠ {leaving_words(leaving)}")
        return join([left, plan_headline(assessments, general)]) if assessments or general else left
    ordered = sorted(united(assessments), key=danger)
    parts = [part for each in ordered for part in dangers(each)]
    if number := wrong(general, "error") + wrong(general, "unknown"):
        parts.insert(0, line(f"❌ {plural(number, 'error')}"))
    if not ordered and not parts:
        return line("✅ Affects no environment")
    return short([*(parts or [calm(ordered)]), *waiting(assessments)])


def united(assessments: Sequence[Assessment]) -> tuple[Assessment, ...]:
    """Each environment once: one that is described anew as the same state has the findings of both descriptions."""
    found: dict[str, Assessment] = {}
    for each in assessments:
        known = found.get(each.environment.id.name)
        both = replace(known, findings=(*known.findings, *each.findings)) if known else each
        found[each.environment.id.name] = both
    return tuple(found.values())


def short(parts: list[Line]) -> Line:
    """The first few parts."""
    if len(parts) > MOST_PARTS:
        parts = [*parts[: MOST_PARTS - 1], line(f"{len(parts) - MOST_PARTS + 1} more")]
    return join(parts)


def dangers(assessment: Assessment) -> list[Line]:
    """What one environment loses, what is wrong with it, what is in its way."""
    name = assessment.environment.id.name
    effective = assessment.plan.effective if assessment.plan else ()
    parts = []
    if gone := [each for each in effective if each.action is Action.DELETE]:
        parts.append(line(f"🗑 {name} deletes {things(gone)}"))
    if anew := [each for each in effective if each.action is Action.REPLACE]:
        parts.append(line(f"♻ {name} deletes and makes anew {things(anew)}"))
    if errors := wrong(assessment.findings, "error"):
        parts.append(line(f"❌ {name}: {plural(errors, 'error')}"))
    if unknown := wrong(assessment.findings, "unknown"):
        parts.append(line(f"❓ {name}: {unknown} could not be evaluated"))
    if not errors and not unknown and (assessment.head is None or assessment.plan is None or not assessment.verdict):
        parts.append(line(f"❓ {name} could not be evaluated"))
    if obstacles := sum(bool(each.conflict) for each in assessment.plan.changes) if assessment.plan else 0:
        parts.append(line(f"✋ {name}: {plural(obstacles, 'object')} in the way"))
    return parts


def things(changes: Sequence[Change]) -> str:
    """`1 volume`, `1 Deployment`, `3 objects`."""
    kinds = {each.id.kind for each in changes}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind in VOLUMES:
        return plural(len(changes), VOLUMES[kind])
    return f"1 {kind}" if len(changes) == 1 else f"{len(changes)} objects"


def calm(assessments: Sequence[Assessment]) -> Line:
    """Nothing is lost and nothing is wrong: how much changes where."""
    numbers = {each.environment.id.name: len(each.plan.effective) if each.plan else 0 for each in assessments}
    changing = sorted(name for name, number in numbers.items() if number)
    if not changing:
        return line("✅ Changes nothing that is not there already")
    where = named(changing)
    return line(f"✅ {plural(sum(numbers.values()), 'change')} in {where}")


def waiting(assessments: Sequence[Assessment]) -> list[Line]:
    """Whose agreement is missing."""
    missing = asked(assessments)
    if len(missing) > 1:
        return [line(f"⏸ {len(missing)} environments wait for approval")]
    return [line(f"⏸ {name} waits: {' · '.join(reasons)}") for name, reasons in missing.items()]


def asked(assessments: Sequence[Assessment]) -> Mapping[str, Sequence[str]]:
    """What is missing of consent, by the environment's name; nothing of those that miss none."""
    found: dict[str, dict[str, None]] = {}
    for each in assessments:
        reasons = dict.fromkeys(node.reason for node in waits(each) if node.rule in CONSENT)
        if reasons:
            found.setdefault(each.environment.id.name, {}).update(reasons)
    return {name: tuple(reasons) for name, reasons in found.items()}


def standings(found: Sequence[Standing], assessments: Sequence[Assessment]) -> list[Line]:
    """After the merge: what failed, what waits and for what, what is done."""
    by_name = {each.environment.id.name: each for each in assessments}
    parts = []
    for state, sign, words in (("failed", "❌", "failed"), ("waiting", "⏸", "waits")):
        for each in found:
            if each.state == state:
                waits_for = (
                    " · ".join(node.reason for node in waits(by_name[each.environment]))
                    if (state == "waiting" and each.environment in by_name)
                    else ""
                )
                parts.append(line(f"{sign} {each.environment} {words}" + (f": {waits_for}" if waits_for else "")))
    done = sorted(each.environment for each in found if each.state == "applied")
    if done:
        where = named(done)
        parts.append(line(f"✅ {where} applied"))
    if found and not parts:
        parts.append(line("✅ Merged: nothing is left to apply"))
    return parts
