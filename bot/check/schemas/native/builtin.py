"""Kubernetes' own kinds in one version, compiled when they first come up."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.check.schemas.custom.settle import without_nulls
from bot.check.schemas.explain import explain
from bot.check.schemas.forms import FORMATS, KEYWORDS
from bot.check.schemas.native.catalogue import Catalogue
from bot.check.schemas.problem import Problem

if TYPE_CHECKING:
    from jsonschema_rs import Draft4Validator

__all__ = ["Builtin"]


class Builtin:
    """Kubernetes' own kinds in one version. InputError: there are no schemas of that version."""

    def __init__(self, version: str) -> None:
        self.catalogue = Catalogue(version)
        self.validators: dict[str, Draft4Validator] = {}

    def validator(self, definition: str) -> "Draft4Validator":
        """The compiled validator of a definition. In draft 4 a float is no integer, as in Go's own types."""
        if definition not in self.validators:
            # Imported here: a server that has nothing to check does not carry the library in its memory.
            from jsonschema_rs import Draft4Validator

            schema = {"$ref": f"#/definitions/{definition}", "definitions": dict(self.catalogue.closure(definition))}
            self.validators[definition] = Draft4Validator(
                schema, formats=dict(FORMATS), validate_formats=True, keywords=dict(KEYWORDS), offline=True
            )
        return self.validators[definition]

    def problems(self, body: Mapping[str, Any], definition: str) -> Iterator[Problem]:
        """What is wrong with an object of a known kind."""
        validator = self.validator(definition)
        if not validator.is_valid(body):
            root = {"definitions": self.catalogue.definitions}
            for error in validator.iter_errors(without_nulls(body)):
                yield from explain(error, root)
            # A name is unknown also where it has no value. Those come last: all others are explained on the way.
            for error in validator.iter_errors(body):
                if error.kind.name == "additionalProperties" and isinstance(fields := error.instance, dict):
                    yield from (each for each in explain(error, root) if fields[str(each.at[-1])] is None)
