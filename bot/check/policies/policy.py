"""A ValidatingAdmissionPolicy: read from a document, every expression compiled.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from collections.abc import Mapping
from dataclasses import field

from bot.check.cel.engine import Definition, Program, Scope, compile
from bot.check.cel.source import chains
from bot.check.cel.typed import RESERVED
from bot.check.policies.adapt import adapted
from bot.check.policies.constraints import Constraints, read_constraints
from bot.check.policies.reader import Place, Reader
from bot.check.policies.words import one_line
from bot.errors import CelError
from bot.model.noun import noun

__all__ = ["VARIABLES", "ParamKind", "Policy", "Validation", "read_policy"]

REQUEST = (
    *(("kind", "map"), ("resource", "map"), ("requestKind", "map"), ("requestResource", "map"), ("options", "dyn")),
    *(("subResource", "string"), ("requestSubResource", "string"), ("name", "string"), ("namespace", "string")),
    *(("operation", "string"), ("dryRun", "bool"), ("userInfo", "dyn")),
)
"""Fields of `request`: variables of their own, so that one that is not known keeps nobody from using the others."""

VARIABLES = frozenset(
    [
        *((name, "dyn") for name in ("object", "oldObject", "namespaceObject", "params")),
        *((f"request.{name}", type) for name, type in REQUEST),
    ]
)
TYPED = frozenset({"namespaceObject", "request", "variables"})
"""What the API server knows the fields' types of, and nobody here does."""

REASONS = ("Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge")
FIX, PATH = "tidegate.dev/fix", "tidegate.dev/path"


@noun
class ParamKind:
    """The type of the objects that a policy is set up by."""

    api_version: str
    kind: str


@noun
class Validation:
    """One thing that must hold. `saying` makes the message; without it, or without a result, it is `message`."""

    program: Program
    saying: Program | None
    message: str


@noun
class Policy:
    """One policy. `audits` are the values that an API server would write to its audit log.

    `ignore`: what cannot be evaluated is let pass by the API server. `fix` and `at` are the policy's own words on what
    to do and on where in an object to look ("" and (): none).
    """

    name: str
    constraints: Constraints
    scope: Scope
    conditions: tuple[Program, ...]
    validations: tuple[Validation, ...]
    audits: tuple[Program, ...]
    params: ParamKind | None = None
    ignore: bool = False
    fix: str = ""
    at: tuple[str, ...] = ()
    place: Place = field(compare=False)


def read_policy(reader: Reader) -> Policy:
    """The policy that a document describes. Refused: it cannot be used."""
    reader.only("apiVersion", "kind", "metadata", "spec", "status")
    metadata, spec = reader.needed("metadata"), reader.needed("spec")
    spec.only(
        *("auditAnnotations", "failurePolicy", "matchConditions", "matchConstraints", "paramKind", "validations"),
        "variables",
    )
    if spec.needed("matchConstraints").value.get("resourceRules") in (None, []):
        raise spec.needed("matchConstraints").refused("resourceRules", "is missing")
    params = read_kind(spec.part("paramKind"))
    scope = read_variables(spec)
    validations = tuple(read_validation(each, scope) for each in spec.parts("validations"))
    audits = tuple(read_audit(each, scope) for each in spec.parts("auditAnnotations"))
    if not validations and not audits:
        raise spec.refused("validations", "is missing")
    # the conditions come before the policy's own variables
    conditions = tuple(read_condition(each, Scope(variables=VARIABLES)) for each in spec.parts("matchConditions"))
    programs = (*conditions, *audits, *(each.program for each in validations))
    texts = [*(each.expression for each in scope.definitions), *(each.expression for each in programs)]
    if params is None and any(names[0] == "params" for text in texts for _, names, _ in chains(text)):
        raise spec.refused("paramKind", "is missing, and an expression names params")
    annotations = metadata.value.get("annotations") or {}
    told = annotations if isinstance(annotations, Mapping) else {}
    return Policy(
        name=metadata.text("name"),
        constraints=read_constraints(spec.part("matchConstraints")),
        scope=scope,
        conditions=conditions,
        validations=validations,
        audits=audits,
        params=params,
        ignore=spec.choice("failurePolicy", ("Fail", "Ignore"), "Fail") == "Ignore",
        fix=one_line(str(told.get(FIX) or "")),
        at=tuple(each for each in str(told.get(PATH) or "").removeprefix("object.").split(".") if each),
        place=reader.place(),
    )


def read_variables(spec: Reader) -> Scope:
    """What the expressions may name, with the policy's variables: each may use those before it."""
    scope = Scope(variables=VARIABLES)
    for each in spec.parts("variables"):
        each.only("name", "expression")
        name, expression = each.text("name"), each.text("expression")
        if not (name.isascii() and name.isidentifier()) or name in RESERVED:
            raise each.refused("name", "is no name that CEL has")
        if any(name == other.name for other in scope.definitions):
            raise each.refused("name", "is there twice")
        program(each, "expression", scope, ())
        made = Definition(name=name, expression=adapted(expression))
        scope = Scope(variables=scope.variables, definitions=(*scope.definitions, made))
    return scope


def read_validation(reader: Reader, scope: Scope) -> Validation:
    """One validation."""
    reader.only("expression", "message", "messageExpression", "reason")
    reader.choice("reason", REASONS, "Invalid")
    expression = reader.text("expression")
    return Validation(
        program=program(reader, "expression", scope, ("bool",)),
        saying=saying(reader, scope) if "messageExpression" in reader.value else None,
        message=one_line(reader.text("message", "")) or f"failed expression: {one_line(expression)}",
    )


def saying(reader: Reader, scope: Scope) -> Program:
    """The expression of a message. One of a field that has no type here may be of any, and has a result or none."""
    key = "messageExpression"
    untyped = any(names[0] in TYPED for _, names, _ in chains(reader.text(key)))
    return program(reader, key, scope, ("string", "dyn") if untyped else ("string",))


def read_condition(reader: Reader, scope: Scope) -> Program:
    """One match condition."""
    reader.only("name", "expression")
    reader.text("name")
    return program(reader, "expression", scope, ("bool",))


def read_audit(reader: Reader, scope: Scope) -> Program:
    """One value for the audit log."""
    reader.only("key", "valueExpression")
    reader.text("key")
    return program(reader, "valueExpression", scope, ("string", "null", "dyn"))


def read_kind(reader: Reader | None) -> ParamKind | None:
    """The type of the policy's parameters."""
    if reader is None:
        return None
    reader.only("apiVersion", "kind")
    return ParamKind(api_version=reader.text("apiVersion"), kind=reader.text("kind"))


def program(reader: Reader, key: str, scope: Scope, result: tuple[str, ...]) -> Program:
    """A compiled expression. Refused: it does not compile; the place is that of the field."""
    expression = reader.text(key)
    try:
        return compile(adapted(expression), scope, result)
    except CelError as error:
        where = f" (line {error.line}, column {error.column} of the expression)" if error.line > 1 else ""
        raise reader.refused(key, f"does not compile: {error.message}{where}") from None
