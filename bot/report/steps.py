"""What to do, in order: one line per environment with the commands to type, and what the approvals are for."""

from collections.abc import Sequence

from bot.model.gate import Assessment, Verdict
from bot.report.changes import short_digest
from bot.report.outline import Line, code, join, line, listing, strong
from bot.report.urgent import Urgent
from bot.report.verdicts import CONSENT, child, state, waits

__all__ = ["numbers", "people", "state_lines", "step_lines"]


def step_lines(assessments: Sequence[Assessment], items: Sequence[Urgent], *, merged: bool) -> tuple[Line, ...]:
    """A line for each environment that is ever applied: `To apply prod: fix 2 · … comments … · merge`.

    Environments of which the same is to be done share one.
    """
    names: dict[tuple[str, Line], list[str]] = {}
    for assessment in assessments:
        steps = () if assessment.environment.apply == "never" else join(steps_of(assessment, items, merged=merged))
        if steps:
            aim = "To approve {} as it is:" if not merged and only_agreed(assessment) else "To apply {}:"
            names.setdefault((aim, steps), []).append(assessment.environment.id.name)
    return tuple(line(strong(aim.format(several(found))), " ", steps) for (aim, steps), found in names.items())


def only_agreed(assessment: Assessment) -> bool:
    """Whether people are to agree, and to nothing but what is there: other rules, a revert of what was not applied."""
    rules = {each.rule for each in waits(assessment)}
    nothing = assessment.plan is not None and not assessment.plan.effective
    return nothing and not rules.isdisjoint(CONSENT) and rules.isdisjoint(("first_apply", "apply"))


def steps_of(assessment: Assessment, items: Sequence[Urgent], *, merged: bool) -> list[Line]:
    """The steps of one environment."""
    name = assessment.environment.id.name
    steps: list[Line] = []
    mine = [number for number, item in enumerate(items, start=1) if name in item.blocks]
    if mine:
        steps.append(line(f"fix {numbers(mine)}"))
    elif state(assessment) in ("fail", "unknown"):
        steps.append(line(f"first: {assessment.verdict.reason}" if assessment.verdict else "first: look again"))
    waiting = waits(assessment)
    steps += [line(each.children[0].reason) for each in waiting if each.rule == "descent" and each.children]
    consent = [each for each in waiting if each.rule in CONSENT]
    if consent:
        steps.append(consent_step(assessment, consent, merged=merged))
    hold = child(assessment, "hold")
    if hold and hold.state == "wait":
        steps.append(line(asked(hold.who, 1), " comments ", code(hold.next)))
    if not merged:
        steps.append(line("merge"))
    steps += [line(f"it follows by itself {each.reason}") for each in waiting if each.rule == "order"]
    steps += [
        line("somebody with write access comments ", code(each.next), "" if merged else " after the merge")
        for each in waiting
        if each.rule in ("first_apply", "apply")
    ]
    return steps


def consent_step(assessment: Assessment, consent: Sequence[Verdict], *, merged: bool) -> Line:
    """Who is to type which commands to agree."""
    commands = list(dict.fromkeys(each for node in consent for each in node.next.split("\n") if each))
    who = tuple(dict.fromkeys(each for node in consent for each in node.who))
    number = max(1, *(each.count for each in assessment.rules))
    start = line(asked(who, number), " comments " if number == 1 else " comment ")
    step = line(start, join([(code(each),) for each in commands], " and "))
    destroys = any(node.rule == "deletions" for node in consent)
    if all(each.reviews for each in assessment.rules) and not destroys and not merged:
        step = line(step, f" (or approve{'s' if number == 1 else ''} in a review of this head)")
    return step


def asked(who: Sequence[str], number: int) -> Line:
    """`one of acme/sre`, `2 of acme/sre or ana`; `somebody with write access`, `2 people with write access`."""
    everyone, _, rest = who[0].partition(" ") if len(who) == 1 else ("", "", "")
    if everyone == "everyone":
        return line(f"{'somebody' if number == 1 else f'{number} people'} {rest}")
    return line(f"{'one' if number == 1 else number} of ", people(who))


def people(who: Sequence[str]) -> Line:
    """The approvers, without what would notify them."""
    names = [each.removeprefix("team:").removeprefix("user:") for each in who]
    return join([line(name) if " " in name else (code(name),) for name in names], " or ")


def numbers(found: Sequence[int]) -> str:
    """`2`, `2 and 3`, `2–5`, `2, 4 and 7`."""
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{found[0]}–{found[-1]}"
    return several([str(each) for each in found])


def several(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; the first five and how many more there are, where there are more than six."""
    if len(words) > 6:
        words = [*words[:5], f"{len(words) - 5} more"]
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


def state_lines(assessments: Sequence[Assessment]) -> tuple[Line, ...]:
    """Which states approvals are for, where any are asked for and there is a state that could be approved."""
    states = list(dict.fromkeys(
        (each.environment.id.name, each.head.digest)
        for each in assessments
        if each.head and each.plan and each.environment.apply != "never"
    ))  # fmt: skip
    if not states:
        return ()
    if len(states) == 1:
        shown = line("The approval is for state ", code(short_digest(states[0][1])))
    else:
        named = [line(f"{name} ", code(short_digest(digest))) for name, digest in states]
        shown = line("Approvals are for the states ", listing(named))
    return (line(shown, f"; pushes that render the same keep {'it' if len(states) == 1 else 'them'}."),)
