"""The check `schemas`: objects of Kubernetes' built-in kinds have the fields and types that Kubernetes knows."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bot.check.catalogue import Catalogue
from bot.check.explain import Path, explain
from bot.check.forms import FORMATS, KEYWORDS
from bot.check.sops import opened
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

__all__ = ["KUBERNETES", "Schemas"]

KUBERNETES = "v1.36.1"
"""The version whose schemas are shipped."""

MOST = 20  # findings of one object; more of them help nobody

Level = Literal["error", "unknown", "notice"]


class Schemas:
    """Validates as strictly as `kubectl apply --validate=strict`: a field that is not known is an error.

    A kind that Kubernetes does not serve (a custom resource) is said to be not validated, once per kind. Validators are
    compiled when their kind first comes up, and kept. Safe to run from several tasks at once.
    """

    name = "schemas"
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(self, version: str = KUBERNETES) -> None:
        self.catalogue = Catalogue(version)
        self.validators: dict[str, Draft7Validator] = {}

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """What is wrong, object by object in the order given, each object's findings by line."""
        return await asyncio.to_thread(self.findings, examined.resources)

    def findings(self, resources: Sequence[Resource]) -> tuple[Finding, ...]:
        """What `run` answers; takes a moment of the processor per thousand objects."""
        found: list[Finding] = []
        foreign: dict[str, list[Resource]] = {}
        for resource in map(opened, resources):
            version = str(resource.body.get("apiVersion", "")).rpartition("/")[2]
            group, kind = resource.id.group, resource.id.kind
            if definition := self.catalogue.definition(version, group, kind):
                found += self.invalid(resource, definition)
            elif self.catalogue.builtin(group):
                found.append(self.unserved(resource, group, kind))
            else:
                foreign.setdefault(resource.id.type, []).append(resource)
        return (*found, *(not_validated(each) for each in foreign.values()))

    def invalid(self, resource: Resource, definition: str) -> list[Finding]:
        """The findings of one object of a known kind, `MOST` at most and then one that says so."""
        found: list[Finding] = []
        try:
            validator = self.validator(definition)
            if validator.is_valid(resource.body):
                return []
            errors = validator.iter_errors(without_nulls(resource.body))
            problems = (each for error in errors for each in explain(error, self.catalogue.definitions))
            for problem in islice(problems, MOST + 1):
                message = f"{problem.field} of {resource.id} {problem.wrong}"
                found.append(finding(resource, "error", message, problem.fix, problem.at))
        except ValueError:  # text that is not Unicode, for one; the error's own words may quote a value
            message = f"{resource.id} could not be compared with its schema"
            return [finding(resource, "unknown", message, "look for characters that are not valid Unicode", ())]
        if len(found) > MOST:
            message = f"{resource.id} has more than {MOST} problems; the rest is not shown"
            found[MOST:] = [finding(resource, "error", message, "mend those that are shown first", ())]
        return sorted(found[:MOST], key=lambda each: (each.line, each.column)) + found[MOST:]

    def validator(self, definition: str) -> "Draft7Validator":
        """The compiled validator of a definition."""
        if definition not in self.validators:
            # Imported here: a server that has nothing to check does not carry the library in its memory.
            from jsonschema_rs import Draft7Validator

            schema = {"$ref": f"#/definitions/{definition}", "definitions": dict(self.catalogue.definitions)}
            self.validators[definition] = Draft7Validator(
                schema, formats=dict(FORMATS), validate_formats=True, keywords=dict(KEYWORDS), offline=True
            )
        return self.validators[definition]

    def unserved(self, resource: Resource, group: str, kind: str) -> Finding:
        """A kind or version that this Kubernetes does not have, in a group that is its own."""
        release = self.catalogue.version
        given = resource.body.get("apiVersion")
        message = f"{resource.id} has apiVersion {given}, which has no {kind} in Kubernetes {release}"
        if versions := self.catalogue.elsewhere(group, kind):
            return finding(resource, "error", message, f"use apiVersion: {versions[0]}", ("apiVersion",))
        meant = self.catalogue.similar(group, kind)
        fix = f"did you mean kind: {meant}?" if meant else "it was removed from Kubernetes or never was part of it"
        return finding(resource, "error", message, fix, ("kind",))


def not_validated(resources: Sequence[Resource]) -> Finding:
    """The notice about all objects of one kind that there is no schema for, at the first of them."""
    first, count = resources[0], len(resources)
    objects = f"{first.id} is" if count == 1 else f"{first.id} and {count - 1} more of its kind are"
    message = f"{objects} not validated: there is no schema for {first.id.type}"
    return finding(first, "notice", message, "read such objects with more care; only their names were checked", ())


def without_nulls(value: Any) -> Any:
    """The value without fields that are null: Kubernetes reads such a field as one that is not there.

    Items of a list stay, so that the others keep their places.
    """
    if isinstance(value, Mapping):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def finding(resource: Resource, level: Level, message: str, fix: str, at: Path) -> Finding:
    """A finding at a place of an object: in its file, where it has one."""
    origin = resource.origin
    line, column = (origin.locate(at) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    return Finding(
        check=Schemas.name, level=level, message=message, fix=fix, resource=resource.id,
        path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip
