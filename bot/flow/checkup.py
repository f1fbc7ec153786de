"""Every environment of a repository rendered and judged, as pieces of work that several processes may share.

What is found does not depend on how the work is cut or who does it. An environment whose objects come from single files
is read in parts; what takes all of them together (an object that is defined twice, a custom resource and its
definition) is judged when the parts are back. Any other environment is one piece.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from bot.diff import normalise
from bot.errors import InputError, RenderError, TreeError
from bot.flow.assess import Tools, pick, render
from bot.flow.encrypted import faults, refuse_encrypted
from bot.flow.evaluate import InProcess
from bot.flow.files import validated_here
from bot.flow.judge import policy_files
from bot.flow.subject import Load
from bot.model.checked import Checked, Judged
from bot.model.environment import CONFIGURATION, Configuration, Environment
from bot.model.examined import Examined
from bot.model.groups import is_own_group
from bot.model.identity import RepositoryId
from bot.model.noun import noun
from bot.model.plan import Finding
from bot.model.resource import Origin, Resource, ResourceId
from bot.model.tree import Tree
from bot.render import Piecewise

__all__ = ["Checkup", "Outcome", "Task", "checkup", "lost", "perform"]

SHARE = 128 * 1024  # bytes of files that a process is given at once: each time it has to be waited for, and answered
PART = 32 * 1024  # bytes of them that are read and judged at once: what is made of them fits into a processor's cache
FILES = ""  # in the place of an environment's name
DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"

Identity = tuple[str, str, str, str, int]
"""An object's type, name, scope, and its file and line: what tells that it is defined twice, at little cost."""

Later = tuple[str, tuple[Resource, ...]]
"""A file that is judged when everything was read, and its objects."""


@noun
class Checkup:
    """What is checked: `head` with the environments of its configuration (or those that were chosen of it).

    `base` and `before`, its configuration, are what it is compared with; None: nothing. `broken_before`: there is a
    base, and it or its configuration cannot be used, so nobody knows what it renders. `written` says whether there is a
    `tidegate.yaml`. Those of `files` that have a schema by `configuration` are validated, whether an environment reads
    them or not.
    """

    environments: tuple[Environment, ...]
    head: Tree
    load: Load
    base: Tree | None = None
    before: Configuration | None = None
    broken_before: bool = False
    written: bool = True
    configuration: Configuration | None = None
    files: frozenset[str] = frozenset()

    def environment(self, name: str) -> Environment:
        """The environment of that name."""
        return next(each for each in self.environments if each.id.name == name)


@noun
class Task:
    """One piece of work: an environment as a whole, those `paths` of it, or the files of it that were put off."""

    environment: str
    paths: tuple[str, ...] = ()
    later: tuple[Later, ...] = ()


@noun
class Outcome:
    """What became of a task. `identities` are those of all objects, `later` what is not judged yet."""

    findings: tuple[Finding, ...] = ()
    identities: tuple[Identity, ...] = ()
    objects: int = 0
    later: tuple[Later, ...] = ()


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


def piecewise(tools: Tools, subject: Checkup, environment: Environment) -> Piecewise | None:
    """The renderer, if it and all checks can do with parts of this environment."""
    renderer = pick(tools.renderers, subject.head, environment.source)
    together = not (isinstance(tools.evaluator, InProcess) and tools.evaluator.apart(environment))
    return renderer if isinstance(renderer, Piecewise) and not together else None


