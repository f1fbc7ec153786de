"""Checking a rendered state by every set of policies that counts for it."""

import posixpath
from dataclasses import replace

from bot.flow.subject import Ruling, Subject, Tools
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Desired
from bot.model.tree import Tree

__all__ = ["judge"]

SHIPPED = "builtin:"
"""What the name of a policy begins with that Tidegate ships."""


async def judge(tools: Tools, subject: Subject, head: Desired, base: Desired | None, files: Tree) -> list[Finding]:
    """All findings by all rulings, each once. A loosened policy binds only later revisions: the earlier one counts."""
    found: dict[Finding, None] = {}
    applied: list[object] = []
    for ruling in subject.rulings or (Ruling(environment=subject.environment, tree=subject.head),):
        if (policies := content(ruling)) not in applied:
            applied.append(policies)
            examined = replace(await examine(tools, subject, ruling, head, base), files=loaded(files))
            findings = await tools.evaluator.check(subject.environment.id.repository, examined)
            found |= dict.fromkeys(findings)
    return list(found)


def content(ruling: Ruling) -> tuple[object, ...]:
    """What tells one ruling's policies from another's: which there are, how they count, and what they hold."""
    given, entries = ruling.environment, ruling.tree.entries
    files = {path: entries[path].blob for path in policy_files(given, ruling.tree)}
    return given.policies, given.policy_levels, given.waivers, files


async def examine(tools: Tools, subject: Subject, ruling: Ruling, head: Desired, base: Desired | None) -> Examined:
    """What the checks are to look at."""
    given = ruling.environment
    environment = replace(
        subject.environment, policies=given.policies, policy_levels=given.policy_levels, waivers=given.waivers
    )
    known = base is not None or subject.base is None or subject.before is None
    wanted = policy_files(environment, ruling.tree)
    missing = ruling.tree.missing(wanted)
    tree = await subject.load(ruling.tree, missing) if missing else ruling.tree
    return Examined(
        environment=environment, resources=head.resources, before=(base.resources if base else ()) if known else None,
        kubernetes=tools.api(environment), policies=tree.only(wanted),
    )  # fmt: skip


def loaded(tree: Tree) -> Tree:
    """The part of the tree whose contents were read."""
    return tree.only(frozenset(path for path, entry in tree.entries.items() if entry.blob in tree.blobs))


def policy_files(environment: Environment, tree: Tree) -> frozenset[str]:
    """Every file below the policy folders that the environment names."""
    folders = [each for each in environment.policies if not each.startswith(SHIPPED)]
    return frozenset(entry.path for folder in folders for entry in tree.under(posixpath.normpath(folder)))
