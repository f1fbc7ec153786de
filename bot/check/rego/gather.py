"""Which Rego is to be evaluated: the modules and the data below an environment's policy folders."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import field
from typing import Literal

from bot.errors import TreeError
from bot.model.environment import Environment
from bot.model.noun import noun
from bot.model.tree import Tree

__all__ = ["Bundle", "Datum", "Module", "gather", "is_rego"]

SHIPPED = "builtin:"
DATA = ("json", "yaml", "yml")

# Only what Rego takes for space counts as such: a form feed or U+0085 is a part of the comment that it stands in.
SPACE = r"(?:[ \t\r\n]|#[^\n]*(?:\n|$))"
NAME = r"[A-Za-z_]\w*"
PACKAGE = re.compile(
    rf"\ufeff?{SPACE}*package{SPACE}+({NAME}(?:\.{NAME}|\[(?:\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`)\])*)", re.ASCII
)
VERDICT = re.compile(r"\b(?:deny|warn|violation)")
RULE = re.compile(r"\b(?:(?:deny|violation|warn)(?:_[a-zA-Z0-9]+)*|exception)\b")
OLD_HEAD = re.compile(
    r"^(?:default[ \t]+)?[a-zA-Z_]\w*(?:\[[^\]\n]*\]|\([^)\n]*\))?(?:[ \t]*:?=[^{\n]*)?[ \t]*\{", re.M
)
KEYWORD = re.compile(r"\b(?:if|else|contains)[ \t]*\{|^import\b|:=[ \t]*\{|=[ \t]*\{")


@noun
class Module:
    """One Rego file: its path in the repository and its bytes."""

    path: str
    content: bytes = field(repr=False)


@noun
class Datum:
    """One data file: its path in the repository, and below its `data` folder, whose sub-folders become keys."""

    path: str
    root: str
    below: str
    content: bytes = field(repr=False)


@noun
class Bundle:
    """All that is evaluated. `namespaces` are the packages, as Rego writes them, that could hold a verdict.

    `rules` are what each is asked for: whatever could be the name of a verdict. `version` is the language's: `v0` where
    some file is written as Rego was before OPA 1.0.
    """

    modules: tuple[Module, ...]
    data: tuple[Datum, ...]
    namespaces: tuple[str, ...]
    rules: tuple[str, ...]
    version: Literal["v0", "v1"]


def is_rego(path: str) -> bool:
    """Whether a file may hold policies of Rego, which its tests (`*_test.rego`) do not."""
    return path.endswith(".rego") and not path.endswith("_test.rego")


def gather(environment: Environment, tree: Tree) -> Bundle:
    """The environment's Rego, in order of path; tests (`*_test.rego`) are left out.

    TreeError: a file is a link or was not loaded, its name cannot be written down, or its package cannot be told.
    """
    modules: dict[str, Module] = {}
    data: dict[str, Datum] = {}
    for folder in (posixpath.normpath(each) for each in environment.policies if not each.startswith(SHIPPED)):
        for entry in tree.under(folder):
            if is_rego(entry.path):
                modules[entry.path] = Module(path=entry.path, content=tree.read(entry.path))
            elif place := below_data(folder, entry.path):
                root, below = place
                data[entry.path] = Datum(path=entry.path, root=root, below=below, content=tree.read(entry.path))
    texts = {each.path: each.content.decode("utf-8", "replace") for each in modules.values()}
    return Bundle(
        modules=tuple(modules.values()), data=tuple(data.values()) if modules else (),
        namespaces=tuple(sorted({name for path, text in texts.items() for name in namespace(path, text)})),
        rules=tuple(sorted({name for text in texts.values() for name in RULE.findall(text)})),
        version="v0" if any(map(is_old, texts.values())) else "v1",
    )  # fmt: skip


def below_data(folder: str, path: str) -> tuple[str, str] | None:
    """(the outermost `data` folder below `folder`, the path below that), where the file is data."""
    above = "" if folder in ("", ".") else folder + "/"
    parts = path.removeprefix(above).split("/")
    if "data" not in parts[:-1] or path.rpartition(".")[2] not in DATA:
        return None
    if any(part in ("", ".", "..") or not part.isprintable() or "\\" in part for part in parts):
        raise TreeError(f"{shown_name(path)} has a name that cannot be used; rename it")
    place = parts.index("data") + 1
    return above + "/".join(parts[:place]), "/".join(parts[place:])


def namespace(path: str, text: str) -> Iterator[str]:
    """The package of a module that mentions a verdict. TreeError: it cannot be told, and nobody would ask for it."""
    if VERDICT.search(text):
        found = PACKAGE.match(text)
        if found is None:
            raise TreeError(f"{shown_name(path)} does not begin with a package that can be told: write `package NAME`")
        yield found[1]


def shown_name(path: str) -> str:
    """A file's path in ASCII."""
    return ascii(path)[1:-1]


def is_old(text: str) -> bool:
    """Whether a rule's head is followed by its body without `if`, which Rego requires since OPA 1.0."""
    return any(not KEYWORD.search(each[0]) for each in OLD_HEAD.finditer(text))
