"""Findings about policies as a whole, at their own place."""

from collections.abc import Iterator
from difflib import get_close_matches

from bot.check.policies.bound import Bound
from bot.check.policies.load import Contents, Problem
from bot.check.policies.policy import Policy
from bot.check.policies.request import BASE_UNKNOWN, Request
from bot.check.policies.waivers import shown
from bot.check.policies.words import CHECK
from bot.model.environment import CONFIGURATION, Environment
from bot.model.plan import Finding

__all__ = ["deletes", "deletions", "late", "misspelt", "of_problem", "unbound"]

LIKELY = 0.8  # of one name's letters are those of the other


def of_problem(problem: Problem) -> Finding:
    """What keeps a policy from being evaluated, at its own place."""
    return Finding(
        check=CHECK, level="unknown", message=problem.message, fix=problem.fix, rule=problem.policy,
        path=problem.place.path, line=problem.place.line, column=problem.place.column,
    )  # fmt: skip


def unbound(policy: Policy) -> Finding:
    """A policy that applies to nothing."""
    return Finding(
        check=CHECK, level="notice", rule=policy.name, path=policy.place.path, line=policy.place.line,
        column=policy.place.column, message=f"the policy {policy.name} has no binding, so it applies to nothing",
        fix="add a ValidatingAdmissionPolicyBinding that names it",
    )  # fmt: skip


def misspelt(environment: Environment, contents: Contents) -> Iterator[Finding]:
    """Names in `tidegate.yaml` that are those of no policy, but nearly: a level, or a waiver, that would do nothing.

    Others may be what Rego, own checks or detectors are called by.
    """
    known = {each.name for each in contents.policies} | {each.policy for each in contents.problems}
    for name in sorted({*environment.policy_levels, *(each.policy for each in environment.waivers)} - known):
        if near := get_close_matches(name, sorted(known), n=1, cutoff=LIKELY):
            yield Finding(
                check=CHECK, level="warning", path=CONFIGURATION, line=environment.line, column=1,
                message=f"no policy is called {shown(name)}, so what {CONFIGURATION} says of it does nothing",
                fix=f"did you mean {near[0]}?",
            )  # fmt: skip


def deletes(bound: Bound) -> bool:
    """Whether the policy is about deletions too."""
    rules = bound.policy.constraints.rules or ()
    return any(each in ("*", "DELETE") for rule in rules for each in rule.operations)


def deletions(bound: Bound) -> Finding:
    """What is deleted is not known, so a policy about deletions has not judged it."""
    place = bound.policy.place
    return Finding(
        check=CHECK, level="unknown" if bound.level == "error" and not bound.policy.ignore else "warning",
        message=f"deletions were not judged by {bound.policy.name}: what is deleted {BASE_UNKNOWN}",
        fix="mend what the base renders", rule=bound.policy.name, path=place.path, line=place.line, column=place.column,
    )  # fmt: skip


def late(request: Request, seconds: float) -> Finding:
    """The time is up."""
    id = request.resource.id
    return Finding(
        check=CHECK, level="unknown", resource=id,
        message=f"policies took more than {seconds:g} s; {id} and what comes after it were not judged",
        fix="make the policies simpler, or split the environment",
        path=request.resource.origin.path if request.resource.origin else "",
    )  # fmt: skip
