"""The checkup as a whole: what work there is, and the findings put together."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from bot.errors import RenderError
from bot.flow.assess import Tools
from bot.flow.checkup.work import FILES, Checkup, Identity, Outcome, Task, joined, parts, piecewise, put_off
from bot.model.checked import Checked, Judged
from bot.model.environment import CONFIGURATION, Environment
from bot.model.plan import Finding
from bot.model.resource import Origin, Resource, ResourceId

__all__ = ["checkup"]

SHARE = 128 * 1024  # bytes of files that a process is given at once: each time it has to be waited for, and answered

Run = Callable[[Sequence[Task]], Sequence[Outcome]]
"""Does all tasks; their outcomes in the same order."""


def checkup(tools: Tools, subject: Checkup, run: Run) -> Checked:
    """Judge every environment of `subject`; the work is done by `run`."""
    first = [task for each in subject.environments for task in tasks_of(tools, subject, each)]
    if subject.configuration and subject.configuration.schemas and subject.files:
        first.append(Task(environment=FILES))
    found = by_environment(first, run(first))
    rest = [Task(environment=name, later=later) for name, done in found.items() if (later := put_off(done))]
    for name, more in by_environment(rest, run(rest) if rest else ()).items():
        found[name] += more
    judged = (put_together(tools, subject, each, found[each.id.name]) for each in subject.environments)
    files = (each for outcome in found[FILES] for each in outcome.findings)
    return Checked(environments=tuple(judged), files=tuple(sorted(files, key=attrgetter("order"))))


def tasks_of(tools: Tools, subject: Checkup, environment: Environment) -> Iterator[Task]:
    """The work on one environment."""
    renderer = piecewise(tools, subject, environment)
    try:
        paths = renderer.pieces(subject.head, environment.source) if renderer else ()
    except RenderError:
        paths = ()  # the render of the whole says why
    if not paths:
        yield Task(environment=environment.id.name)
    for share in parts(subject.head, paths, SHARE):
        yield Task(environment=environment.id.name, paths=share)


def by_environment(tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each environment, in order."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for task, outcome in zip(tasks, outcomes, strict=True):
        found[task.environment].append(outcome)
    return found


def put_together(tools: Tools, subject: Checkup, environment: Environment, outcomes: Sequence[Outcome]) -> Judged:
    """One environment's findings put together and in order."""
    renderer = piecewise(tools, subject, environment)
    whole = joined(outcomes)
    findings = list(whole.findings)
    if renderer:
        findings += renderer.across(environment.source, repeated(whole.identities))
        if not whole.objects and not findings:
            findings += renderer.nothing(subject.head, environment.source)
    placed = (anchored(subject, environment, each) for each in findings)
    return Judged(
        name=environment.id.name, source=environment.source.path, objects=whole.objects,
        findings=tuple(dict.fromkeys(sorted(placed, key=attrgetter("order")))),
    )  # fmt: skip


def repeated(identities: Sequence[Identity]) -> tuple[Resource, ...]:
    """The objects of which there is more than one, in the order in which they stand."""
    count: Mapping[tuple[str, ...], int] = tally(identities)
    return tuple(
        Resource(id=ResourceId(type=type, name=name, scope=scope), body={}, origin=Origin(path=path, line=line))
        for type, name, scope, path, line in identities
        if count[type, name, scope] > 1
    )


def tally(identities: Sequence[Identity]) -> dict[tuple[str, ...], int]:
    """How often each object is there."""
    count: dict[tuple[str, ...], int] = defaultdict(int)
    for each in identities:
        count[each[:3]] += 1
    return count


def anchored(subject: Checkup, environment: Environment, finding: Finding) -> Finding:
    """The finding at a file: what concerns an environment as a whole is shown where the environment is described."""
    placed = finding.path in subject.head.entries and (finding.line or finding.path != CONFIGURATION)
    if placed or not subject.written:
        return finding
    # the name of a file that cannot be printed as it is leads to no file, and is said instead
    named = f"{finding.path}:{finding.line}: " if finding.path != CONFIGURATION and finding.line else ""
    return replace(finding, message=named + finding.message, path=CONFIGURATION, line=environment.line, column=1)
