"""The check `schemas`: objects have the fields and values that the target's Kubernetes takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bot.check.cel.values import ABSENT, Unknown
from bot.check.schemas.custom.definitions import Definition, Definitions, definitions_of, unusable
from bot.check.schemas.custom.structural import Refused
from bot.check.schemas.explain import Words, explain
from bot.check.schemas.native.builtin import Builtin
from bot.check.schemas.native.lifecycle import fate
from bot.check.schemas.problem import Problem, Unevaluated, shown
from bot.check.schemas.tell import SCHEMAS, finding, not_validated, told
from bot.check.sops import opened
from bot.errors import InputError
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId

if TYPE_CHECKING:
    from bot.check.schemas.custom.kind import CustomKind

__all__ = ["Schemas"]

CUSTOM = Words(
    reference="compare it with the kind's CustomResourceDefinition",
    unknown="is not a field that its CustomResourceDefinition knows",
)


class Schemas:
    """Validates as strictly as `kubectl apply --validate=strict`: a field that is not known is an error.

    A custom resource is validated by its CustomResourceDefinition, where there is one: of the change itself, of the
    base, or the operator's. A kind without a schema is said to be not validated, once per kind. Validators are compiled
    when their kind first comes up, and kept. Safe to run from several tasks at once.
    """

    name = SCHEMAS
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(self) -> None:
        self.builtin: dict[str, Builtin] = {}
        self.custom = Definitions()

    def apart(self, environment: Environment) -> bool:
        """Every object is judged by itself."""
        del environment
        return True

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """What is wrong, object by object in the order given, each object's findings by line."""
        return self.findings(examined)

    def findings(self, examined: Examined) -> tuple[Finding, ...]:
        """What `run` answers; takes a moment of the processor per thousand objects."""
        if not examined.resources:
            return ()
        version = examined.kubernetes.version
        try:
            if version not in self.builtin:
                self.builtin[version] = Builtin(version)
        except InputError as error:
            return (no_version(examined, str(error)),)
        return Run(examined, self.builtin[version], self.custom).findings()


