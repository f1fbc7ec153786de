"""JSON Schemas that are files of the repository: read, with the files that they refer to, and compiled."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from bot.check.schemas.explain import Words, explain
from bot.check.schemas.files.references import endless, file_of, named, references, uri_of
from bot.check.schemas.problem import Problem, shown
from bot.document import load_documents, load_json
from bot.errors import DocumentError, TreeError
from bot.model.noun import noun
from bot.model.tree import Tree

if TYPE_CHECKING:
    from jsonschema_rs import Validator

__all__ = ["Read", "SchemaFile", "Unusable", "compiled", "read"]

MOST = 200  # schema files that one schema may lead to
GAVE_UP = ("backtrackLimitExceeded", "regexEngineFailure", "fromUtf8")


@noun
class Read:
    """A schema as far as it is loaded: every file that it leads to, and the values of those that could be read."""

    needs: frozenset[str]
    values: Mapping[str, Any]
    problem: str = ""


@noun
class Unusable:
    """A schema that nothing can be validated by. `why` goes on after its name."""

    why: str
    fix: str = "correct the schema; it may refer to files of the repository only"


def read(path: str, tree: Tree) -> Read:
    """A schema and all that it refers to, directly or not, within the tree."""
    values: dict[str, Any] = {}
    problem = ""
    waiting, needs = [path], {path}
    while waiting and len(needs) <= MOST:
        each = waiting.pop()
        try:
            load = load_json if each.endswith(".json") else load_documents
            (document,) = load(tree.read(each))
        except DocumentError as error:
            problem = problem or f"cannot be read: {shown(each)}:{error.line}: {error.message}"
            continue
        except TreeError as error:
            problem = problem or f"cannot be read: {shown(str(error))}"
            continue
        except ValueError:
            problem = problem or f"cannot be read: {shown(each)} does not hold exactly one document"
            continue
        values[each] = document.value
        targets = {file_of(each, reference) for reference in references(document.value)}
        fresh = {target for target in targets if target and target not in needs}
        needs |= fresh
        waiting += sorted(fresh)
    if len(needs) > MOST:
        problem = problem or f"leads to more than {MOST} files"
    return Read(needs=frozenset(needs), values=values, problem=problem)


class SchemaFile:
    """A compiled schema. The draft is that of its `$schema`, else 2020-12. Formats are checked."""

    def __init__(self, validator: "Validator", documents: Mapping[str, Any], path: str) -> None:
        self.validator, self.documents, self.path = validator, documents, path
        self.words = Words(
            reference=f"compare it with {shown(path)}", unknown=f"is not a field that {shown(path)} knows"
        )

    def problems(self, value: Any, most: int) -> Iterator[Problem]:
        """What is wrong with a value. ValueError: it cannot be told."""
        if self.validator.is_valid(value):
            return
        for error in islice(self.validator.iter_errors(value), most):
            if error.kind.name in GAVE_UP:
                raise ValueError("the validator gave up")
            document = urldefrag(error.absolute_keyword_location or "").url
            yield from explain(error, self.documents.get(document, self.documents[uri_of(self.path)]), self.words)


def compiled(path: str, tree: Tree) -> SchemaFile | Unusable:
    """The compiled schema, or why there is none."""
    if path.startswith(("/", "..")):
        return Unusable(why="is outside the repository", fix="write a path relative to the repository's root")
    found = read(path, tree)
    if found.problem:
        return Unusable(why=found.problem)
    if endless(found.values):
        return Unusable(why="refers to itself without end")
    from jsonschema_rs import Registry, validator_for  # imported late: see `Builtin.validator`

    by_uri = {uri_of(each): value for each, value in found.values.items()}
    by_uri |= {named(each, value): value for each, value in found.values.items()}
    try:
        registry = Registry(sorted(by_uri.items(), key=lambda each: each[0]))
        validator = validator_for(
            found.values[path], registry=registry, base_uri=uri_of(path), validate_formats=True, offline=True
        )
    except (ValueError, RecursionError, TypeError) as error:
        first = str(error).partition("\n")[0]
        return Unusable(why=f"is no schema that can be used: {shown(first)}")
    return SchemaFile(validator, by_uri, path)
