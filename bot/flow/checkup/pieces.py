"""A piece of a checkup done, in whatever process."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from bot.check.schemas import CRD, defined
from bot.diff import normalise
from bot.errors import InputError, RenderError
from bot.flow.assess import Tools, render
from bot.flow.checkup.before import before_last, before_whole
from bot.flow.checkup.examine import Found, ground, judged, objects, read
from bot.flow.checkup.work import FILES, Checkup, Identity, Outcome, Task, comparable, piecewise
from bot.flow.encrypted import refuse_encrypted
from bot.flow.files import validated_here
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.groups import is_own_group
from bot.model.identity import RepositoryId
from bot.model.plan import Finding
from bot.model.resource import Origin, Resource
from bot.model.tree import Tree
from bot.render import Piecewise

__all__ = ["perform"]


async def perform(tools: Tools, subject: Checkup, task: Task) -> Outcome:
    """Do one piece of work."""
    if task.environment == FILES:
        return await other_files(tools, subject)
    environment = subject.environment(task.environment)
    given = await ground(tools, subject, environment)
    renderer = piecewise(tools, subject, environment)
    if renderer and task.last:
        return await read_last(tools, subject, given, renderer, task)
    if renderer and task.paths:
        return await read_share(tools, subject, given, renderer, task.paths)
    return await whole_environment(tools, subject, given)


async def other_files(tools: Tools, subject: Checkup) -> Outcome:
    """Validate the files that have a schema."""
    assert subject.configuration is not None
    repository = RepositoryId(forge="local", number=0, path="")
    work = subject.configuration, subject.head, subject.files
    return Outcome(findings=tuple(await validated_here(tools.evaluator, subject.load, repository, *work)))


async def read_share(
    tools: Tools, subject: Checkup, given: Examined, renderer: Piecewise, paths: tuple[str, ...]
) -> Outcome:
    """Read some files of an environment, and judge what can be judged without the others."""
    try:
        found, files = await read(subject, subject.head, renderer, paths)
    except InputError as error:
        return Outcome(findings=(unreadable(given.environment, str(error)),))
    resources, custom, known = objects(found), tuple(custom_in(found)), defined(given.kubernetes.crds)
    # a file is judged as a whole: what is said of it and of its objects is not to be said twice
    later = {path for path, type in custom if type == CRD or type in known or not plain(path)}
    now = {path: each for path, each in found.items() if path not in later}
    base = comparable(tools, subject, given.environment, renderer)
    return Outcome(
        findings=await judged(tools, given, now, files),
        identities=tuple(map(identity, resources)),
        objects=len(resources),
        later=tuple(path for path in paths if path in later),
        custom=tuple(each for each in custom if each[0] not in later),
        defines=defined(resources),
        revised=tuple(path for path in paths if is_revised(base, files, path)) if base else (),
    )


def is_revised(base: Tree, files: Tree, path: str) -> bool:
    """Whether the base has another file there."""
    old = base.entries.get(path)
    if old is None:
        return False
    data = files.blobs.get(files.entries[path].blob)
    return data is None or not old.holds(data)


def custom_in(found: Found) -> Iterator[tuple[str, str]]:
    """(path, type) of what judging may take another file for: a custom resource, and what defines one."""
    for path, of_file in found.items():
        for each in of_file:
            if isinstance(each, Resource) and waits(each.id.type):
                yield path, each.id.type


@lru_cache(maxsize=1024)
def waits(type: str) -> bool:
    """Whether judging objects of a type may take another one."""
    return type == CRD or not is_own_group(type.partition(".")[2])


def plain(path: str) -> bool:
    """Whether what is shown as that path is no other file: what was said of it can be taken back then."""
    return path.isprintable() and "\\" not in path


async def read_last(tools: Tools, subject: Checkup, given: Examined, renderer: Piecewise, task: Task) -> Outcome:
    """Judge the files that wait for definitions, now that all are known to be among them."""
    try:
        found, files = await read(subject, subject.head, renderer, task.last)
    except InputError as error:
        return Outcome(findings=(unreadable(given.environment, str(error)),))
    given = replace(given, before=await before_last(tools, subject, given.environment, renderer, task, found))
    return Outcome(findings=await judged(tools, given, found, files))


def identity(resource: Resource) -> Identity:
    """What is kept of an object that was judged."""
    origin = resource.origin or Origin(path="")
    return resource.id.type, resource.id.name, resource.id.scope, origin.path, origin.line


async def whole_environment(tools: Tools, subject: Checkup, given: Examined) -> Outcome:
    """Render an environment and judge all of it."""
    environment = given.environment
    try:
        rendered, files = await render(tools, subject.load, environment, subject.head)
        refuse_encrypted(environment, rendered.resources)
    except RenderError as error:
        return Outcome(findings=tuple(error.findings))
    resources = tuple(normalise(each) for each in rendered.resources)
    # a policy or a custom resource's rule may ask for what was before
    if environment.policies or any(not is_own_group(each.id.group) for each in resources):
        given = replace(given, before=await before_whole(tools, subject, environment))
    examined = replace(given, resources=resources, files=files)
    findings = await tools.evaluator.check(environment.id.repository, examined)
    return Outcome(findings=(*rendered.notices, *findings), objects=len(resources))


def unreadable(environment: Environment, message: str) -> Finding:
    """Files of an environment that could not be read."""
    fix = "make the file readable, or remove it from the source"
    return Finding(check="render", level="unknown", message=message, fix=fix, path=environment.source.path)
