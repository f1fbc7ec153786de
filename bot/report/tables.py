"""The table of environments: what changes, by whose doing, what the checks say, and what happens after the merge."""

from collections.abc import Sequence

from bot.model.gate import Assessment
from bot.model.plan import Finding
from bot.report.changes import count_line, danger, elsewhere_line, from_elsewhere, from_here
from bot.report.outline import Line, Table, code, join, line, strong
from bot.report.story import Standing
from bot.report.verdicts import blocked, state, waits

__all__ = ["next_words", "plan_table", "standing_line", "standing_table"]

HEADER = ("environment", "from this pull request", "also, not from it", "checks", "after merge")


def plan_table(assessments: Sequence[Assessment]) -> Table | None:
    """One row per environment in the order given; those that need care are set in bold."""
    if not assessments:
        return None
    return Table(header=HEADER, rows=tuple(row(each) for each in assessments))


def row(assessment: Assessment) -> tuple[Line, ...]:
    """One environment."""
    name = assessment.environment.id.name
    careful = blocked(assessment) or danger(assessment)[0] < 0
    plan = assessment.plan
    mine = line("could not be planned") if plan is None else count_line(from_here(plan))
    if assessment.head is None:
        mine = line(not_rendered(assessment))
    return (
        (strong(name),) if careful else line(name),
        mine,
        elsewhere_line(from_elsewhere(plan)),
        checks(assessment),
        after_merge(assessment),
    )


def not_rendered(assessment: Assessment) -> str:
    """Why there is no state, as the gate says it."""
    verdict = assessment.verdict
    nodes = verdict.children if verdict else ()
    return next((each.reason for each in nodes if each.rule == "render"), "does not render")


def checks(assessment: Assessment) -> Line:
    """`✅ 41`, `❌ 1 of 41`, `❓ 2 unknown`, with warnings behind."""
    errors = troubled(assessment.findings, "error")
    unknown = troubled(assessment.findings, "unknown")
    warnings = troubled(assessment.findings, "warning")
    of = f" of {assessment.checked}" if assessment.checked else ""
    parts = []
    if errors:
        parts.append(line(f"❌ {errors}{of}"))
    if unknown:
        parts.append(line(f"❓ {unknown} unknown"))
    if not parts:
        parts.append(line(f"✅ {assessment.checked}") if assessment.checked else line("❓ nothing checked"))
    if warnings:
        parts.append(line(f"⚠ {warnings}"))
    return join(parts)


def wrong(findings: Sequence[Finding], level: str) -> int:
    """How many findings of the level there are; one that several environments share is one."""
    return len({each for each in findings if each.level == level})


def troubled(findings: Sequence[Finding], level: str) -> int:
    """How many objects (or places, where no object is named) have findings of the level."""
    return len({each.resource or (each.path, each.line, each.message) for each in findings if each.level == level})


def after_merge(assessment: Assessment) -> Line:
    """What happens after the merge, or what is waited for."""
    return line(next_words(assessment))


def next_words(assessment: Assessment) -> str:
    """`applies at once`, `⏸ after staging · 0 of 1 approvals`, or that it cannot be applied as it is."""
    waiting = waits(assessment)
    if waiting:
        return "⏸ " + " · ".join(each.reason for each in waiting)
    if blocked(assessment):
        return "⛔ not as it is"
    return assessment.verdict.reason if assessment.verdict and state(assessment) in ("pass", "skip") else ""


def standing_table(standings: Sequence[Standing], assessments: Sequence[Assessment]) -> Table | None:
    """After the merge: where each environment stands, and what is pending for it."""
    if not standings:
        return None
    by_name = {each.environment.id.name: each for each in assessments}
    rows = []
    for standing in standings:
        assessment = by_name.get(standing.environment)
        plan = assessment.plan if assessment else None
        changes = (*from_here(plan), *from_elsewhere(plan))
        pending = count_line(changes) if standing.state in ("waiting", "failed") else line("–")
        rows.append((line(standing.environment), standing_line(standing, assessment), pending))
    return Table(header=("environment", "where it stands", "still to be applied"), rows=tuple(rows))


def standing_line(standing: Standing, assessment: Assessment | None) -> Line:
    """One environment's standing in a few words."""
    match standing.state:
        case "applied":
            at = f", {standing.at:%Y-%m-%d %H:%M} UTC" if standing.at else ""
            return line("✅ applied", *((" at ", code(standing.revision[:7])) if standing.revision else ()), at)
        case "failed":
            return line("❌ failed: ", standing.detail or "see the comment below")
        case "superseded":
            return line("↪ ", standing.detail or "undone before it was applied")
    words = next_words(assessment) if assessment else ""
    if words.startswith(("⏸", "⛔")):
        return line(words)
    return line("⏸ ", standing.detail) if standing.detail else line("▶ is applied next")
