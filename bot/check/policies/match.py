"""Whether a request is one that a policy is about, as the API server decides it.

https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.check.policies.constraints import Constraints, ResourceRule
from bot.check.policies.kinds import Kinds
from bot.check.policies.request import BASE_UNKNOWN, Request
from bot.check.policies.selector import Selector, labels_of
from bot.check.policies.shown import NAME
from bot.errors import CelEvaluationError

__all__ = ["Matcher", "exempt"]

ADMISSION = "admissionregistration.k8s.io"


def exempt(request: Request) -> bool:
    """Whether policies never apply: nobody can lock themselves out of mending a policy."""
    return request.resource.id.group == ADMISSION


class Matcher:
    """Answers for many requests; what rules say of objects of one type is found once."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self._known: dict[tuple[Any, ...], bool] = {}

    def matches(self, constraints: Constraints, request: Request) -> bool:
        """Whether the constraints hold. CelEvaluationError: that cannot be told."""
        key = (id(constraints), request.resource.id.type, request.version, request.operation, request.namespace is None)
        known = None if constraints.by_name else self._known.get(key)
        if known is None:
            known = self._known[key] = meets_rules(constraints, request, self.kinds)
        if not known:
            return False
        return in_namespace(constraints.namespaces, request) and is_selected(constraints.objects, request)


def meets_rules(constraints: Constraints, request: Request, kinds: Kinds) -> bool:
    """Whether one of the rules fits and none of the excluded. CelEvaluationError: that cannot be told."""
    if any(fits(each, request) for each in constraints.excluded):
        return False
    return constraints.rules is None or meets_one(constraints, request, kinds)


def meets_one(constraints: Constraints, request: Request, kinds: Kinds) -> bool:
    """Whether one of the rules fits; by another version of the same resource only if the object could be converted."""
    rules = constraints.rules or ()
    if any(fits(each, request) for each in rules):
        return True
    if constraints.exact:
        return False
    served = kinds.versions(request.resource.id.type)
    named = [version for each in rules if fits_but_version(each, request) for version in each.versions]
    others = [each for each in named if served is None or each in served]
    if not others:
        return False  # a version that the API does not have is about nothing
    raise CelEvaluationError(
        f"the policy is about version {others[0]} of {request.served.plural}, to which an API server would "
        f"convert this object of version {request.version}"
    )


def fits(rule: ResourceRule, request: Request) -> bool:
    """Whether one rule fits."""
    return has(rule.versions, request.version) and fits_but_version(rule, request)


def fits_but_version(rule: ResourceRule, request: Request) -> bool:
    """Whether one rule would fit if the object were of its version."""
    id = request.resource.id
    return (
        has(rule.groups, id.group)
        # `pods/*` is about pods too, and `pods/status` is about nothing that is rendered
        and any(each.removesuffix("/*") in ("*", request.served.plural) for each in rule.resources)
        and rule.scope in ("*", "Namespaced" if request.namespace is not None else "Cluster")
        and (not rule.names or id.name in rule.names)
        and asked(rule.operations, request)
    )


def has(wanted: Iterable[str], given: str) -> bool:
    """Whether a value is among those wanted."""
    return any(each in ("*", given) for each in wanted)


def asked(operations: tuple[str, ...], request: Request) -> bool:
    """Whether the operation is one of these. CelEvaluationError: it makes a difference which one it is."""
    if request.operation is not None:
        return has(operations, request.operation)
    made, changed = has(operations, "CREATE"), has(operations, "UPDATE")
    if made != changed:
        raise CelEvaluationError(f"whether the object is made or changed {BASE_UNKNOWN}")
    return made


def in_namespace(selector: Selector, request: Request) -> bool:
    """Whether the namespace is selected; what belongs to no namespace always is, and a Namespace by its own labels."""
    if not selector.requirements:
        return True
    if request.resource.id.type == "Namespace":
        return selector.selects(labels_of(request.old if request.body is None else request.body))
    if request.namespace is None:
        return True
    if request.namespace_body is not None:
        return selector.selects(labels_of(request.namespace_body))
    known = {NAME: request.namespace}
    # One requirement that is not met settles it, whatever the other labels are.
    if not all(each.met(known) for each in selector.requirements if each.key == NAME):
        return False
    if selector.keys <= known.keys():
        return True
    raise CelEvaluationError(
        f"the policy goes by the labels of a namespace, and no Namespace {request.namespace} is rendered"
    )


def is_selected(selector: Selector, request: Request) -> bool:
    """Whether the object as it is to be, or as it was, is selected."""
    if not selector.requirements:
        return True
    bodies: list[Mapping[str, object] | None] = [request.body, request.old]
    if any(selector.selects(labels_of(each)) for each in bodies if each is not None):
        return True
    if request.operation is None:
        raise CelEvaluationError(f"the object's labels before the change: {BASE_UNKNOWN}")
    return False
