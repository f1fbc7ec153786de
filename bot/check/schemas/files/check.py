"""Files of the repository against JSON Schemas of the repository, as `schemas` in `tidegate.yaml` pairs them.

Any YAML, JSON or TOML file may be one, whether an environment reads it or not.
"""

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from bot.check.schemas.files.schema import SchemaFile, Unusable, compiled, read
from bot.check.schemas.problem import MOST, Path, shown
from bot.check.schemas.tell import SCHEMAS, Level
from bot.document import Document, load_documents, load_json, load_toml
from bot.errors import DocumentError, TreeError
from bot.model.environment import Configuration
from bot.model.plan import Finding
from bot.model.tree import Tree

__all__ = ["reads", "validate_files"]

LOADERS = {".json": load_json, ".toml": load_toml, ".yaml": load_documents, ".yml": load_documents, "": load_documents}
LONGEST_PATH = 4096  # what Linux allows


def reads(configuration: Configuration, tree: Tree, only: frozenset[str] | None = None) -> frozenset[str]:
    """The files that `validate_files` needs, as far as that can be told by what is loaded of the schemas.

    Ask again when these are loaded, until nothing new is named.
    """
    needed = {path for path, _ in pairs(configuration, tree, only)}
    for schema in configuration.schemas.values():
        needed |= read(posixpath.normpath(schema), tree).needs
    return frozenset(needed & tree.entries.keys())


def validate_files(
    configuration: Configuration, tree: Tree, *, schemas: Tree | None = None, only: frozenset[str] | None = None
) -> tuple[Finding, ...]:
    """What is wrong with the files of `tree` that a glob matches, in order of path and line.

    `schemas` is the tree that schemas are read from (the same one when not given). `only` are the files to look at,
    all when not given; a schema among them is looked at too.
    """
    made: dict[str, SchemaFile | Unusable] = {}
    found: list[Finding] = []
    for path, schema in pairs(configuration, tree, only):
        if schema not in made:
            made[schema] = compiled(schema, schemas or tree)
        found += validate(path, tree, schema, made[schema])
    for schema in sorted({posixpath.normpath(each) for each in configuration.schemas.values()}):
        fresh = compiled(schema, tree) if schema in tree.entries and (only is None or schema in only) else None
        if isinstance(fresh, Unusable):
            found.append(said(schema, "error", f"{shown(schema)} {fresh.why}", fresh.fix))
    return tuple(found)


def pairs(configuration: Configuration, tree: Tree, only: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    """(file, schema) in order of path; a file may have several schemas."""
    globs = [(glob(pattern), posixpath.normpath(schema)) for pattern, schema in configuration.schemas.items()]
    for path in sorted(tree.entries.keys() if only is None else tree.entries.keys() & only):
        yield from ((path, schema) for pattern, schema in globs if pattern.fullmatch(path))


@lru_cache(maxsize=256)
def glob(pattern: str) -> re.Pattern[str]:
    """A glob over whole paths: `*` and `?` stay within a folder, `**` goes through any number of folders."""
    signs = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*?|\?)", pattern.removeprefix("./"))
    return re.compile("".join(signs.get(each) or re.escape(each) for each in parts))


def validate(path: str, tree: Tree, schema: str, against: SchemaFile | Unusable) -> list[Finding]:
    """The findings of one file."""
    if isinstance(against, Unusable):
        message = f"{shown(path)} was not validated: {shown(schema)} {against.why}"
        return [said(path, "unknown", message, against.fix)]
    load = LOADERS.get(posixpath.splitext(path)[1].lower())
    if load is None:
        message = f"{shown(path)} is neither YAML, JSON nor TOML by its name"
        return [said(path, "error", message, "let the glob in tidegate.yaml match fewer files")]
    try:
        documents = load(tree.read(path)) or NOTHING
    except DocumentError as error:
        return [said(path, "error", error.message, "correct the file", (error.line, error.column))]
    except TreeError as error:
        return [said(path, "unknown", shown(str(error)), "commit the file itself, or let the glob match fewer files")]
    found = [each for document in documents for each in wrong_with(path, document, schema, against)]
    if len(found) > MOST:
        found[MOST:] = [
            said(path, "error", f"{shown(path)} has more than {MOST} problems", "mend those that are shown first")
        ]
    return found


def at_the_top(path: Path) -> tuple[int, int]:
    """`bot.model.resource.Locate` of a file with nothing in it."""
    del path
    return 1, 1


NOTHING = (Document(value=None, locate=at_the_top),)
"""A file without a document is null, as in YAML."""


def wrong_with(path: str, document: Document, schema: str, against: SchemaFile) -> Iterator[Finding]:
    """The findings of one document, in order of line."""
    found: list[Finding] = []
    try:
        for problem in against.problems(document.value, MOST + 1):
            message = f"{problem.field} {problem.wrong}"
            found.append(said(path, "error", message, problem.fix, document.locate(problem.at), schema))
    except ValueError:  # the validator gave up on a pattern, or on text that is not Unicode
        message = f"{shown(path)} could not be compared with {shown(schema)}"
        found.append(said(path, "unknown", message, "simplify the patterns of the schema", (document.line, 1)))
    yield from sorted(found, key=lambda each: (each.line, each.column))


def said(path: str, level: Level, message: str, fix: str, place: tuple[int, int] = (0, 0), schema: str = "") -> Finding:
    """A finding about a file."""
    return Finding(
        check=SCHEMAS, level=level, message=message, fix=fix, path=shown(path, LONGEST_PATH), line=place[0],
        column=place[1], rule=schema,
    )  # fmt: skip
