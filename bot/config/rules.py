"""What a schema cannot say about `tidegate.yaml`: paths, order, approvals that nobody could give, shared folders."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from difflib import get_close_matches
from itertools import chain, combinations
from typing import Any

from bot.config.fault import Fault, escaped
from bot.config.options import option_faults
from bot.config.paths import contains, path_problem

__all__ = ["prefix_faults", "rule_faults", "waiver_faults"]

Environments = Mapping[str, Any]
"""The environments as they stand in the file, each in the shape that the schema demands."""

GITLAB_QUICK_ACTIONS = re.compile(
    "approve|assign|award|blocks|cc|clone|close|confidential|done|draft|due|duplicate|epic|estimate|iteration|labels?|"
    "link|lock|merge|milestone|move|page|promote|publish|react|ready|reassign|rebase|relabel|relate|reopen|reviewer|"
    "severity|ship|shrug|spend|spent|status|subscribe|tableflip|tag|timeline|title|todo|type|unapprove|unassign|unlabel|"
    "unlink|unlock|unrelate|unsubscribe|weight|wip|zoom"
)
"""GitLab carries these out itself and cuts the line (https://docs.gitlab.com/user/project/quick_actions/).

Those with an underscore are left out, since a prefix cannot have one.
"""

READ_AS_TRUTH = frozenset({"true", "false"})


def rule_faults(environments: Environments, names: Set[str]) -> Iterator[Fault]:
    """The faults of environments that satisfy the schema. `names` are all names of the file, those at fault too."""
    for name, environment in environments.items():
        yield from _name(name)
        yield from _paths(name, environment)
        yield from option_faults(name, environment["source"])
        yield from _approvals(name, environment)
        yield from _after(name, environment.get("after", ()), names)
    yield from _cycles(environments)
    yield from _shared_folders(environments)


def prefix_faults(prefix: str) -> list[Fault]:
    """A prefix that GitLab would carry out itself is none of ours."""
    if GITLAB_QUICK_ACTIONS.fullmatch(prefix.removeprefix("/")) is None:
        return []
    message = f'"prefix" cannot be {prefix}: GitLab carries that out itself and cuts the line'
    return [Fault(("prefix",), message, "choose another word, such as /gate")]


def waiver_faults(waivers: Sequence[Any], names: Set[str]) -> Iterator[Fault]:
    """Waivers that name a day or an environment which there is not."""
    for index, waiver in enumerate(waivers):
        try:
            date.fromisoformat(waiver["expires"])
        except ValueError:
            yield Fault(("waivers", index, "expires"), f"{escaped(waiver['expires'])} is no day", "write 2030-01-31")
        for place, name in enumerate(waiver.get("environments", ())):
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f'; did you mean "{near[0]}"?' if near else ""
                path = ("waivers", index, "environments", place)
                yield Fault(path, f"there is no environment {escaped(name)}{hint}")


def _name(name: str) -> Iterator[Fault]:
    # An unquoted `no:` or `on:` arrives here as "false" or "true", which is hardly the name that was meant.
    if name in READ_AS_TRUTH:
        message = f'"{name}" cannot be a name: yes, no, on, off, y and n without quotes are read as true or false'
        yield Fault(("environments", name), message, "quote the name, or choose another one")


def _paths(name: str, environment: Any) -> Iterator[Fault]:
    written = {
        ("source", "path"): (environment["source"]["path"], "repository"),
        ("scope",): (environment.get("scope", ""), "target"),
    }
    for at, (path, place) in written.items():
        # No scope at all is the whole target, and has one form only.
        problem = path_problem(path, place) if path else None
        if at == ("scope",) and path == ".":
            problem = ("is not in its shortest form", "leave scope out for the whole target")
        if problem is not None:
            yield Fault(("environments", name, *at), f'"{name}": path {escaped(path)} {problem[0]}', problem[1])


def _approvals(name: str, environment: Any) -> Iterator[Fault]:
    rule = environment.get("approvals", {})
    count, approvers = rule.get("count", 0), rule.get("from", ())
    people = {each.lower() for each in approvers if each.startswith("user:")}
    if approvers and len(people) < count and all(each.startswith("user:") for each in approvers):
        named = "1 person" if len(people) == 1 else f"{len(people)} people"
        message = f'"{name}.approvals.count" is {count}, but "from" names {named}, so it could never be reached'
        yield Fault(("environments", name, "approvals", "count"), message, "name more people, or lower the count")


def _after(name: str, after: Sequence[str], names: Set[str]) -> Iterator[Fault]:
    for index, other in enumerate(after):
        path = ("environments", name, "after", index)
        if other == name:
            yield Fault(path, f'"{name}" cannot come after itself', "remove it")
        elif other not in names:
            near = get_close_matches(other, names, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            yield Fault(path, f'"{name}.after": there is no environment "{other}"{hint}')


def _cycles(environments: Environments) -> Iterator[Fault]:
    settled: set[str] = set()
    for start in environments:
        for cycle in _walk(environments, start, settled):
            message = f"environments wait for one another: {' → '.join(cycle)}"
            yield Fault(("environments", cycle[0], "after"), message, "remove one of these from its after")


def _walk(environments: Environments, start: str, settled: set[str]) -> Iterator[list[str]]:
    """The cycles that are met from `start`, each as its names with the first one again at the end."""
    trail: list[str] = []
    pending: list[tuple[str, int]] = [(start, 0)]
    while pending:
        name, depth = pending.pop()
        for left in trail[depth:]:
            settled.add(left)
        del trail[depth:]
        if name in trail:
            yield [*trail[trail.index(name) :], name]
        elif name not in settled and name in environments:
            trail.append(name)
            others = [each for each in environments[name].get("after", ()) if each != name]
            pending += [(other, depth + 1) for other in reversed(others)]
    settled.update(trail)


def _shared_folders(environments: Environments) -> Iterator[Fault]:
    by_target: dict[str, list[str]] = defaultdict(list)
    for name, environment in environments.items():
        by_target[environment["target"]].append(name)
    for first, second in chain.from_iterable(combinations(names, 2) for names in by_target.values()):
        a, b = (environments[name].get("scope", "") for name in (first, second))
        if a == b:
            message = f'"{first}" and "{second}" have the same target and scope'
        elif contains(a, b) or contains(b, a):
            inner, outer = (second, first) if contains(a, b) else (first, second)
            message = f'the scope of "{inner}" lies inside that of "{outer}" on the same target'
        else:
            continue
        key = "scope" if "scope" in environments[second] else "target"
        yield Fault(("environments", second, key), message, "give each environment a folder of its own with scope")
