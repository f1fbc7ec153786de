"""One object before all policies of an environment: what they have against it, as findings at its places."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from bot.check.cel.engine import Bindings
from bot.check.policies.binding import Level
from bot.check.policies.bound import Bound
from bot.check.policies.constraints import Constraints
from bot.check.policies.court import Court
from bot.check.policies.judge import Broken, Unevaluated, bindings_of, judge
from bot.check.policies.paths import patterns
from bot.check.policies.policy import Policy
from bot.check.policies.quick import nothing_to_find
from bot.check.policies.request import Request
from bot.check.policies.where import Path, existing, refused_at
from bot.check.policies.words import CHECK, one_line
from bot.errors import CelEvaluationError
from bot.model.plan import Finding

__all__ = ["Judging"]


class Judging:
    """One object before all policies; what the engine is told of it is told once."""

    def __init__(self, request: Request, court: Court) -> None:
        self.request, self.court = request, court
        self._bindings: Bindings | None = None
        self._applies = tuple(map(self._is_about, court.docket.groups))

    @property
    def bindings(self) -> Bindings:
        """The request without parameters."""
        if self._bindings is None:
            self._bindings = bindings_of(self.request)
        return self._bindings

    def to_ask(self) -> Sequence[Bound]:
        """The policies that may have something against the object."""
        answers = tuple(each if isinstance(each, bool) else None for each in self._applies)
        hearing = self.court.docket.hearing(answers)
        settled = hearing.joined and nothing_to_find(hearing.joined, self.bindings)
        return hearing.apart if settled else hearing.every

    def _is_about(self, constraints: tuple[Constraints, ...]) -> bool | CelEvaluationError:
        """Whether policies with these constraints are about the object, or why that cannot be told."""
        try:
            return all(self.court.matcher.matches(each, self.request) for each in constraints)
        except CelEvaluationError as error:
            return error

    def findings(self, bound: Bound) -> Iterator[tuple[Any, Finding]]:
        """What a policy has against the object, with a key that tells the part of the policy."""
        policy, request = bound.policy, self.request
        applies = self._applies[bound.group]
        if isinstance(applies, CelEvaluationError):
            yield (policy.name, "match"), self.unevaluated(bound, bound.level, str(applies))
            return
        try:
            params = self.court.params
            several = params.found(policy.params, bound.binding.params, request) if policy.params else [None]
        except CelEvaluationError as error:
            yield (policy.name, "match"), self.unevaluated(bound, bound.unset, str(error))
            return
        for param in several:
            bindings = self.bindings if param is None else self.bindings.changed({"params": param})
            for each in judge(policy, request, bindings, param):
                if isinstance(each, Unevaluated):
                    yield (policy.name, each), self.unevaluated(bound, bound.level, f"{each.part}: {each.reason}")
                else:
                    yield (policy.name, each.validation), self.broken(bound, each, bindings)

    def broken(self, bound: Bound, broken: Broken, bindings: Bindings) -> Finding:
        """A validation that does not hold, at the place that it refuses."""
        policy = bound.policy
        fix = policy.fix or f"change the object as the policy asks ({place(policy)}), or have it waived"
        return self.finding(bound, bound.level, broken.message, fix, self.path(policy, broken, bindings))

    def unevaluated(self, bound: Bound, level: Level, reason: str) -> Finding:
        """Something that could not be evaluated, as severe as what it might have found, which is of that level."""
        message = f"could not be evaluated: {one_line(reason)}"
        fix = f"give what the policy reads, or have it ask for it first, as with has(): {place(bound.policy)}"
        if bound.policy.ignore:
            message += "; an API server would let it pass (failurePolicy: Ignore)"
            return self.finding(bound, "warning", message, fix, ())
        if level != "error":
            return self.finding(bound, "warning", message, fix, ())
        return self.finding(bound, "unknown", message, f"{fix}; what is unknown cannot be waived", ())

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
        self, bound: Bound, level: Literal["error", "unknown", "warning", "notice"], message: str, fix: str, at: Path
    ) -> Finding:
        """A finding at a place of the object."""
        resource = self.request.resource
        origin = resource.origin if self.request.operation != "DELETE" else None
        line, column = (origin.locate(at) if origin.locate else (origin.line, 1)) if origin else (0, 0)
        return Finding(
            check=CHECK, level=level, message=message, fix=fix, resource=resource.id,
            path=origin.path if origin else "", line=line, column=column, rule=bound.policy.name,
        )  # fmt: skip


def place(policy: Policy) -> str:
    """Where the policy is to be read."""
    return f"{policy.place.path}:{policy.place.line}" if policy.place.path else f"builtin:{policy.name}"
