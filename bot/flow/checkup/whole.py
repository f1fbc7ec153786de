"""The checkup as a whole: what work there is, and the findings put together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter, itemgetter

from bot.check.schemas import once_per_kind
from bot.errors import RenderError
from bot.flow.assess import Tools
from bot.flow.checkup.work import FILES, Checkup, Identity, Outcome, Task, comparable, joined, piecewise
from bot.model.checked import Checked, Judged
from bot.model.environment import CONFIGURATION, Environment
from bot.model.plan import Finding
from bot.model.resource import Origin, Resource, ResourceId
from bot.model.tree import Tree
from bot.render import Piecewise

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
    known = {each.id.name: joined(found[each.id.name]) for each in subject.environments}
    last = [task for each in subject.environments if (task := last_of(tools, subject, each, known[each.id.name]))]
    for task, outcome in zip(last, run(last) if last else (), strict=True):
        known[task.environment] = completed(known[task.environment], task, outcome)
    judged = (put_together(tools, subject, each, known[each.id.name]) for each in subject.environments)
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
    for share in shares(subject.head, paths):
        yield Task(environment=environment.id.name, paths=share)


def shares(tree: Tree, paths: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The paths in shares of about `SHARE` bytes."""
    share: list[str] = []
    size = 0
    for path in paths:
        share.append(path)
        size += tree.entries[path].size
        if size >= SHARE:
            yield tuple(share)
            share, size = [], 0
    if share:
        yield tuple(share)


def by_environment(tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each environment, in order."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for task, outcome in zip(tasks, outcomes, strict=True):
        found[task.environment].append(outcome)
    return found


def last_of(tools: Tools, subject: Checkup, environment: Environment, known: Outcome) -> Task | None:
    """What is to be judged when everything was read: what defines kinds, and all that may be of a defined kind."""
    if not known.later and not known.custom:
        return None
    renderer = piecewise(tools, subject, environment)
    base = comparable(tools, subject, environment, renderer)
    revised = (*known.revised, *(gone(subject, environment, renderer, base) if renderer and base else ()))
    # a definition may stand in what the base has otherwise
    sure = not revised and (base or not subject.earlier(environment))
    again = (path for path, type in known.custom if type in known.defines or not sure)
    last = tuple(sorted({*known.later, *again}))
    return Task(environment=environment.id.name, last=last, revised=revised) if last else None


def gone(subject: Checkup, environment: Environment, renderer: Piecewise, base: Tree) -> tuple[str, ...]:
    """The files of the base that the environment does not read any more."""
    lost = base.entries.keys() - subject.head.entries.keys()
    try:
        return tuple(path for path in renderer.pieces(base, environment.source) if path in lost) if lost else ()
    except RenderError:
        return ()


def completed(known: Outcome, task: Task, outcome: Outcome) -> Outcome:
    """What is known with what was judged last, in the place of what was said of those files before."""
    again = {path for path, _ in known.custom}.intersection(task.last)
    kept = (each for each in known.findings if each.path not in again)
    return replace(known, findings=(*kept, *outcome.findings))


def put_together(tools: Tools, subject: Checkup, environment: Environment, whole: Outcome) -> Judged:
    """One environment's findings put together and in order."""
    renderer = piecewise(tools, subject, environment)
    findings = list(whole.findings)
    if renderer:
        findings = once_per_kind(findings, lambda type: of_type(type, whole.identities))
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
    count = Counter(map(itemgetter(0, 1, 2), identities))
    if len(count) == len(identities):
        return ()
    return tuple(bodiless(each) for each in identities if count[each[:3]] > 1)


def of_type(type: str, identities: Sequence[Identity]) -> tuple[Resource, ...]:
    """The objects of a type, in the order in which they stand."""
    return tuple(bodiless(each) for each in identities if each[0] == type)


def bodiless(identity: Identity) -> Resource:
    """An object as far as its identity says."""
    type, name, scope, path, line = identity
    return Resource(id=ResourceId(type=type, name=name, scope=scope), body={}, origin=Origin(path=path, line=line))


def anchored(subject: Checkup, environment: Environment, finding: Finding) -> Finding:
    """The finding at a file: what concerns an environment as a whole is shown where the environment is described."""
    placed = finding.path in subject.head.entries and (finding.line or finding.path != CONFIGURATION)
    if placed or not subject.written:
        return finding
    # the name of a file that cannot be printed as it is leads to no file, and is said instead
    named = f"{finding.path}:{finding.line}: " if finding.path != CONFIGURATION and finding.line else ""
    return replace(finding, message=named + finding.message, path=CONFIGURATION, line=environment.line, column=1)
