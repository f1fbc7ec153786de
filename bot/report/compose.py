"""From a story to an outline: what to say and in what order, for whatever medium."""

from collections.abc import Sequence
from dataclasses import replace

from bot.model.gate import Assessment
from bot.model.plan import Action, Cause, Change
from bot.model.report import Answer
from bot.report.changes import block, by_danger, danger, from_elsewhere, from_here, plural
from bot.report.described import described_lines
from bot.report.headline import headline
from bot.report.outline import Block, Fold, Line, Outline, code, join, line, link, listing
from bot.report.phases import phase_outline
from bot.report.steps import state_lines, step_lines
from bot.report.story import Story
from bot.report.tables import plan_table, standing_table
from bot.report.urgent import minor_findings, urgent

__all__ = ["compose", "folds_of", "taken_out", "under"]


def compose(story: Story) -> Outline:
    """The outline of a story. The same story always yields the same outline."""
    outline = phase_outline(story) or planned(story)
    return replace(
        outline,
        under=under(story),
        answers=tuple(answer_line(each) for each in sorted(story.answers, key=lambda each: each.at, reverse=True)),
        links=() if story.phase in ("planning", "closed") else links(story),
        plan_url=story.links.get("plan", ""),
    )


def planned(story: Story) -> Outline:
    """The outline of a pull request with plans, open or merged."""
    merged = story.phase == "merged"
    shown = (*story.assessments, *story.preview)
    items = urgent(shown, story.findings)
    steps = step_lines(story.assessments, items, merged=merged)
    if story.preview and not merged:
        steps = tuple(dict.fromkeys((*steps, *step_lines(story.preview, items, merged=False))))
    table = standing_table(story.standings, story.assessments) if merged else plan_table(story.assessments)
    notices = minor_findings(shown)
    folds = folds_of(story.assessments)
    above = {each.environment.id for each in story.assessments}  # of these the preview is the same state
    if notices:
        folds += (Fold(title=line(plural(len(notices), "notice")), lines=notices),)
    return Outline(
        headline=headline(story),
        paragraphs=(*described_lines(story.described, merged=merged), *unaffected(story)),
        table=table,
        urgent=tuple(each.text for each in items),
        folds=folds,
        steps=steps,
        states=state_lines(shown),
        preview=plan_table(story.preview),
        preview_folds=(*folds_of([e for e in story.preview if e.environment.id not in above]), *former_folds(story)),
    )


def under(story: Story, *, comment: bool = True) -> Line:
    """Which commit into which, when it was planned, and (in a comment) that it stays current."""
    head, base = code(story.pull.head[:7]), code(story.base_branch)
    parts: list[Line] = [line("head ", head)]
    if story.phase == "merged" and story.pull.merge_commit:
        parts = [line(head, " was merged into ", base, " as ", code(story.pull.merge_commit[:7]))]
    elif story.phase == "open" and story.base:
        parts = [line(head, " merged into ", base, " ", code(story.base[:7]))]
    elif story.base and story.phase != "closed":
        parts.append(line("base ", base, " ", code(story.base[:7])))
    if story.at and story.phase in ("open", "merged"):
        parts.append(line(f"planned {story.at:%Y-%m-%d %H:%M} UTC"))
    if comment and story.phase != "closed":
        parts.append(line("this comment updates itself"))
    return join(parts)


def unaffected(story: Story) -> tuple[Line, ...]:
    """The environments that stay as they are, and what the preview is."""
    if story.leaving:
        return (taken_out(story.leaving, merged=story.phase == "merged"), *not_changed(story))
    if story.phase == "open" and not story.assessments and not story.preview:
        reason = "No file that this changes is read by an environment, or each renders to what it renders already."
        return (line(reason), *not_changed(story))
    return not_changed(story)


def taken_out(names: Sequence[str], *, merged: bool = False) -> Line:
    """What becomes of environments that tidegate.yaml describes no more."""
    nothing = "Nothing" if merged else "After the merge nothing"
    return line(
        "No longer described by ", code("tidegate.yaml"), ": ", join([line(name) for name in names], ", "),
        f". {nothing} is applied there any more and drift stays; what is there is not deleted.",
    )  # fmt: skip


