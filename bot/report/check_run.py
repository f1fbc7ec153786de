"""The check: a title that says everything in one line, a conclusion, and annotations at file and line."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bot.model.gate import Assessment
from bot.model.plan import Action, Finding, Plan
from bot.model.report import Annotation, CheckReport
from bot.report import escape
from bot.report.changes import from_here, plural
from bot.report.compose import compose, under
from bot.report.headline import asked, leaving_words, united
from bot.report.markdown import to_markdown
from bot.report.outline import Outline, line
from bot.report.phases import TITLES
from bot.report.story import Story
from bot.report.tables import wrong
from bot.report.verdicts import blocked

__all__ = ["check_of", "conclusion", "title"]

TEXT_LIMIT = 60_000
"""Bytes of UTF-8. GitHub cuts a check's text at 65,535 bytes without saying so, through fences and folds alike."""

SUMMARY_LIMIT = 30_000
LONGEST_TITLE = 200
MOST_ENVIRONMENTS = 4
MOST_ANNOTATIONS = 50
"""As many as one request to GitHub may carry (REST, "Create a check run"); the comment holds every finding."""

LEVELS: dict[str, Literal["failure", "warning", "notice"]] = {
    "error": "failure",
    "unknown": "failure",
    "warning": "warning",
    "notice": "notice",
}


def check_of(story: Story) -> CheckReport:
    """The check on the pull request's head."""
    outline = replace(compose(story), under=under(story, comment=False), answers=())
    brief = replace(outline, folds=(), preview_folds=())
    text = ""
    if outline.objects:
        details = Outline(
            headline=line("What changes"),
            folds=(*outline.folds, *outline.preview_folds),
            plan_url=outline.plan_url,
        )
        text = to_markdown(details, TEXT_LIMIT, measure=utf8)
    return CheckReport(
        head=story.pull.head,
        conclusion=conclusion(story),
        title=title(story),
        summary=to_markdown(brief, SUMMARY_LIMIT, measure=utf8),
        text=text,
        annotations=annotations(story),
        url=story.links.get("plan", ""),
    )


def utf8(text: str) -> int:
    """Length in bytes."""
    return len(text.encode())


def conclusion(story: Story) -> Literal["success", "failure"] | None:
    """Whether anything but agreement, order or time keeps this from being merged and applied; None while planning.

    What was not evaluated (a fork's head, a closed pull request, a conflict) is never a success.
    """
    if story.phase == "planning":
        return None
    if story.phase in ("conflict", "fork", "misconfigured", "unreadable", "closed"):
        return "failure"
    if wrong(story.findings, "error") or wrong(story.findings, "unknown"):
        return "failure"
    consent_too = story.check == "approvals" and story.phase == "open"
    if any(blocked(each, consent_too=consent_too) for each in story.assessments):
        return "failure"
    anew = {each.environment.id for each in story.former}
    if any(blocked(each, consent_too=consent_too and each.environment.id in anew) for each in story.preview):
        return "failure"
    if any(each.state == "failed" for each in story.standings):
        return "failure"
    return "success"


def title(story: Story) -> str:
    """`prod +2 ~1 -1 · 1 error · 0 of 1 approvals`; what a list of checks has room for."""
    both = (*story.assessments, *story.preview)
    shown = united(both)
    if story.phase in TITLES and not (story.phase == "unconfigured" and story.preview):
        return TITLES[story.phase]
    parts = standing_parts(story) if story.phase == "merged" else []
    parts += [leaving_words(story.leaving)] if story.leaving else []
    findings = [*story.findings, *(each for assessment in shown for each in assessment.findings)]
    if not shown and not parts and not findings:
        return "affects no environment"
    if story.phase != "merged":
        parts += [f"{each.environment.id.name} {delta(each.plan)}" for each in shown[:MOST_ENVIRONMENTS]]
        if len(shown) > MOST_ENVIRONMENTS:
            parts.append(plural(len(shown) - MOST_ENVIRONMENTS, "more environment"))
    if errors := wrong(findings, "error"):
        parts.append(plural(errors, "error"))
    if unknown := wrong(findings, "unknown"):
        parts.append(f"{unknown} could not be evaluated")
    parts += waiting(both)
    return escape.clip(escape.visible(" · ".join(parts)).replace("\n", " "), LONGEST_TITLE)


def standing_parts(story: Story) -> list[str]:
    """`staging applied`, `prod waiting`."""
    return [f"{each.environment} {each.state}" for each in story.standings] or ["merged"]


def delta(plan: Plan | None) -> str:
    """`+2 ~1 -1`, as far as it is this pull request's doing; a replaced object counts as gone and as new."""
    if plan is None:
        return "not planned"
    actions = [each.action for each in from_here(plan)]
    new = sum(each in (Action.CREATE, Action.REPLACE) for each in actions)
    changed = sum(each in (Action.UPDATE, Action.ADOPT) for each in actions)
    gone = sum(each in (Action.DELETE, Action.REPLACE) for each in actions)
    signed = [f"{sign}{number}" for sign, number in (("+", new), ("~", changed), ("-", gone)) if number]
    return " ".join(signed) or "unchanged"


def waiting(assessments: Sequence[Assessment]) -> list[str]:
    """`0 of 1 approvals`, or how many environments wait for some."""
    missing = asked(assessments)
    if len(missing) > 1:
        return [f"{len(missing)} environments wait for approval"]
    return [reason for reasons in missing.values() for reason in reasons]


def annotations(story: Story) -> tuple[Annotation, ...]:
    """Every finding with a file, failures first, each once, as many as fit into one request."""
    found: dict[Finding, list[str]] = {each: [] for each in story.findings}
    for assessment in (*story.assessments, *story.preview):
        for each in assessment.findings:
            found.setdefault(each, []).append(assessment.environment.id.name)
    order = list(LEVELS)
    shown = sorted(found, key=lambda each: (order.index(each.level), each.path, each.line, each.message))
    # a path with characters that cannot be seen would be refused, and all the other annotations with it
    usable = [each for each in shown if each.path and not escape.has_invisible(each.path) and "\n" not in each.path]
    return tuple(annotation(each, found[each]) for each in usable[:MOST_ANNOTATIONS])


def annotation(found: Finding, environments: Sequence[str]) -> Annotation:
    """One finding at its line (the first line where the finding is of the whole file)."""
    about = f"{found.resource}: " if found.resource and str(found.resource) not in found.message else ""
    ending = f"waived {found.waived}" if found.waived else found.fix
    fix = f"\n{ending}" if ending else ""
    names = f" ({', '.join(dict.fromkeys(environments))})" if environments else ""
    return Annotation(
        path=found.path,
        line=max(1, found.line),
        level=LEVELS[found.level],
        title=escape.clip(escape.visible((found.rule or found.check) + names).replace("\n", " "), LONGEST_TITLE),
        message=escape.clip(escape.visible(about + found.message + fix), 4_000),
    )
