"""Plans for a terminal, for a file, and for a program."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.model.gate import Assessment, Comparison, Verdict
from bot.model.plan import Change
from bot.report import markdown
from bot.report.changes import danger, plural, short_digest
from bot.report.compose import folds_of, taken_out
from bot.report.described import described_lines
from bot.report.escape import visible
from bot.report.findings.shape import finding_value
from bot.report.headline import plan_headline
from bot.report.outline import Line, Outline, Table
from bot.report.tables import plan_table
from bot.report.urgent import minor_findings, urgent

__all__ = ["to_json", "to_markdown", "to_text"]

COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
BOLD, RESET = "\x1b[1m", "\x1b[0m"
MARKDOWN_LIMIT = 1_000_000


def to_markdown(comparison: Comparison) -> str:
    """The plans as Markdown, in the shape of the comment, without what only a thread has."""
    return markdown.to_markdown(outline_of(comparison), MARKDOWN_LIMIT)


def outline_of(comparison: Comparison) -> Outline:
    """Headline, table, what to read first, and every object."""
    assessments, leaving, described = comparison.assessments, comparison.leaving, comparison.described
    items = (*(each.text for each in urgent(assessments)), *minor_findings(assessments))
    told = [each for each in assessments if concerned(each)]
    return Outline(
        headline=plan_headline(told, leaving=leaving, described=described), table=plan_table(assessments),
        urgent=items, folds=folds_of(assessments),
        paragraphs=(*described_lines(described), *([taken_out(leaving)] if leaving else [])),
    )  # fmt: skip


def concerned(assessment: Assessment) -> bool:
    """Whether the change does anything to the environment, or something is wrong there: else nobody has to agree."""
    wrong = any(each.level in ("error", "unknown") for each in assessment.findings)
    return wrong or assessment.plan is None or bool(assessment.plan.effective)


def to_text(comparison: Comparison, colour: bool) -> str:
    """The plans as lines for a terminal; what a terminal would obey is written out. `colour` adds ANSI colours."""
    return "\n".join(text_lines(outline_of(comparison), comparison.assessments, colour))


def text_lines(outline: Outline, assessments: Sequence[Assessment], colour: bool) -> Iterator[str]:
    """Each environment's numbers, what to read first, then every object's diff."""
    yield bold(flat(outline.headline), colour)
    yield from (f"  {flat(each)}" for each in outline.paragraphs)
    if outline.table:
        yield from columns(outline.table, assessments)
    for number, item in enumerate(outline.urgent, start=1):
        yield f"  {number}. {flat(item)}"
    for fold in outline.folds:
        yield ""
        yield bold(flat(fold.title), colour)
        for block in fold.blocks:
            yield f"  {flat(block.title)}"
            for each in block.diff:
                shown = visible(each)
                yield f"    {COLOURS.get(shown[:1], '')}{shown}{RESET}" if colour else f"    {shown}"
            if block.length:
                yield f"    {plural(block.length, 'line')}, too many to compare"


def columns(table: Table, assessments: Sequence[Assessment]) -> Iterator[str]:
    """A row per environment under a header; the checks come last, since their signs are of no certain width."""
    rows: list[tuple[str, ...]] = [("environment", "changes", "also", "would be", "checks")]
    for (name, mine, others, checks, _), assessment in zip(table.rows, assessments, strict=True):
        digest = short_digest(assessment.head.digest) if assessment.head else "–"
        rows.append((flat(name), flat(mine), flat(others), digest, flat(checks)))
    if all(row[2] == "–" for row in rows[1:]):
        rows = [(*row[:2], *row[3:]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def flat(text: Line) -> str:
    """A line without styles."""
    return "".join(" " if each.style == "break" else visible(each.text).replace("\n", "\\n") for each in text)


def bold(text: str, colour: bool) -> str:
    """The text in bold, if colours are wanted."""
    return f"{BOLD}{text}{RESET}" if colour else text


def to_json(comparison: Comparison) -> dict[str, Any]:
    """`{"environments": [{name, digest, state, reason, checked, changes, findings, verdict}], "leaving": [name],
    "described": [{environments: [name], settings: [{key, before, after}]}]}`, environments most dangerous first.

    `digest` is None where nothing was rendered. `changes` is None where nothing could be planned, else a list of
    `{type, scope, name, action, cause, path, line, conflict, fields: [{path, before, after}]}`. `findings` are
    `{check, rule, level, message, fix, waived, object, path, line, column}`, `verdict` is `{rule, state, reason, who,
    next, children}`.
    """
    environments = [environment_value(each) for each in sorted(comparison.assessments, key=danger)]
    anew = [
        {
            "environments": list(each.environments),
            "settings": [{"key": key, "before": before, "after": after} for key, before, after in each.settings],
        }
        for each in comparison.described
    ]
    return {"environments": environments, "leaving": list(comparison.leaving), "described": anew}


def environment_value(assessment: Assessment) -> dict[str, Any]:
    """One environment."""
    verdict = assessment.verdict
    return {
        "name": assessment.environment.id.name,
        "digest": assessment.head.digest if assessment.head else None,
        "state": verdict.state if verdict else "unknown",
        "reason": verdict.reason if verdict else "",
        "checked": assessment.checked,
        "changes": [change_value(each) for each in assessment.plan.effective] if assessment.plan else None,
        "findings": [finding_value(each) for each in assessment.findings],
        "verdict": verdict_value(verdict) if verdict else None,
    }


def change_value(change: Change) -> dict[str, Any]:
    """One object; values are masked already."""
    return {
        "type": change.id.type,
        "scope": change.id.scope,
        "name": change.id.name,
        "action": str(change.action),
        "cause": str(change.cause),
        "path": change.origin.path if change.origin else "",
        "line": change.origin.line if change.origin else 0,
        "conflict": change.conflict,
        "fields": [{"path": each.path, "before": each.before, "after": each.after} for each in change.fields],
    }


def verdict_value(verdict: Verdict) -> dict[str, Any]:
    """One node with its children."""
    return {
        "rule": verdict.rule,
        "state": verdict.state,
        "reason": verdict.reason,
        "who": list(verdict.who),
        "next": verdict.next.split("\n") if verdict.next else [],
        "children": [verdict_value(each) for each in verdict.children],
    }
