"""What is said where there is no plan to show: why not, and what to do about it."""

from bot.report.outline import Line, Outline, code, line, strong
from bot.report.story import Phase, Story
from bot.report.urgent import Urgent, urgent

__all__ = ["TITLES", "phase_outline"]

TITLES: dict[Phase, str] = {
    "planning": "planning",
    "conflict": "conflicts with its base",
    "fork": "not planned: comes from a fork",
    "elsewhere": "affects no environment",
    "unconfigured": "affects no environment: there is no tidegate.yaml",
    "misconfigured": "tidegate.yaml cannot be used",
    "unreadable": "cannot be read",
    "closed": "closed without merging",
}
"""A few words per phase without a plan, for the check's title."""


def phase_outline(story: Story) -> Outline | None:
    """The outline of a phase without a plan; None where there is one to show."""
    if story.phase not in TELL or (story.phase == "unconfigured" and story.preview):
        return None
    headline, paragraphs, todo = TELL[story.phase](story)
    steps = tuple(line(strong("Next:"), " ", each) for each in todo)
    items: tuple[Urgent, ...] = urgent((), story.findings)
    paths = tuple(line("❌ ", code(path)) for path in story.conflicts)
    listed = (*paths, *(each.text for each in items))
    return Outline(headline=headline, paragraphs=paragraphs, steps=steps, urgent=listed)


Told = tuple[Line, tuple[Line, ...], tuple[Line, ...]]


def planning(story: Story) -> Told:
    """Nothing is computed yet."""
    return (
        line("⏳ Planning ", code(story.pull.head[:7])),
        (line("The plan appears here as soon as it is made; this comment updates itself."),),
        (),
    )


def conflict(story: Story) -> Told:
    """git cannot merge the change."""
    base = code(story.base_branch)
    if not story.conflicts:
        return (
            line("❌ Has no commit in common with ", base),
            (line("git merges only what has a common beginning, so nothing can be told of the environments."),),
            (line("begin ", code(story.pull.branch), " anew from ", base, " and push"),),
        )
    return (
        line("❌ Conflicts with ", base),
        (line("What the merge would make of the environments cannot be told while these files conflict."),),
        (line("merge or rebase ", base, " into ", code(story.pull.branch), ", resolve the conflict and push"),),
    )


def fork(story: Story) -> Told:
    """A fork's head is read by a person before it is rendered."""
    return (
        line("⏸ Not planned: this change comes from a fork"),
        (line("A fork's files are rendered only after somebody with write access read them and said so."),),
        (
            line(
                "somebody with write access reads the change, then comments ",
                code(f"{story.prefix} plan {story.pull.head}"),
            ),
        ),
    )


def elsewhere(story: Story) -> Told:
    """Another branch than the one that deploys."""
    return (
        line("✅ Affects no environment"),
        (
            line(
                "This goes into ", code(story.pull.base), "; environments follow ", code(story.base_branch),
                ". To deploy the change, open a pull request into ", code(story.base_branch), ".",
            ),
        ),
        (),
    )  # fmt: skip


def unconfigured(story: Story) -> Told:
    """The base has no configuration."""
    return (
        line("✅ Affects no environment: there is no ", code("tidegate.yaml")),
        (
            line(
                "The environments of a repository are described in ", code("tidegate.yaml"), " at the top of ",
                code(story.base_branch), ". A pull request that adds it is previewed if its author has write access.",
            ),
        ),
        (),
    )  # fmt: skip


def misconfigured(story: Story) -> Told:
    """The configuration has errors."""
    del story
    return (
        line("❌ ", code("tidegate.yaml"), " cannot be used"),
        (line("No environment is planned or applied with a configuration that is in doubt."),),
        (line("correct what is listed and push"),),
    )


def unreadable(story: Story) -> Told:
    """Beyond a limit."""
    del story
    return (
        line("❌ Cannot be read"),
        (line("What the merge would make of the environments cannot be told."),),
        (line("correct what is listed and push"),),
    )


def closed(story: Story) -> Told:
    """The last word of a pull request that was not merged."""
    del story
    return (
        line("Closed without merging"),
        (line("Nothing of it was applied, and its approvals no longer count. Opening it again plans it again."),),
        (),
    )


TELL = {
    "planning": planning,
    "conflict": conflict,
    "fork": fork,
    "elsewhere": elsewhere,
    "unconfigured": unconfigured,
    "misconfigured": misconfigured,
    "unreadable": unreadable,
    "closed": closed,
}
