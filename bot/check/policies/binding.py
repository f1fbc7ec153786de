"""A ValidatingAdmissionPolicyBinding: where a policy applies, what it is set up by, and how its verdict counts."""

from dataclasses import field
from typing import Literal

from bot.check.policies.constraints import Constraints, read_constraints
from bot.check.policies.reader import Place, Reader
from bot.check.policies.selector import Selector, read_selector
from bot.model.noun import noun

__all__ = ["Binding", "Level", "ParamRef", "read_binding"]

Level = Literal["error", "warning", "notice"]
LEVELS: dict[str, Level] = {"Deny": "error", "Warn": "warning", "Audit": "notice"}


@noun
class ParamRef:
    """Which objects set the policy up: that of a name, or all that are selected; `namespace` "" is the object's own.

    `allow`: where there is none, the policy does not apply.
    """

    name: str = ""
    selector: Selector | None = None
    namespace: str = ""
    allow: bool = False


@noun
class Binding:
    """One binding of the policy `policy`. `level` is the most severe of its actions."""

    name: str
    policy: str
    level: Level
    constraints: Constraints
    params: ParamRef | None = None
    place: Place = field(compare=False)


def read_binding(reader: Reader) -> Binding:
    """The binding that a document describes. Refused: it cannot be used."""
    reader.only("apiVersion", "kind", "metadata", "spec", "status")
    spec = reader.needed("spec")
    spec.only("policyName", "paramRef", "matchResources", "validationActions")
    actions = spec.choices("validationActions", tuple(LEVELS))
    return Binding(
        name=reader.needed("metadata").text("name"),
        policy=spec.text("policyName"),
        level=next(level for action, level in LEVELS.items() if action in actions),
        constraints=read_constraints(spec.part("matchResources")),
        params=read_reference(spec.part("paramRef")),
        place=reader.place(),
    )


def read_reference(reader: Reader | None) -> ParamRef | None:
    """What sets the policy up."""
    if reader is None:
        return None
    reader.only("name", "namespace", "selector", "parameterNotFoundAction")
    selector = reader.part("selector")
    name = reader.text("name", "")
    if bool(name) == (selector is not None):
        raise reader.refused("name", "and selector: one of them is needed, and only one")
    return ParamRef(
        name=name,
        selector=read_selector(selector) if selector else None,
        namespace=reader.text("namespace", ""),
        allow=reader.choice("parameterNotFoundAction", ("Allow", "Deny")) == "Allow",
    )
