"""What to read first: destruction and its consequences, what is wrong or unknown, what stands in the way."""

from collections.abc import Iterable, Sequence

from bot.model.gate import Assessment
from bot.model.noun import noun
from bot.model.plan import Action, Cause, Change, Finding
from bot.model.resource import ResourceId
from bot.report.changes import by_danger, consequence, danger, hides_something, place
from bot.report.outline import Line, Piece, code, join, line, strong

__all__ = ["Urgent", "finding_line", "minor_findings", "urgent"]

SIGNS = {"error": "❌", "unknown": "❓", "warning": "⚠", "notice": "ℹ"}
WAIVED = "🔏"
DOOMED = {Action.DELETE: ("🗑", "is deleted"), Action.REPLACE: ("♻", "is deleted and made anew")}


@noun
class Urgent:
    """One thing to read first. `blocks` are the environments that cannot be applied before it is put right."""

    text: Line
    blocks: frozenset[str] = frozenset()


def urgent(assessments: Sequence[Assessment], general: Sequence[Finding] = ()) -> tuple[Urgent, ...]:
    """Everything to read first, most dangerous first. `general` are findings of no environment; they block all."""
    ordered = sorted(assessments, key=danger)
    names = frozenset(each.environment.id.name for each in assessments)
    found = [each for assessment in ordered for each in doomed(assessment)]
    found += findings(ordered, general, names, ("error", "unknown"))
    for assessment in ordered:
        found += obstacles(assessment)
    found += findings(ordered, general, names, ("warning",))
    found += vouched(ordered)
    for assessment in ordered:
        found += disguised(assessment)
    return tuple(dict.fromkeys(found))  # an environment that is described anew as the same state is there twice


def label(assessment: Assessment) -> Piece:
    """The environment's name."""
    return Piece(text=assessment.environment.id.name)


def where(change: Change) -> Line:
    """The change's file and line, if known, and whether another cause than this pull request brings it."""
    other = {Cause.PENDING: "merged earlier, not from here", Cause.DRIFT: "not from here"}.get(change.cause)
    origin = place(change.origin.path, change.origin.line) if change.origin else ()
    return join([line(other) if other else (), origin])


def doomed(assessment: Assessment) -> Iterable[Urgent]:
    """Every object that is destroyed, with what goes with it; then every one that is adopted."""
    for change in by_danger(assessment.plan.effective) if assessment.plan else ():
        if change.action in DOOMED:
            sign, verb = DOOMED[change.action]
            words = line(f"{sign} ", label(assessment), " ", strong(str(change.id)), f" {verb}{consequence(change)}")
            yield Urgent(text=join([words, where(change)]))
        elif change.action is Action.ADOPT:
            words = line("🤝 ", label(assessment), " ", strong(str(change.id)), " is there already and is adopted")
            yield Urgent(text=join([words, where(change)]))


def findings(
    assessments: Sequence[Assessment], general: Sequence[Finding], names: frozenset[str], levels: tuple[str, ...]
) -> Iterable[Urgent]:
    """Findings of these levels in that order, each once with all environments that have it."""
    holders: dict[Finding, list[str]] = {each: [] for each in general if each.level in levels}
    for assessment in assessments:
        for each in assessment.findings:
            if each.level in levels:
                holders.setdefault(each, []).append(assessment.environment.id.name)
    for each in sorted(holders, key=lambda found: levels.index(found.level)):
        blocking = each.level in ("error", "unknown")
        blocks = (frozenset(holders[each]) or names) if blocking else frozenset()
        yield Urgent(text=finding_line(each, holders[each]), blocks=blocks)


def finding_line(found: Finding, environments: Sequence[str] = ()) -> Line:
    """`❌ staging no-latest-tag: Deployment web/api uses :latest; pin a digest · prod/api.yaml:22`."""
    start: list[str | Piece | Line] = [f"{WAIVED if found.waived else SIGNS[found.level]} "]
    if environments:
        start += [Piece(text=", ".join(dict.fromkeys(environments)) + " ")]
    about = f" {found.resource}:" if found.resource and str(found.resource) not in found.message else ""
    ending = f"; waived {found.waived}" if found.waived else f"; {found.fix}" if found.fix else ""
    words = line(*start, code(found.rule or found.check), f":{about} {found.message}", ending)
    return join([words, place(found.path, found.line)])


def vouched(assessments: Sequence[Assessment]) -> Iterable[Urgent]:
    """Waived findings about what the plan makes or changes: approving it approves the waivers too."""
    holders: dict[Finding, list[str]] = {}
    for assessment in assessments:
        touched = touched_by(assessment)
        for each in assessment.findings:
            if each.waived and each.resource in touched:
                holders.setdefault(each, []).append(assessment.environment.id.name)
    for each, environments in holders.items():
        yield Urgent(text=finding_line(each, environments))


def touched_by(assessment: Assessment) -> frozenset[ResourceId]:
    """The objects that the plan does something to."""
    return frozenset(each.id for each in assessment.plan.effective) if assessment.plan else frozenset()


def obstacles(assessment: Assessment) -> Iterable[Urgent]:
    """Every object that the target may not write."""
    name = assessment.environment.id.name
    for change in assessment.plan.changes if assessment.plan else ():
        if change.conflict:
            words = line("✋ ", label(assessment), " ", strong(str(change.id)), f": {change.conflict}")
            yield Urgent(text=join([words, where(change)]), blocks=frozenset({name}))


def disguised(assessment: Assessment) -> Iterable[Urgent]:
    """Objects whose new text does not look like what it is."""
    for change in assessment.plan.effective if assessment.plan else ():
        if hides_something(change.after) or hides_something(str(change.id)):
            words = line(
                "⚠ ", label(assessment), " ", strong(str(change.id)),
                " holds characters that cannot be seen or that turn the direction of text; they are written out here",
            )  # fmt: skip
            yield Urgent(text=join([words, where(change)]))


def minor_findings(assessments: Sequence[Assessment]) -> tuple[Line, ...]:
    """Notices, each once, but those that are among the things to read first."""
    first = {each.text for each in vouched(assessments)}
    found = (each.text for each in findings(assessments, (), frozenset(), ("notice",)))
    return tuple(each for each in found if each not in first)
