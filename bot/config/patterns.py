"""Environments that are described together: a pattern such as "{cluster}-{app}" is one for each folder it matches."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from bot.config.fault import Fault, Path, escaped
from bot.config.options import LABEL
from bot.config.paths import path_problem
from bot.model.noun import noun
from bot.model.tree import SUBMODULE, Tree

__all__ = ["Described", "describe", "in_the_file", "is_pattern"]

VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)
MOST = 1000
"""Environments that a pattern may stand for: whoever adds a folder adds one, and each is rendered."""

LEFT_OUT = (".", "_")
"""What the names of folders begin with that no variable stands for."""


@noun
class Described:
    """All environments of a file by name, in the shape of the schema; `keys` says under which key each stands there.

    `faults` are what is wrong with patterns. Where there are any, nobody knows which environments there are.
    """

    environments: Mapping[str, Any]
    keys: Mapping[str, str]
    faults: tuple[Fault, ...] = ()


def is_pattern(key: str) -> bool:
    """Whether a key of `environments` is a pattern instead of a name."""
    return "{" in key


def describe(written: Mapping[str, Any], tree: Tree) -> Described:
    """The environments that `written` names, and for each pattern those of the folders in `tree` that it matches.

    An environment that is named is not taken from a pattern.
    """
    environments: dict[str, Any] = {}
    keys: dict[str, str] = {}
    faults: list[Fault] = []
    for key, value in written.items():
        if not is_pattern(key):
            environments[key], keys[key] = value, key
            continue
        wrong = tuple(ill_formed(key, value))
        found = {} if wrong else matches(value["source"]["path"], tree)
        faults += wrong or misfits(key, value, found)
        for folder, variables in found.items():
            name = filled(key, variables)
            if name in written:
                continue
            if name in environments:
                both = f"{escaped(environments[name]['source']['path'])} and {escaped(folder)}"
                message = f"the folders {both} would both be the environment {escaped(name)}"
                faults.append(Fault(at(key), message, "rename one of them"))
            environments[name], keys[name] = filled_in(value, variables), key
    return Described(environments=environments, keys=keys, faults=tuple(faults))


def in_the_file(faults: Iterable[Fault], described: Described) -> Iterator[Fault]:
    """The faults where they stand in the file; of what is wrong in one place of a pattern the first, and how many."""
    placed: dict[Path, list[Fault]] = defaultdict(list)
    for fault in faults:
        key = described.keys.get(str(fault.path[1])) if fault.path[0] == "environments" and fault.path[1:] else None
        if key is None or not is_pattern(key):
            yield fault
        else:
            placed[("environments", key, *fault.path[2:])].append(fault)
    for path, (first, *others) in placed.items():
        more = f" (and {len(others)} more of this pattern)" if others else ""
        yield Fault(path, first.message + more, first.fix)


def at(key: str, *more: str) -> tuple[str, ...]:
    """The place of a pattern in the file, or of something in it."""
    return ("environments", key, *more)


def ill_formed(key: str, value: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a pattern whatever folders there are."""
    path = value["source"]["path"]
    if problem := path_problem(path, "repository"):
        yield Fault(at(key, "source", "path"), f"path {escaped(path)} {problem[0]}", problem[1])
    named, placed = VARIABLE.findall(key), VARIABLE.findall(path)
    for name in dict.fromkeys(each for each in named if each not in placed):
        yield Fault(
            at(key, "source", "path"), f"{escaped(path)} does not say where {{{name}}} is", "add it to the path"
        )
    for name in dict.fromkeys(each for each in placed if each not in named):
        message = f"{escaped(key)} does not name {{{name}}}, so two folders could have one name"
        yield Fault(at(key), message, f"add {{{name}}} to the name")
    if len(set(placed)) < len(placed) or any(len(VARIABLE.findall(part)) > 1 for part in path.split("/")):
        message = f"{escaped(path)} has a variable twice, or two of them in one folder's name"
        yield Fault(at(key, "source", "path"), message, "write each variable once, and one for each folder")
    known = {*named, *placed}
    for text in texts(value):
        for name in VARIABLE.findall(text):
            if name not in known:
                yield Fault(
                    at(key), f"{escaped(text)}: there is no {{{name}}} in the path", "use a variable of the path"
                )


def misfits(key: str, value: Mapping[str, Any], found: Mapping[str, Mapping[str, str]]) -> Iterator[Fault]:
    """What is wrong with the folders that a pattern matches."""
    path = value["source"]["path"]
    if not found:
        fix = "correct the path, or remove the pattern"
        yield Fault(at(key, "source", "path"), f"no folder of the repository is {escaped(path)}", fix)
    if len(found) > MOST:
        message = f"{escaped(path)} matches {len(found):,} folders; at most {MOST:,} are read"
        yield Fault(at(key, "source", "path"), message, "write a narrower path")
    for folder, variables in found.items():
        name = filled(key, variables)
        if LABEL.fullmatch(name) is None:  # as the schema has it of those that are named
            message = f"the folder {escaped(folder)} would be the environment {escaped(name)}, which is no name"
            fix = "use lower case letters, digits and dashes, or begin the folder's name with _ to leave it out"
            yield Fault(at(key), message, fix)


def matches(path: str, tree: Tree) -> dict[str, dict[str, str]]:
    """The folders that a path with variables matches, in order, each with what the variables stand for."""
    parts = path.split("/")
    form = re.compile("/".join(form_of(each) for each in parts))
    folders = sorted(set(folders_at(tree, len(parts), path[: path.index("{")])))
    return {folder: match.groupdict() for folder in folders if (match := form.fullmatch(folder))}


def folders_at(tree: Tree, depth: int, start: str) -> Iterator[str]:
    """The folders of `depth` names whose path begins with `start`; a submodule is one, which no renderer reads."""
    for path, entry in tree.entries.items():
        if path.startswith(start):
            parts = path.split("/", depth)
            if len(parts) > depth or (len(parts) == depth and entry.mode == SUBMODULE):
                yield "/".join(parts[:depth])


def form_of(part: str) -> str:
    """The regular expression for one folder's name, which has a variable or none."""
    found = VARIABLE.search(part)
    if found is None:
        return re.escape(part)
    before, after = part[: found.start()], part[found.end() :]
    hidden = "" if before else f"(?![{''.join(map(re.escape, LEFT_OUT))}])"
    return f"{re.escape(before)}(?P<{found[1]}>{hidden}[^/]+){re.escape(after)}"


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with what its variables stand for."""
    return VARIABLE.sub(lambda match: variables[match[1]], text)


def filled_in(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with all its texts filled in; keys are left as they are."""
    if isinstance(value, str):
        return filled(value, variables)
    if isinstance(value, Mapping):
        return {key: filled_in(each, variables) for key, each in value.items()}
    return [filled_in(each, variables) for each in value] if isinstance(value, list) else value


def texts(value: Any) -> Iterator[str]:
    """All texts in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(texts, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(texts, value))