def not_changed(story: Story) -> tuple[Line, ...]:
    """`Not changed: dev, qa.`"""
    if not story.unaffected:
        return ()
    return (line("Not changed: ", listing([line(name) for name in story.unaffected]), "."),)


def folds_of(assessments: Sequence[Assessment]) -> tuple[Fold, ...]:
    """Per environment, the most dangerous first: what the pull request changes, then what else applying would do.

    What it changes is shown once for all environments where it looks alike, as after a change of a base they share.
    """
    ordered = sorted(assessments, key=danger)
    mine = {each.environment.id.name: tuple(block(change) for change in from_here(each.plan)) for each in ordered}
    alike: dict[tuple[Block, ...], list[str]] = {}
    for name, blocks in mine.items():
        alike.setdefault(blocks, []).append(name)
    folds = []
    for assessment in ordered:
        name = assessment.environment.id.name
        blocks, others = mine[name], from_elsewhere(assessment.plan)
        if blocks and alike[blocks][0] == name:
            folds.append(Fold(title=changes_title(alike[blocks], len(blocks)), blocks=blocks))
        if others:
            folds.append(Fold(title=others_title(assessment, others), blocks=tuple(block(each) for each in others)))
    return tuple(folds)


def changes_title(names: Sequence[str], number: int) -> Line:
    """`prod: 4 changes`; `prod, staging: 4 changes each, shown once`."""
    each = " each, shown once" if len(names) > 1 else ""
    return line(listing([line(name) for name in names]), f": {plural(number, 'change')}{each}")


def former_folds(story: Story) -> tuple[Fold, ...]:
    """What the pull request would change if its own tidegate.yaml did not describe the environment anew."""
    return tuple(
        Fold(
            title=line(
                f"{each.environment.id.name}, were it as ", code("tidegate.yaml"), " of ", code(story.base_branch),
                f" has it: {plural(len(mine), 'change')}",
            ),
            blocks=tuple(block(change) for change in mine),
        )
        for each in story.former
        if (mine := from_here(each.plan))
    )  # fmt: skip


def others_title(assessment: Assessment, others: Sequence[Change]) -> Line:
    """`prod: 1 drifted (replicas 3 → 5; applying puts it back)`."""
    name = assessment.environment.id.name
    pending = [each for each in others if each.cause is Cause.PENDING]
    drifted = [each for each in others if each.cause is Cause.DRIFT]
    parts: list[Line] = []
    if pending:
        parts.append(line(f"{len(pending)} merged earlier and not applied yet"))
    if drifted:
        sooner = "put back by itself" if assessment.environment.drift == "revert" else "applying puts it back"
        parts.append(line(f"{len(drifted)} drifted ({first_drift(drifted)}{sooner})"))
    return line(f"{name}: ", join(parts, ", "), ", not from this pull request")


def first_drift(drifted: Sequence[Change]) -> str:
    """What drifted, where a few words can tell."""
    change = by_danger(drifted)[0]
    if len(drifted) > 1 or change.action is not Action.UPDATE or len(change.fields) != 1:
        return ""
    changed = change.fields[0]
    short = all(
        isinstance(each, str | int | float | bool) and len(str(each)) <= 20 for each in (changed.before, changed.after)
    )
    return f"{changed.path.rsplit('/', 1)[-1]} {changed.after} → {changed.before}; " if short else ""


def answer_line(answer: Answer) -> Line:
    """Who typed what, and what became of it."""
    sign = "✅" if answer.accepted else "❌"
    return line(f"{sign} ", code(answer.by), " ", code(answer.command), ": ", answer.text)


def links(story: Story) -> tuple[Line, ...]:
    """The environments' pages."""
    names = [each.environment.id.name for each in (*story.assessments, *story.preview)]
    names += [each.environment for each in story.standings]
    found = [(name, story.links.get(f"environment:{name}", "")) for name in dict.fromkeys(names)]
    shown = [(link(name, url),) for name, url in found if url]
    return (line("Environments: ", listing(shown)),) if shown else ()
