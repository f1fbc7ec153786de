"""One policy on one request: what does not hold, and what nobody could tell.

https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeGuard

from bot.check.cel.engine import Bindings
from bot.check.policies.policy import VARIABLES, Policy, Validation
from bot.check.policies.request import Request, Sort, values_of
from bot.errors import CelEvaluationError
from bot.model.noun import noun

__all__ = ["Broken", "Unevaluated", "bindings_of", "judge"]

HIDDEN = "(hidden)"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST_MESSAGE = 1000


@noun
class Broken:
    """A validation that does not hold."""

    validation: Validation
    message: str


@noun
class Unevaluated:
    """Something that could not be evaluated: which part of the policy, and why."""

    part: str
    reason: str


def judge(policy: Policy, request: Request, bindings: Bindings, param: Any) -> Iterator[Broken | Unevaluated]:
    """What a policy has against a request; nothing: it holds, or a match condition keeps it from applying."""
    quiet = secret(request.body) or secret(request.old) or secret(param)
    reasons = []
    for number, condition in enumerate(policy.conditions, 1):
        try:
            if not condition.evaluate(bindings):
                return
        except CelEvaluationError as error:
            reasons.append(unevaluated(f"match condition {number}", error, bindings, quiet))
    if reasons:
        yield from reasons
        return
    for number, validation in enumerate(policy.validations, 1):
        try:
            if not validation.program.evaluate(bindings):
                yield Broken(validation=validation, message=said(validation, request, bindings, param))
        except CelEvaluationError as error:
            yield unevaluated(f"validation {number}", error, bindings, quiet)
    for number, audit in enumerate(policy.audits, 1):
        try:
            audit.evaluate(bindings)
        except CelEvaluationError as error:
            yield unevaluated(f"audit annotation {number}", error, bindings, quiet)


def unevaluated(part: str, error: CelEvaluationError, bindings: Bindings, quiet: bool) -> Unevaluated:
    """What could not be evaluated; `quiet`: without the engine's words, which may quote a value."""
    reason = str(error)
    if quiet and not reason.endswith(tuple(bindings.reasons.values())):
        reason = "it has no result for this object"
    return Unevaluated(part=part, reason=reason)


def secret(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether an object's values are nobody's business."""
    return isinstance(value, Mapping) and value.get("kind") == "Secret"


def said(validation: Validation, request: Request, bindings: Bindings, param: Any) -> str:
    """The message of a validation that does not hold: one line that prints, without a value of a Secret."""
    if validation.saying is None:
        return validation.message
    hidden = {
        name: without_values(value)
        for name, value in (("object", request.body), ("oldObject", request.old), ("params", param))
        if secret(value)
    }
    try:
        text = validation.saying.evaluate(bindings.changed(hidden) if hidden else bindings).strip()
    except CelEvaluationError:
        return validation.message  # as the API server does
    if not text or "\n" in text:
        return validation.message
    safe = "".join(sign if sign.isprintable() else "?" for sign in text[:LONGEST_MESSAGE])
    return safe if len(text) <= LONGEST_MESSAGE else f"{safe}…"


def without_values(secret: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret whose values and annotations say nothing."""
    shown = dict(secret)
    for key in ("data", "stringData"):
        if isinstance(shown.get(key), Mapping):
            shown[key] = dict.fromkeys(shown[key], HIDDEN)
    metadata = shown.get("metadata")
    if isinstance(metadata, Mapping) and isinstance(metadata.get("annotations"), Mapping):
        annotations = {**metadata["annotations"], APPLIED: HIDDEN}
        shown["metadata"] = {**metadata, "annotations": annotations}
    return shown


def bindings_of(request: Request) -> Bindings:
    """The request as expressions see it, without parameters."""
    return shared(request.sort).changed(request.values())


@lru_cache(maxsize=256)
def shared(sort: Sort) -> Bindings:
    """What requests of one sort have in common, looked at once."""
    return Bindings(values_of(sort), VARIABLES)
