"""From what is wrong with an object to findings at their places, in the file that it came from."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Literal

from bot.check.schemas.problem import MOST, Path, Problem, Unevaluated, field_name
from bot.model.plan import Finding
from bot.model.resource import Resource

__all__ = ["SCHEMAS", "Level", "finding", "not_validated", "once_per_kind", "told"]

SCHEMAS = "schemas"
"""The name that findings about schemas carry."""

MISSING = "missing-schema"
"""The rule of findings about kinds that have no schema."""

Level = Literal["error", "unknown", "warning", "notice"]


def finding(resource: Resource, level: Level, message: str, fix: str, at: Path, rule: str = "") -> Finding:
    """A finding at a place of an object."""
    origin = resource.origin
    line, column = (origin.locate(at) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    return Finding(
        check=SCHEMAS, level=level, message=message, fix=fix, resource=resource.id, rule=rule,
        path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip


def told(resource: Resource, problems: Callable[[], Iterator[Problem | Unevaluated]]) -> list[Finding]:
    """An object's problems as findings in order of line, `MOST` at most and then one that says so."""
    found: list[Finding] = []
    try:
        found += [problem_of(resource, each) for each in islice(problems(), MOST + 1)]
    except ValueError:  # text that is not Unicode, for one; the error's own words may quote a value
        message = f"{resource.id} could not be compared with its schema"
        return [finding(resource, "unknown", message, "look for characters that are not valid Unicode", ())]
    if not found:
        return found
    if len(found) > MOST:
        message = f"{resource.id} has more than {MOST} problems; the rest is not shown"
        found[MOST:] = [finding(resource, "error", message, "mend those that are shown first", ())]
    return sorted(found[:MOST], key=lambda each: (each.line, each.column)) + found[MOST:]


def problem_of(resource: Resource, problem: Problem | Unevaluated) -> Finding:
    """One problem at its place."""
    if isinstance(problem, Unevaluated):
        message = f"a rule of {resource.id} at {field_name(problem.at)} could not be evaluated: {problem.text}"
        fix = "compare the rule with the values that it uses, and with what they were before"
        return finding(resource, "unknown", message, fix, problem.at)
    return finding(resource, "error", f"{problem.field} of {resource.id} {problem.wrong}", problem.fix, problem.at)


def not_validated(resources: Sequence[Resource], level: Level) -> Finding:
    """The finding about all objects of one kind that there is no schema for, at the first of them."""
    first, count = resources[0], len(resources)
    objects = f"{first.id} is" if count == 1 else f"{first.id} and {count - 1} more of its kind are"
    message = f"{objects} not validated: there is no schema for {first.id.type}"
    fix = "add its CustomResourceDefinition to the environment, or to those of its target (`kubernetes.crds`)"
    return finding(first, level, message, fix, (), MISSING)


def once_per_kind(findings: Sequence[Finding], objects: Callable[[str], Sequence[Resource]]) -> list[Finding]:
    """The findings about parts of an environment, those about kinds without a schema put together.

    `objects` gives all objects of a type; they need no bodies.
    """
    missing = {each.resource.type: each.level for each in findings if each.rule == MISSING and each.resource}
    rest = [each for each in findings if each.rule != MISSING or not each.resource]
    return rest + [not_validated(objects(type), level) for type, level in missing.items()]
