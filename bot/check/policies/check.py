"""The check `policies`."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal

from bot.check.cel import Bindings
from bot.check.policies.binding import Binding, Level
from bot.check.policies.constraints import ALL, Constraints
from bot.check.policies.judge import Broken, Unevaluated, bindings_of, judge
from bot.check.policies.load import Contents, Problem, contents_of
from bot.check.policies.match import Matcher, exempt
from bot.check.policies.params import Params
from bot.check.policies.paths import patterns
from bot.check.policies.policy import Policy
from bot.check.policies.quick import Quick
from bot.check.policies.request import BASE_UNKNOWN, Request, Situation
from bot.check.policies.waivers import ruling
from bot.check.policies.where import Path, existing, refused_at
from bot.errors import CelEvaluationError
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.noun import noun
from bot.model.plan import Finding

__all__ = ["Policies"]

SECONDS = 30.0
"""Processor time that the policies of one environment may take, all objects together."""

SEVERITY: dict[str, int] = {"error": 0, "unknown": 1, "warning": 2, "notice": 3}


@noun
class Bound:
    """A policy where a binding applies it. `level` is how it counts in this environment."""

    policy: Policy
    binding: Binding
    level: Level

    @property
    def constraints(self) -> tuple[Constraints, ...]:
        """All that keep it to certain objects."""
        own, bound = self.policy.constraints, self.binding.constraints
        return (own,) if bound is ALL else (own, bound)


@noun
class Court:
    """What all objects of a run have in common. `ends` is the process's own time when there is none left."""

    bounds: tuple[Bound, ...]
    params: Params
    matcher: Matcher
    quick: Quick
    ends: float


class Policies:
    """Judges every object that is made, changed or deleted, by the policies of the protected base.

    An expression that has no result is `unknown`, or a warning where its policy could not have been more than that.
    Safe to run from several tasks at once. `today` tells the day that waivers are held against, UTC.
    """

    name = "policies"
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(self, today: Callable[[], date] = lambda: datetime.now(UTC).date(), seconds: float = SECONDS) -> None:
        self.today, self.seconds = today, seconds

    def apart(self, environment: Environment) -> bool:
        """Not where there are policies: one may look at a parameter or a namespace beside the object."""
        return not environment.policies

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """First what is wrong with the policies, then object by object in the order given, each one's by line."""
        return await asyncio.to_thread(self.findings, examined)

    def findings(self, examined: Examined) -> list[Finding]:
        """What `run` answers; takes the processor's time."""
        environment = examined.environment
        if not environment.policies:
            return []
        contents = contents_of(environment.policies, examined.policies)
        levels = environment.policy_levels
        found = [of_problem(each) for each in contents.problems if levels.get(each.policy) != "off"]
        found += [unbound(each) for each in idle(contents) if levels.get(each.name) != "off"]
        bounds = tuple(in_force(contents, environment))
        return [*found, *self.judged(examined, contents, bounds)] if bounds else found

    def judged(self, examined: Examined, contents: Contents, bounds: tuple[Bound, ...]) -> Iterator[Finding]:
        """The findings of all objects, as long as there is time."""
        situation = Situation(examined)
        params = Params(contents.others, examined, situation.kinds)
        ends = time.process_time() + self.seconds
        court = Court(bounds=bounds, params=params, matcher=Matcher(), quick=Quick(), ends=ends)
        if examined.before is None:
            yield from (deletions(each) for each in bounds if deletes(each))
        for request in situation.requests():
            if time.process_time() > court.ends:
                yield late(request, self.seconds)
                return
            if not exempt(request):
                yield from self.of_request(request, court, examined.environment)

    def of_request(self, request: Request, court: Court, environment: Environment) -> list[Finding]:
        """The findings of one object: of every validation the most severe, in order of line."""
        judging = Judging(request, court)
        found: dict[Any, Finding] = {}
        for each in judging.to_ask():
            if time.process_time() > court.ends:
                found["late"] = late(request, self.seconds)
                break
            for key, finding in judging.findings(each):
                known = found.get(key)
                if known is None or SEVERITY[finding.level] < SEVERITY[known.level]:
                    found[key] = finding
        settled = [self.settled(each, request, environment) for each in found.values()]
        return sorted(settled, key=lambda each: (each.line, each.column))

    def settled(self, finding: Finding, request: Request, environment: Environment) -> Finding:
        """The finding after what waivers say of it; nobody can answer for what could not be evaluated."""
        if finding.level == "unknown":
            return finding
        said = ruling(finding.rule, request.resource, environment.waivers, self.today())
        if said.waived:
            return replace(finding, level="notice", waived=said.waived)
        return replace(finding, message=f"{finding.message} ({said.invalid})") if said.invalid else finding


