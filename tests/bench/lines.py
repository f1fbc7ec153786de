"""How many findings stand on the right line: mistakes are planted in real manifests, one at a time, and looked for.

`python -m tests.bench.lines DIR…` plants in copies of the manifests below the folders and prints the figure by kind.
"""

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bot.app import offline_tools
from bot.config.discover import manifests
from bot.flow.checkup import Checkup, checkup, perform
from bot.model.environment import Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding
from bot.model.tree import Tree
from tests.support.trees import tree

REPOSITORY = RepositoryId(forge="local", number=0, path="bench")


class Planted(NamedTuple):
    """A text with one mistake: of which kind, and on which line (from 1)."""

    kind: str
    text: str
    line: int


class Measured(NamedTuple):
    """Mistakes by kind: that were found at all, that were found on their line, that nobody said anything of.

    `missed` describes those that were found elsewhere.
    """

    found: Counter[str]
    right: Counter[str]
    silent: Counter[str]
    missed: list[str]

    @property
    def share(self) -> float:
        """Of those that were found, how many on their line."""
        return self.right.total() / max(1, self.found.total())


INTEGER = re.compile(
    r"^(\s*(?:- )?(?:replicas|containerPort|port|minReplicas|maxReplicas|initialDelaySeconds): *)\d+\s*$"
)
TEXT = re.compile(r"^(\s*(?:- )?(?:image|serviceAccountName|namespace|mountPath): *)\S.*$")
QUANTITY = re.compile(r"^(\s*(?:cpu|memory|storage): *)\"?[0-9][0-9.]*[A-Za-z]*\"?\s*$")
BLOCK = re.compile(r"^(\s*)(metadata|spec|resources|securityContext|selector|template):\s*$")
ITEM = re.compile(r"^(\s*)- (containerPort|port): *\d+\s*$")
BOOLEAN = re.compile(
    r"^(\s*(?:- )?(?:automountServiceAccountToken|readOnlyRootFilesystem|allowPrivilegeEscalation|readOnly): *)"
    r"(true|false)\s*$"
)
PROTOCOL = re.compile(r"^(\s*(?:- )?protocol: *)TCP\s*$")
API = re.compile(r"^(apiVersion: *)apps/v1\s*$")


def planted(text: str) -> Iterator[Planted]:
    """Every mistake that can be planted in a manifest."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        for kind, changed, at in mistakes(lines, number, line):
            yield Planted(kind, "\n".join(changed), at)


def mistakes(lines: list[str], number: int, line: str) -> Iterator[tuple[str, list[str], int]]:
    """The mistakes that one line allows: the kind, the lines of the file with it, and where it is to be found."""
    before, after = lines[: number - 1], lines[number:]
    if found := INTEGER.match(line):
        yield "wrong type: text for a number", [*before, found[1] + "many", *after], number
    if found := TEXT.match(line):
        yield "wrong type: a number for text", [*before, found[1] + "17", *after], number
    if found := BOOLEAN.match(line):
        yield "wrong type: text for a truth value", [*before, found[1] + '"yes"', *after], number
    if found := QUANTITY.match(line):
        yield "bad quantity", [*before, found[1] + "12.5.GiB", *after], number
    if found := PROTOCOL.match(line):
        yield "bad enum", [*before, found[1] + "TPC", *after], number
    if found := API.match(line):
        yield "bad apiVersion", [*before, found[1] + "apps/v1beta1", *after], number
    if (found := BLOCK.match(line)) and after:
        inner = re.match(r"\s*", after[0])
        indent = inner[0] if inner else ""
        if len(indent) > len(found[1]) and after[0].strip() and not after[0].lstrip().startswith(("-", "#")):
            yield "unknown field", [*before, line, f"{indent}bogusField: x", *after], number + 1
    if found := ITEM.match(line):
        # what stands on the item's own line is what is missing, so the item is where it has to be added
        other = "hostIP: 10.0.0.1" if found[2] == "containerPort" else "appProtocol: http"
        yield "missing required field", [*before, f"{found[1]}- {other}", *after], number
    if line.startswith("kind: "):
        yield "a key that is set twice", [*before, line, line, *after], number + 1
        yield "bad kind", [*before, line + "x", *after], number


def judged(files: dict[str, str]) -> tuple[Finding, ...]:
    """The findings of files, each an environment of its own, so that no two of them meet."""
    made = tree(files)

    async def load(tree: Tree, paths: frozenset[str]) -> Tree:
        return tree

    environments = tuple(
        Environment(
            id=EnvironmentId(repository=REPOSITORY, name=path), source=Source(path=path), target="x", apply="never"
        )
        for path in files
    )
    subject = Checkup(environments=environments, head=made, load=load, written=False)
    tools = offline_tools()
    with asyncio.Runner() as runner:
        found = checkup(tools, subject, lambda tasks: [runner.run(perform(tools, subject, each)) for each in tasks])
    return found.findings


def manifests_below(folders: Iterable[Path]) -> dict[str, str]:
    """The manifests below folders that have nothing wrong, by a path of their own."""
    files = {
        str(path): path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.rglob("*.y*ml"))
    }
    names = {f"{number}.yaml": text for number, text in enumerate(files.values()) if "apiVersion" in text}
    made = tree(names)
    sound = {name: text for name, text in names.items() if manifests(made, name)}
    wrong = {each.path for each in judged(sound) if each.level in ("error", "unknown")}
    return {name: text for name, text in sound.items() if name not in wrong}


def measure(folders: Iterable[Path]) -> Measured:
    """Plant every mistake and look for it."""
    mistakes_by_path = {
        f"{name.removesuffix('.yaml')}-{number}.yaml": each
        for name, text in manifests_below(folders).items()
        for number, each in enumerate(planted(text))
    }
    found: dict[str, list[Finding]] = {}
    for finding in judged({path: each.text for path, each in mistakes_by_path.items()}):
        if finding.level in ("error", "unknown"):
            found.setdefault(finding.path, []).append(finding)
    planted_of, right, silent, missed = Counter[str](), Counter[str](), Counter[str](), []
    for path, each in mistakes_by_path.items():
        if path not in found:
            silent[each.kind] += 1  # of a kind that there is no schema for, or of a field that may be anything
            continue
        planted_of[each.kind] += 1
        if any(finding.line == each.line for finding in found[path]):
            right[each.kind] += 1
        else:
            places = ", ".join(f"{finding.line}: {finding.message}" for finding in found[path])
            missed.append(f"{each.kind} at {each.line}, found at {places}")
    return Measured(planted_of, right, silent, missed)


def main(folders: list[str]) -> int:
    """Print the table; 1 where fewer than 95 % are right."""
    measured = measure(map(Path, folders))
    print(table(measured))
    return 0 if measured.share >= 0.95 else 1


def table(measured: Measured) -> str:
    """The figures as lines."""
    kinds = sorted(measured.found | measured.silent)
    rows = [f"{kind:40} {measured.right[kind]:5} of {measured.found[kind]:5}" for kind in kinds]
    rows.append(
        f"{'on the right line':40} {measured.right.total():5} of {measured.found.total():5}: {measured.share:.1%}"
    )
    rows.append(f"{measured.silent.total()} mistakes are in objects or fields that there is no schema for")
    return "\n".join([*rows, *(f"  {each}" for each in measured.missed[:20])])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
