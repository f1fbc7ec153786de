"""What is said once when an apply has ended: a comment of its own, so that people are notified."""

from collections.abc import Sequence
from datetime import datetime

from bot.model.identity import Person
from bot.model.noun import Digest, Sha, noun
from bot.model.plan import Action, Applied, Health, Plan
from bot.model.report import Outcome
from bot.report.changes import count_line, plural, short_digest
from bot.report.comment import outcome_marker
from bot.report.markdown import to_markdown
from bot.report.outline import Fold, Line, Outline, code, join, line, strong

__all__ = ["Deed", "Superseded", "outcome_of", "superseded"]

LIMIT = 30_000
"""Characters; well below every forge's limit, since the plan itself is in the other comment."""


@noun
class Deed:
    """An apply that ended: `results` holds what became of each object (an object without one was not begun).

    `approvers` are those whose approvals counted; `at` is when it ended (UTC).
    """

    environment: str
    revision: Sha
    digest: Digest
    plan: Plan
    results: tuple[Applied, ...]
    health: Health
    approvers: tuple[Person, ...] = ()
    prefix: str = "/gate"
    at: datetime | None = None


@noun
class Superseded:
    """A merge of which nothing was left to apply: at `revision` the environment renders to what it held (`digest`).

    `there`: it held what this merge shows; else the change was undone. `others` are the numbers of the pull requests
    that are known to have been merged beside it; none: somebody pushed directly, or the merge is not known yet.
    """

    environment: str
    revision: Sha
    digest: Digest
    others: tuple[int, ...] = ()
    there: bool = False


def superseded(what: Superseded, key: str) -> Outcome:
    """The last word to a thread of which nothing was left to apply."""
    outline = there_already(what) if what.there else undone(what)
    return Outcome(key=key, body=to_markdown(outline, LIMIT, marker=outcome_marker(key)))


def there_already(what: Superseded) -> Outline:
    """The environment held what the thread shows."""
    name = what.environment
    told = line(
        "What this pull request showed for ", strong(name), " is there: ", code(what.revision[:7]),
        " renders to the state ", code(short_digest(what.digest)), " that it holds, together with ", *beside(what), ".",
    )  # fmt: skip
    rest = line("It was so before this was merged, so nothing of it is applied by itself.")
    headline = line(f"↪ {name} already is as this shows it · nothing was left to apply")
    return Outline(headline=headline, paragraphs=(told, rest))


def undone(what: Superseded) -> Outline:
    """What the thread shows was taken back before it got there."""
    name = what.environment
    told = line(
        "What this pull request showed for ", strong(name), " never got there: together with ", *beside(what), ", ",
        code(what.revision[:7]), " renders to the state ", code(short_digest(what.digest)), " that ", name, " holds.",
    )  # fmt: skip
    rest = line("Nothing of it is left to apply there, and its approvals no longer count.")
    headline = line(f"↪ {name} stays as it was · this was undone before it was applied")
    return Outline(headline=headline, paragraphs=(told, rest))


def beside(what: Superseded) -> Line:
    """What was merged beside it."""
    return join([line(f"#{number}") for number in what.others], ", ") or line("what else came to the branch")


def outcome_of(deed: Deed, key: str) -> Outcome:
    """The comment. `key` makes it appear once, however often it is tried."""
    outline = failure(deed) if broken(deed) else success(deed)
    return Outcome(key=key, body=to_markdown(outline, LIMIT, marker=outcome_marker(key)))


def broken(deed: Deed) -> tuple[Applied, ...]:
    """The results that are not a success: failed, begun without an end, or not known."""
    return tuple(each for each in deed.results if each.state != "done")


def untouched(deed: Deed) -> list[str]:
    """The objects that the apply never came to."""
    begun = {each.id for each in deed.results}
    return [str(each.id) for each in deed.plan.effective if each.id not in begun]


def success(deed: Deed) -> Outline:
    """Everything was applied; whether it works is said too."""
    healthy = deed.health.state == "healthy"
    done = plural(len(deed.results), "object") + " applied" if deed.results else "nothing had to change"
    sign = "✅" if healthy else "⚠"
    headline = line(f"{sign} {deed.environment} is at ", code(deed.revision[:7]), f" · {done}, {deed.health.state}")
    facts = join([line("State ", code(short_digest(deed.digest))), counted(deed), by(deed), when(deed)])
    paragraphs: list[Line] = [facts]
    if not healthy and deed.health.reasons:
        paragraphs.append(line("Not healthy: ", "; ".join(deed.health.reasons)))
    gone = [str(each.id) for each in deed.results if each.action in (Action.DELETE, Action.REPLACE)]
    folds = (objects("Deleted", gone),) if gone else ()
    undo = line(strong("Undo:"), " revert the pull request; the revert is planned and approved like any change.")
    if gone:
        undo = line(undo, " What was deleted is made anew then; data that went with it does not come back.")
    return Outline(headline=headline, paragraphs=(*paragraphs, undo), folds=folds)


def failure(deed: Deed) -> Outline:
    """What was applied, what was not, the first error, and whether trying again is safe."""
    wrong = broken(deed)
    done = [each for each in deed.results if each.state == "done"]
    total = len(done) + len(wrong) + len(untouched(deed))
    headline = line(
        f"❌ {deed.environment} did not reach ", code(deed.revision[:7]), f" · {len(done)} of {total} applied"
    )  # fmt: skip
    first = wrong[0]
    said = first.error or "it was begun, and what became of it could not be learnt"
    name = deed.environment
    again = line(
        strong("Trying again is safe:"),
        " every attempt looks at what is there and plans the same approved state anew. It is tried again by itself; ",
        "drift is not repaired meanwhile. To stop that, comment ",
        code(f"{deed.prefix} hold {name}"),
        "; after a new commit, its plan takes over.",
    )
    paragraphs = (
        line("First error: ", strong(str(first.id)), f" ({first.action}): {said}"),
        join([line("State ", code(short_digest(deed.digest))), by(deed), when(deed)]),
        again,
    )
    groups = (
        ("Applied", [str(each.id) for each in done]),
        ("Failed", [str(each.id) for each in wrong if each.state == "failed"]),
        ("Not known", [str(each.id) for each in wrong if each.state != "failed"]),
        ("Not begun", untouched(deed)),
    )
    return Outline(
        headline=headline,
        paragraphs=paragraphs,
        folds=tuple(objects(title, names) for title, names in groups if names),
    )


def counted(deed: Deed) -> Line:
    """`2 new, 1 changed, **1 deleted**`; nothing where nothing was done."""
    done = {each.id for each in deed.results}
    changes = [each for each in deed.plan.effective if each.id in done]
    return count_line(changes) if changes else ()


def by(deed: Deed) -> Line:
    """Who approved, without notifying them."""
    if not deed.approvers:
        return ()
    return line("approved by ", join([(code(each.login),) for each in deed.approvers], ", "))


def when(deed: Deed) -> Line:
    """The time in UTC."""
    return line(f"{deed.at:%Y-%m-%d %H:%M} UTC") if deed.at else ()


def objects(title: str, names: Sequence[str]) -> Fold:
    """A folded list of objects."""
    return Fold(title=line(f"{title}: {plural(len(names), 'object')}"), lines=tuple(line(code(each)) for each in names))