def parts(tree: Tree, paths: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """The paths in parts of about `most` bytes."""
    part: list[str] = []
    size = 0
    for path in paths:
        part.append(path)
        size += tree.entries[path].size
        if size >= most:
            yield tuple(part)
            part, size = [], 0
    if part:
        yield tuple(part)


def by_environment(tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each environment, in order."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for task, outcome in zip(tasks, outcomes, strict=True):
        found[task.environment].append(outcome)
    return found


def put_off(outcomes: Sequence[Outcome]) -> tuple[Later, ...]:
    """What is left to judge when everything was read."""
    return tuple(each for outcome in outcomes for each in outcome.later)


async def perform(tools: Tools, subject: Checkup, task: Task) -> Outcome:
    """Do one piece of work."""
    if task.environment == FILES:
        return await other_files(tools, subject)
    environment = subject.environment(task.environment)
    if task.later:
        return await read_later(tools, subject, environment, task.later)
    if task.paths:
        return await read_share(tools, subject, environment, task.paths)
    return await whole_environment(tools, subject, environment)


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Several outcomes as one."""
    return Outcome(
        findings=tuple(each for outcome in outcomes for each in outcome.findings),
        identities=tuple(each for outcome in outcomes for each in outcome.identities),
        objects=sum(outcome.objects for outcome in outcomes),
        later=put_off(outcomes),
    )


async def other_files(tools: Tools, subject: Checkup) -> Outcome:
    """Validate the files that have a schema."""
    assert subject.configuration is not None
    repository = RepositoryId(forge="local", number=0, path="")
    work = subject.configuration, subject.head, subject.files
    return Outcome(findings=tuple(await validated_here(tools.evaluator, subject.load, repository, *work)))


async def read_share(tools: Tools, subject: Checkup, environment: Environment, paths: tuple[str, ...]) -> Outcome:
    """Read some files of an environment, a part of them after the other."""
    renderer = piecewise(tools, subject, environment)
    assert renderer is not None
    work = tools, subject, environment, renderer
    return joined([await read_part(*work, part) for part in parts(subject.head, paths, PART)])


async def read_part(
    tools: Tools, subject: Checkup, environment: Environment, renderer: Piecewise, paths: tuple[str, ...]
) -> Outcome:
    """Read them, and judge what can be judged without the others."""
    try:
        files = await subject.load(subject.head, frozenset(paths))
    except (TreeError, InputError) as error:
        return Outcome(findings=(unreadable(environment, str(error)),))
    found = {path: list(renderer.piece(files, path)) for path in paths}
    by_path = {path: [normalise(e) for e in each if isinstance(e, Resource)] for path, each in found.items()}
    # a file is judged as a whole: what is said of it and of its objects is not to be said twice
    later = frozenset(path for path, each in by_path.items() if any(depends(resource.id) for resource in each))
    now = tuple(resource for path, each in by_path.items() if path not in later for resource in each)
    findings = [each for results in found.values() for each in results if isinstance(each, Finding)]
    sealed = [each for of_file in by_path.values() for each in faults(environment, of_file)]
    closed = {each.resource for each in sealed}
    now = tuple(each for each in now if each.id not in closed)
    read = part_of(files, frozenset(paths) - later)
    findings += [*sealed, *await evaluate(tools, subject, environment, now, read, as_written=True)]
    return Outcome(
        findings=tuple(findings),
        identities=tuple(identity(resource) for each in by_path.values() for resource in each),
        objects=sum(map(len, by_path.values())),
        later=tuple((path, tuple(e for e in by_path[path] if e.id not in closed)) for path in paths if path in later),
    )


async def read_later(tools: Tools, subject: Checkup, environment: Environment, later: tuple[Later, ...]) -> Outcome:
    """Judge what was put off."""
    paths = frozenset(path for path, _ in later)
    try:
        files = part_of(await subject.load(subject.head, paths), paths)
    except (TreeError, InputError) as error:
        return Outcome(findings=(unreadable(environment, str(error)),))
    resources = tuple(each for _, of_file in later for each in of_file)
    return Outcome(findings=await evaluate(tools, subject, environment, resources, files, as_written=True))


def part_of(tree: Tree, paths: frozenset[str]) -> Tree:
    """Those files of a tree and nothing else, so that a part costs no more than itself."""
    entries = {path: tree.entries[path] for path in sorted(paths)}
    blobs = {each.blob: tree.blobs[each.blob] for each in entries.values() if each.blob in tree.blobs}
    return replace(tree, entries=entries, blobs=blobs)


def depends(id: ResourceId) -> bool:
    """Whether judging an object may take another one: a custom resource its definition, wherever that stands."""
    return id.type == DEFINITION or not is_own_group(id.group)


def identity(resource: Resource) -> Identity:
    """What is kept of an object that was judged."""
    origin = resource.origin or Origin(path="")
    return resource.id.type, resource.id.name, resource.id.scope, origin.path, origin.line


async def whole_environment(tools: Tools, subject: Checkup, environment: Environment) -> Outcome:
    """Render an environment and judge all of it."""
    try:
        rendered, files = await render(tools, subject.load, environment, subject.head)
        refuse_encrypted(environment, rendered.resources)
    except RenderError as error:
        return Outcome(findings=tuple(error.findings))
    resources = tuple(normalise(each) for each in rendered.resources)
    findings = await evaluate(tools, subject, environment, resources, files, as_written=False)
    return Outcome(findings=(*rendered.notices, *findings), objects=len(resources))


async def evaluate(
    tools: Tools, subject: Checkup, environment: Environment, resources: tuple[Resource, ...], files: Tree,
    *, as_written: bool,
) -> tuple[Finding, ...]:  # fmt: skip
    """All findings of all checks about those resources; `as_written` as `Examined` has it."""
    head = subject.head
    examined = Examined(
        environment=environment, resources=resources, before=await before(tools, subject, environment, resources),
        kubernetes=tools.api(environment), files=files,
        as_written=as_written, policies=await subject.load(head, policy_files(environment, head)),
    )  # fmt: skip
    return tuple(await tools.evaluator.check(environment.id.repository, examined))


async def before(
    tools: Tools, subject: Checkup, environment: Environment, resources: tuple[Resource, ...]
) -> tuple[Resource, ...] | None:
    """What the base renders, where a policy or a custom resource's rule may ask for it; None: nobody knows."""
    asked = environment.policies or any(not is_own_group(each.id.group) for each in resources)
    if not asked:
        return ()
    if subject.broken_before:
        return None
    if subject.base is None:
        return ()
    earlier = subject.before.environment(environment.id.name) if subject.before else None
    if earlier is None:
        return ()
    try:
        rendered, _ = await render(tools, subject.load, earlier, subject.base)
    except RenderError:
        return None
    return tuple(normalise(each) for each in rendered.resources)


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


def unreadable(environment: Environment, message: str) -> Finding:
    """Files of an environment that could not be read."""
    fix = "make the file readable, or remove it from the source"
    return Finding(check="render", level="unknown", message=message, fix=fix, path=environment.source.path)


def lost(task: Task, why: str) -> Outcome:
    """The outcome of work that came to no end: what it was to find out is unknown."""
    first = task.paths[0] if task.paths else ""
    name = task.environment or "files that have a schema"
    part = f" ({len(task.paths)} files from {first})" if len(task.paths) > 1 else ""
    message = f"{name}{part} could not be checked: {why}"
    fix = "run it again with --jobs 1 to see more; if it stays so, look for the file by checking fewer of them"
    return Outcome(findings=(Finding(check="check", level="unknown", message=message, fix=fix, path=first),))