class Judging:
    """One object before all policies; what the engine is told of it is told once."""

    def __init__(self, request: Request, court: Court) -> None:
        self.request, self.court = request, court
        self._bindings: Bindings | None = None

    @property
    def bindings(self) -> Bindings:
        """The request without parameters."""
        if self._bindings is None:
            self._bindings = bindings_of(self.request)
        return self._bindings

    def to_ask(self) -> Sequence[Bound]:
        """The policies that may have something against the object."""
        answers = [(each, self.applies(each)) for each in self.court.bounds]
        together = tuple(each.policy for each, applies in answers if applies and each.policy.params is None)
        settled = bool(together) and self.court.quick.nothing_to_find(together, self.bindings)
        alone = [
            (each, not applies or each.policy.params is not None) for each, applies in answers if applies is not False
        ]
        return [each for each, left in alone if left or not settled]

    def applies(self, bound: Bound) -> bool | None:
        """Whether a policy is about the object; None: that cannot be told."""
        try:
            return all(self.court.matcher.matches(each, self.request) for each in bound.constraints)
        except CelEvaluationError:
            return None

    def findings(self, bound: Bound) -> Iterator[tuple[Any, Finding]]:
        """What a policy has against the object, with a key that tells the part of the policy."""
        policy, request = bound.policy, self.request
        try:
            if not all(self.court.matcher.matches(each, request) for each in bound.constraints):
                return
            params = self.court.params
            several = params.found(policy.params, bound.binding.params, request) if policy.params else [None]
        except CelEvaluationError as error:
            yield (policy.name, "match"), self.unevaluated(bound, str(error))
            return
        for param in several:
            bindings = self.bindings if param is None else self.bindings.changed({"params": param})
            for each in judge(policy, request, bindings, param):
                if isinstance(each, Unevaluated):
                    yield (policy.name, each), self.unevaluated(bound, f"{each.part}: {each.reason}")
                else:
                    yield (policy.name, each.validation), self.broken(bound, each, bindings)

    def broken(self, bound: Bound, broken: Broken, bindings: Bindings) -> Finding:
        """A validation that does not hold, at the place that it refuses."""
        return self.finding(bound, bound.level, broken.message, self.path(bound.policy, broken, bindings))

    def unevaluated(self, bound: Bound, reason: str) -> Finding:
        """Something that could not be evaluated, as severe as what it might have found."""
        message = f"could not be evaluated: {one_line(reason)}"
        if bound.policy.ignore:
            return self.finding(
                bound, "warning", f"{message}; an API server would let it pass (failurePolicy: Ignore)", ()
            )
        return self.finding(bound, "unknown" if bound.level == "error" else "warning", message, ())

    def path(self, policy: Policy, broken: Broken, bindings: Bindings) -> Path:
        """The deepest part of the object that the validation names."""
        body = self.request.body
        if body is None:
            return ()
        if policy.at:
            return existing(policy.at, body)
        program = broken.validation.program

        def holds(other: Mapping[str, Any]) -> bool:
            return bool(program.evaluate(bindings.without("object", other)))

        return refused_at(patterns(program.expression, policy.scope), body, holds)

    def finding(
        self, bound: Bound, level: Literal["error", "unknown", "warning", "notice"], message: str, at: Path
    ) -> Finding:
        """A finding at a place of the object."""
        resource, policy = self.request.resource, bound.policy
        origin = resource.origin if self.request.operation != "DELETE" else None
        line, column = (origin.locate(at) if origin.locate else (origin.line, 1)) if origin else (0, 0)
        return Finding(
            check=Policies.name, level=level, message=message, fix=policy.fix or told(policy), resource=resource.id,
            path=origin.path if origin else "", line=line, column=column, rule=policy.name,
        )  # fmt: skip


def in_force(contents: Contents, environment: Environment) -> Iterator[Bound]:
    """Every policy with every binding of it, but those that the environment switches off."""
    for policy in contents.policies:
        level = environment.policy_levels.get(policy.name)
        for binding in contents.bindings:
            if binding.policy == policy.name and level != "off":
                yield Bound(policy=policy, binding=binding, level=level or binding.level)


def idle(contents: Contents) -> Iterator[Policy]:
    """Policies that no binding applies."""
    bound = {each.policy for each in contents.bindings} | {each.policy for each in contents.problems}
    return (each for each in contents.policies if each.name not in bound)


def told(policy: Policy) -> str:
    """What to do where the policy does not say so."""
    where = f"{policy.place.path}:{policy.place.line}" if policy.place.path else f"builtin:{policy.name}"
    return f"change the object as the policy asks ({where}), or have it waived"


def of_problem(problem: Problem) -> Finding:
    """What keeps a policy from being evaluated, at its own place."""
    return Finding(
        check=Policies.name, level="unknown", message=problem.message, fix=problem.fix, rule=problem.policy,
        path=problem.place.path, line=problem.place.line, column=problem.place.column,
    )  # fmt: skip


def unbound(policy: Policy) -> Finding:
    """A policy that applies to nothing."""
    return Finding(
        check=Policies.name, level="notice", rule=policy.name, path=policy.place.path, line=policy.place.line,
        column=policy.place.column, message=f"the policy {policy.name} has no binding, so it applies to nothing",
        fix="add a ValidatingAdmissionPolicyBinding that names it",
    )  # fmt: skip


def deletes(bound: Bound) -> bool:
    """Whether the policy is about deletions too."""
    rules = bound.policy.constraints.rules or ()
    return any(each in ("*", "DELETE") for rule in rules for each in rule.operations)


def deletions(bound: Bound) -> Finding:
    """What is deleted is not known, so a policy about deletions has not judged it."""
    place = bound.policy.place
    return Finding(
        check=Policies.name, level="unknown" if bound.level == "error" and not bound.policy.ignore else "warning",
        message=f"deletions were not judged by {bound.policy.name}: what is deleted {BASE_UNKNOWN}",
        fix="mend what the base renders", rule=bound.policy.name, path=place.path, line=place.line, column=place.column,
    )  # fmt: skip


def late(request: Request, seconds: float) -> Finding:
    """The time is up."""
    id = request.resource.id
    return Finding(
        check=Policies.name, level="unknown", resource=id,
        message=f"policies took more than {seconds:g} s; {id} and what comes after it were not judged",
        fix="make the policies simpler, or split the environment",
        path=request.resource.origin.path if request.resource.origin else "",
    )  # fmt: skip


def one_line(text: str) -> str:
    """Text on one line that prints."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
