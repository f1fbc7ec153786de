"""A piece of a checkup done, in whatever process."""

from dataclasses import replace

from bot.diff import normalise
from bot.errors import InputError, RenderError, TreeError
from bot.flow.assess import Tools, render
from bot.flow.checkup.work import FILES, Checkup, Identity, Later, Outcome, Task, joined, parts, piecewise
from bot.flow.encrypted import faults, refuse_encrypted
from bot.flow.files import validated_here
from bot.flow.judge import policy_files
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.groups import is_own_group
from bot.model.identity import RepositoryId
from bot.model.plan import Finding
from bot.model.resource import Origin, Resource, ResourceId
from bot.model.tree import Tree
from bot.render import Piecewise

__all__ = ["perform"]

PART = 32 * 1024  # bytes of files that are read and judged at once: what is made of them fits into a processor's cache
DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"


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


def unreadable(environment: Environment, message: str) -> Finding:
    """Files of an environment that could not be read."""
    fix = "make the file readable, or remove it from the source"
    return Finding(check="render", level="unknown", message=message, fix=fix, path=environment.source.path)
