"""One kind of custom resources: compiled once, then every object is settled and validated as the API server does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.check.schemas.custom.formats import STRING_FORMATS
from bot.check.schemas.custom.rules import broken_rules, node_of
from bot.check.schemas.custom.settle import settled
from bot.check.schemas.custom.structural import Default, Refused, json_schema
from bot.check.schemas.forms import FORMATS, KEYWORDS
from bot.check.schemas.problem import Problem, Unevaluated

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator, ValidationError

__all__ = ["CustomKind"]


class CustomKind:
    """A version of a kind, by its `openAPIV3Schema`. Refused: objects cannot be validated by that schema.

    The validator takes a whole float for an integer, as the API server does with custom resources.
    """

    def __init__(self, schema: Mapping[str, Any], meta: Mapping[str, Any], formats: frozenset[str]) -> None:
        self.schema = schema
        made, defaults = json_schema(schema, formats)
        self.compiled = {**made, "definitions": dict(meta)}
        self.validator = validator(self.compiled)
        refuse_unfit(defaults, meta)
        self.rules = node_of(schema)

    def settled(self, body: Mapping[str, Any]) -> Any:
        """The object as it is validated."""
        return settled(body, self.schema, embedded=True)

    def errors(self, value: Any) -> Sequence["ValidationError"]:
        """What is wrong with a settled object."""
        return () if self.validator.is_valid(value) else list(self.validator.iter_errors(value))

    def broken(self, value: Any, old: Any) -> Iterator[Problem | Unevaluated]:
        """The rules that a settled object breaks, which satisfies its schema; `old` is as for `broken_rules`."""
        return broken_rules(self.rules, value, old) if self.rules else iter(())


def refuse_unfit(defaults: Sequence[Default], meta: Mapping[str, Any]) -> None:
    """Refused: a default does not satisfy its own schema as it stands, without the defaults below it.

    Lists in defaults may hold the same item twice.
    """
    if not defaults:
        return
    numbered = {str(number): each for number, each in enumerate(defaults)}
    every = {"properties": {name: each.schema for name, each in numbered.items()}, "definitions": dict(meta)}
    for error in validator(every).iter_errors({name: each.value for name, each in numbered.items()}):
        if error.kind.name not in ("setList", "mapList"):
            raise Refused((*numbered[str(error.instance_path[0])].path, "default"), "a default does not satisfy it")


def validator(schema: dict[str, Any]) -> "Draft7Validator":
    """The compiled validator. Refused: the library cannot use the schema; it never looks anything up."""
    from jsonschema_rs import Draft7Validator  # imported late: a server that checks nothing does not carry it

    formats = {**FORMATS, **{f"go-{name}": each for name, each in STRING_FORMATS.items()}}
    try:
        return Draft7Validator(schema, formats=formats, validate_formats=True, keywords=dict(KEYWORDS), offline=True)
    except (ValueError, RecursionError) as error:
        raise Refused((), f"the validator refuses it ({type(error).__name__})") from None
