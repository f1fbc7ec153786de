"""The pieces of a checkup, and what becomes of them."""

from collections.abc import Sequence

from bot.flow.assess import Tools, pick
from bot.flow.evaluate import InProcess
from bot.flow.subject import Load
from bot.model.environment import Configuration, Environment
from bot.model.noun import noun
from bot.model.plan import Finding
from bot.model.tree import Tree
from bot.render import Piecewise

__all__ = [
    "FILES",
    "Checkup",
    "Identity",
    "Outcome",
    "Task",
    "comparable",
    "joined",
    "lost",
    "piecewise",
]

FILES = ""  # in the place of an environment's name

Identity = tuple[str, str, str, str, int]
"""An object's type, name, scope, and its file and line: what tells that it is defined twice, at little cost."""


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

    def earlier(self, environment: Environment) -> Environment | None:
        """The base's environment of the same name, None where it has none or none that is known."""
        return self.before.environment(environment.id.name) if self.before and self.base else None


@noun
class Task:
    """One piece of work: an environment as a whole, those `paths` of it, or the files of it that are judged last.

    `revised` are files of the base, which are not there any more or are others now.
    """

    environment: str
    paths: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()


@noun
class Outcome:
    """What became of a task. `identities` are those of all objects.

    `later` are files that are not judged yet, as they define kinds or have objects of kinds that an operator defined.
    `custom` are (file, type) of the custom resources that were judged as if nobody defined them, `defines` the types
    that the files define, `revised` the files that the base has otherwise.
    """

    findings: tuple[Finding, ...] = ()
    identities: tuple[Identity, ...] = ()
    objects: int = 0
    later: tuple[str, ...] = ()
    custom: tuple[tuple[str, str], ...] = ()
    defines: frozenset[str] = frozenset()
    revised: tuple[str, ...] = ()


def piecewise(tools: Tools, subject: Checkup, environment: Environment) -> Piecewise | None:
    """The renderer, if it and all checks can do with parts of this environment."""
    renderer = pick(tools.renderers, subject.head, environment.source)
    together = not (isinstance(tools.evaluator, InProcess) and tools.evaluator.apart(environment))
    return renderer if isinstance(renderer, Piecewise) and not together else None


def comparable(tools: Tools, subject: Checkup, environment: Environment, renderer: Piecewise | None) -> Tree | None:
    """The base's files, where that renderer reads the same source of them piece by piece."""
    earlier = subject.earlier(environment)
    if renderer is None or subject.base is None or earlier is None or earlier.source != environment.source:
        return None
    there: object = pick(tools.renderers, subject.base, earlier.source)
    return subject.base if there is renderer else None


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Several outcomes as one."""
    return Outcome(
        findings=tuple(each for outcome in outcomes for each in outcome.findings),
        identities=tuple(each for outcome in outcomes for each in outcome.identities),
        objects=sum(outcome.objects for outcome in outcomes),
        later=tuple(each for outcome in outcomes for each in outcome.later),
        custom=tuple(each for outcome in outcomes for each in outcome.custom),
        defines=frozenset().union(*(outcome.defines for outcome in outcomes)),
        revised=tuple(each for outcome in outcomes for each in outcome.revised),
    )


def lost(task: Task, why: str) -> Outcome:
    """The outcome of work that came to no end: what it was to find out is unknown."""
    first = task.paths[0] if task.paths else ""
    name = task.environment or "files that have a schema"
    part = f" ({len(task.paths)} files from {first})" if len(task.paths) > 1 else ""
    message = f"{name}{part} could not be checked: {why}"
    fix = "run it again with --jobs 1 to see more; if it stays so, look for the file by checking fewer of them"
    return Outcome(findings=(Finding(check="check", level="unknown", message=message, fix=fix, path=first),))
