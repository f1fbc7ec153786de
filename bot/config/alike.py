"""Environments whose folders and names differ in the same place, so that one pattern describes them."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping

from bot.config.patterns import describe
from bot.model.noun import noun
from bot.model.tree import Tree

__all__ = ["Alike", "alike"]

FEWEST = 6
"""Fewer are as quick to read one by one, and each may be given rules of its own."""

VARIABLES = {
    "applications": "app", "apps": "app", "clusters": "cluster", "environments": "environment", "envs": "environment",
    "namespaces": "namespace", "projects": "project", "regions": "region", "services": "service", "stages": "stage",
    "teams": "team", "tenants": "tenant",
}  # fmt: skip
"""What a folder in a folder of such a name is called."""

Form = tuple[str, str]
"""A name and a path with a variable."""


@noun
class Alike:
    """A pattern by its name and its path, and the names of the environments that it stands for."""

    name: str
    path: str
    environments: tuple[str, ...]


def alike(candidates: Mapping[str, str], every: Mapping[str, str], tree: Tree) -> Iterator[Alike]:
    """The patterns that describe `candidates` (name → folder), largest first; each environment is in one at most.

    A pattern has one variable. It matches no folder but those of `every` environment, under the names that they have.
    """
    taken: set[str] = set()
    for form, names in sorted(by_form(candidates).items(), key=lambda item: -len(item[1])):
        if len(names) >= FEWEST and taken.isdisjoint(names) and stands_for_some(form, every, tree):
            taken.update(names)
            yield Alike(name=form[0], path=form[1], environments=tuple(names))


def by_form(environments: Mapping[str, str]) -> dict[Form, list[str]]:
    """The environments of each form that they have."""
    found: dict[Form, list[str]] = defaultdict(list)
    for name, folder in environments.items():
        for form in forms_of(name, folder):
            found[form].append(name)
    return found


def forms_of(name: str, folder: str) -> Iterator[Form]:
    """The environment with a variable in the place of each folder's name that its own name has."""
    parts = folder.split("/")
    for at, part in enumerate(parts):
        marked = f"-{name}-"
        if f"-{part}-" in marked:
            variable = "{" + VARIABLES.get(posixpath.basename("/".join(parts[:at])), "folder") + "}"
            path = "/".join([*parts[:at], variable, *parts[at + 1 :]])
            yield marked.replace(f"-{part}-", f"-{variable}-")[1:-1], path


def stands_for_some(form: Form, every: Mapping[str, str], tree: Tree) -> bool:
    """Whether a pattern of that form describes some of the environments, and nothing else."""
    name, path = form
    described = describe({name: {"source": {"path": path}}}, tree)
    folders = {each: value["source"]["path"] for each, value in described.environments.items()}
    return not described.faults and folders.items() <= every.items()
