"""Kubernetes' own kinds in one version, compiled when they first come up."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.check.schemas.custom.settle import without_nulls
from bot.check.schemas.explain import explain
from bot.check.schemas.forms import FORMATS, KEYWORDS
from bot.check.schemas.native.catalogue import Catalogue
from bot.check.schemas.native.lifecycle import fate
from bot.check.schemas.problem import Problem

if TYPE_CHECKING:
    from jsonschema_rs import Draft4Validator

__all__ = ["Builtin"]


class Builtin:
    """Kubernetes' own kinds in one version. InputError: there are no schemas of that version."""

    def __init__(self, version: str) -> None:
        self.catalogue = Catalogue(version)
        self.validators: dict[str, Draft4Validator] = {}
        self._staying: dict[tuple[str, str], Draft4Validator] = {}

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

    def faultless(self, body: Mapping[str, Any], type: str) -> bool:
        """Whether there is nothing to say of an object: its kind stays, and it is as its schema has it.

        So are most, and it is found out at once. False: look closer. ValueError: it has text that is not Unicode.
        """
        api_version = str(body.get("apiVersion", ""))
        validator = self._staying.get((api_version, type)) or self.staying(api_version, type)
        return validator is not None and validator.is_valid(body)

    def staying(self, api_version: str, type: str) -> "Draft4Validator | None":
        """The validator of a kind that is not about to be removed."""
        kind, _, group = type.partition(".")
        definition = self.catalogue.definition(api_version.rpartition("/")[2], group, kind)
        if definition is None or fate(self.catalogue, api_version, kind):
            return None
        return self._staying.setdefault((api_version, type), self.validator(definition))

    def problems(self, body: Mapping[str, Any], definition: str) -> Iterator[Problem]:
        """What is wrong with an object of a known kind."""
        validator = self.validator(definition)
        if not validator.is_valid(body):
            root = {"definitions": self.catalogue.definitions}
            known = without_nulls(body)
            for error in validator.iter_errors(known):
                yield from explain(error, root)
            if known == body:
                return
            # A name is unknown also where it has no value. Those come last: all others are explained on the way.
            for error in validator.iter_errors(body):
                if error.kind.name == "additionalProperties" and isinstance(fields := error.instance, dict):
                    yield from (each for each in explain(error, root) if fields[str(each.at[-1])] is None)