class Run:
    """One look at one environment's resources."""

    def __init__(self, examined: Examined, builtin: Builtin, custom: Definitions) -> None:
        self.examined, self.builtin, self.custom = examined, builtin, custom
        self.catalogue = builtin.catalogue
        self.definitions = definitions_of(examined)
        self.missing: dict[str, list[Resource]] = {}
        self.unusable: dict[str, Finding] = {}
        self.olds: dict[tuple[str, str, str], Resource] | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Everything, objects first, then what could not be validated, once per kind."""
        resources = map(opened, self.examined.resources)
        found = [each for resource in resources if not self.faultless(resource) for each in self.of(resource)]
        for definition in self.definitions.values():
            if definition.ours:
                found += self.custom.unusable(definition, self.catalogue)
        level = self.examined.environment.missing_schemas
        return (*found, *self.unusable.values(), *(not_validated(each, level) for each in self.missing.values()))

    def faultless(self, resource: Resource) -> bool:
        """Whether nothing at all is to be said of an object; what cannot be compared is told by `of`."""
        try:
            return self.builtin.faultless(resource.body, resource.id.type)
        except ValueError:
            return False

    def of(self, resource: Resource) -> Iterator[Finding]:
        """The findings of one object."""
        api_version = str(resource.body.get("apiVersion", ""))
        kind, _, group = resource.id.type.partition(".")
        version = api_version.rpartition("/")[2]
        if definition := self.catalogue.definition(version, group, kind):
            if found := fate(self.catalogue, api_version, kind):
                message = f"{resource.id} {found.wrong}"
                yield finding(resource, found.level, message, found.fix, ("apiVersion",), "api-version")
            yield from told(resource, lambda: self.builtin.problems(resource.body, definition))
        elif custom := self.definitions.get((group, kind)):
            yield from self.customs(resource, custom, version)
        elif found := fate(self.catalogue, api_version, kind):
            yield finding(
                resource, found.level, f"{resource.id} {found.wrong}", found.fix, ("apiVersion",), "api-version"
            )
        elif self.catalogue.builtin(group):
            yield self.unserved(resource, group, kind)
        else:
            self.missing.setdefault(resource.id.type, []).append(resource)

    def customs(self, resource: Resource, definition: Definition, version: str) -> Iterator[Finding]:
        """The findings of one custom resource whose kind is defined."""
        found = definition.version(version)
        if found is None or found[1].get("served") is False:
            served = [str(each.get("name")) for each in definition.versions if each.get("served") is not False]
            known = ", ".join(f"{definition.group}/{shown(each)}" for each in served)
            message = f"{resource.id} has apiVersion {shown(str(resource.body.get('apiVersion')))}, which is not served"
            yield finding(
                resource, "error", message, f"use one of {known}" if known else CUSTOM.reference, ("apiVersion",)
            )
            return
        entry = found[1]
        if entry.get("deprecated") is True:
            said = entry.get("deprecationWarning")
            message = f"{resource.id} has a deprecated apiVersion" + (
                f": {shown(said)}" if isinstance(said, str) else ""
            )
            yield finding(resource, "warning", message, "use another version of it", ("apiVersion",), "api-version")
        try:
            kind = self.custom.kind(entry, self.catalogue)
        except Refused as error:
            if not definition.ours:
                self.unusable.setdefault(resource.id.type, unusable(definition, resource, error, ()))
            return
        yield from told(resource, lambda: custom_problems(kind, resource.body, self.before(resource, kind)))

    def before(self, resource: Resource, kind: "CustomKind") -> Any:
        """What the resource was before, settled: for the rules of kinds that have any."""
        if kind.rules is None:
            return ABSENT
        if self.examined.before is None:
            return Unknown("what the base renders to is not known")
        if self.olds is None:
            self.olds = {place(each.id): each for each in self.examined.before}
        old = self.olds.get(place(resource.id))
        if old is None:
            return ABSENT
        if old.body.get("apiVersion") != resource.body.get("apiVersion"):
            return Unknown("it was of another apiVersion")
        return kind.settled(old.body)

    def unserved(self, resource: Resource, group: str, kind: str) -> Finding:
        """A kind or version that this Kubernetes does not have, in a group that is its own."""
        release = self.catalogue.version
        given = shown(str(resource.body.get("apiVersion")))
        message = f"{resource.id} has apiVersion {given}, which has no {kind} in Kubernetes {release}"
        if versions := self.catalogue.elsewhere(group, kind):
            return finding(resource, "error", message, f"use apiVersion: {versions[0]}", ("apiVersion",))
        meant = self.catalogue.similar(group, kind)
        fix = f"did you mean kind: {meant}?" if meant else "it was removed from Kubernetes or never was part of it"
        return finding(resource, "error", message, fix, ("kind",))


def place(id: ResourceId) -> tuple[str, str, str]:
    """What an object is found by in the base: the namespace `default` may be written down there or not."""
    return id.type, id.name, id.scope or "default"


def custom_problems(kind: "CustomKind", body: Mapping[str, Any], old: Any) -> Iterator[Problem | Unevaluated]:
    """What is wrong with a custom resource. Rules are for objects that satisfy their schema."""
    value = kind.settled(body)
    errors = kind.errors(value)
    for error in errors:
        yield from explain(error, kind.compiled, CUSTOM)
    if not errors:
        yield from kind.broken(value, old)


def no_version(examined: Examined, why: str) -> Finding:
    """The target's Kubernetes is none that there are schemas of."""
    fix = f"the server's operator sets `kubernetes.version` of target {examined.environment.target} to one of these"
    return Finding(
        check=SCHEMAS, level="error", message=why, fix=fix, path=examined.environment.source.path,
        resource=examined.resources[0].id, rule="kubernetes-version",
    )  # fmt: skip
