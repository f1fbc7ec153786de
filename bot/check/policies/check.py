"""The check `policies`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal

from bot.check.policies.bound import Bound, idle, in_force
from bot.check.policies.court import Budget, Court
from bot.check.policies.docket import Docket
from bot.check.policies.judging import Judging
from bot.check.policies.load import Contents, contents_of
from bot.check.policies.match import Matcher, exempt
from bot.check.policies.params import Params
from bot.check.policies.request import Request, Situation
from bot.check.policies.waivers import ruling
from bot.check.policies.whole import CHECK, deletes, deletions, late, misspelt, of_problem, unbound
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding

__all__ = ["Policies"]

SECONDS = 30.0
"""Processor time that the policies of one environment may take, all objects together."""

SEVERITY: dict[str, int] = {"error": 0, "unknown": 1, "warning": 2, "notice": 3}


class Policies:
    """Judges every object that is made, changed or deleted, by the policies of the protected base.

    An expression that has no result is `unknown`, or a warning where its policy could not have been more than that.
    Safe to run from several tasks at once. `today` tells the day that waivers are held against, UTC.
    """

    name = CHECK
    subject: ClassVar[Literal["desired"]] = "desired"

    def __init__(self, today: Callable[[], date] = lambda: datetime.now(UTC).date(), seconds: float = SECONDS) -> None:
        self.today, self.seconds = today, seconds

    def apart(self, environment: Environment) -> bool:
        """Not where there are policies: one may look at a parameter or a namespace beside the object."""
        return not environment.policies

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """First what is wrong with the policies, then object by object in the order given, each one's by line."""
        return self.findings(examined)

    def findings(self, examined: Examined) -> list[Finding]:
        """What `run` answers; takes the processor's time."""
        environment = examined.environment
        if not environment.policies:
            return []
        contents = contents_of(environment.policies, examined.policies)
        levels = environment.policy_levels
        found = [of_problem(each) for each in contents.problems if levels.get(each.policy) != "off"]
        found += [unbound(each) for each in idle(contents) if levels.get(each.name) != "off"]
        found += misspelt(environment, contents)
        bounds = tuple(in_force(contents, environment))
        return [*found, *self.judged(examined, contents, bounds)] if bounds else found

    def judged(self, examined: Examined, contents: Contents, bounds: tuple[Bound, ...]) -> Iterator[Finding]:
        """The findings of all objects, as long as there is time."""
        situation = Situation(examined)
        params = Params(contents.others, situation)
        matcher = Matcher(situation.kinds)
        court = Court(docket=Docket(bounds), params=params, matcher=matcher, budget=Budget(self.seconds))
        if examined.before is None:
            yield from (deletions(each) for each in bounds if deletes(each))
        for request in situation.requests():
            if court.budget.is_spent():
                yield late(request, self.seconds)
                return
            if not exempt(request):
                yield from self.of_request(request, court, examined.environment)

    def of_request(self, request: Request, court: Court, environment: Environment) -> list[Finding]:
        """The findings of one object: of every validation the most severe, in order of line."""
        judging = Judging(request, court)
        found: dict[Any, Finding] = {}
        for each in judging.to_ask():
            if court.budget.is_spent():
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
