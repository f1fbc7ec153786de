"""One environment, judged by all of its policies."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from bot.check.policies.bound import Bound, idle, in_force
from bot.check.policies.court import Budget, Court
from bot.check.policies.docket import Docket
from bot.check.policies.judging import Judging
from bot.check.policies.load import Contents, contents_of
from bot.check.policies.match import Matcher, exempt
from bot.check.policies.params import Params
from bot.check.policies.request import Request, Situation
from bot.check.policies.waivers import ruling
from bot.check.policies.whole import deletes, deletions, late, misspelt, of_problem, unbound
from bot.model.examined import Examined
from bot.model.plan import Finding

__all__ = ["Session"]

SEVERITY: dict[str, int] = {"error": 0, "unknown": 1, "warning": 2, "notice": 3}


class Session:
    """`today` is the day that waivers are held against; `seconds` of the processor's time are there for all objects."""

    def __init__(self, examined: Examined, today: date, seconds: float) -> None:
        self._examined, self._environment = examined, examined.environment
        self._today, self._seconds = today, seconds

    def findings(self) -> list[Finding]:
        """First what is wrong with the policies, then object by object in the order given, each one's by line."""
        contents = contents_of(self._environment.policies, self._examined.policies)
        levels = self._environment.policy_levels
        found = [of_problem(each) for each in contents.problems if levels.get(each.policy) != "off"]
        found += [unbound(each) for each in idle(contents) if levels.get(each.name) != "off"]
        found += misspelt(self._environment, contents)
        bounds = tuple(in_force(contents, self._environment))
        return [*found, *self.judged(contents, bounds)] if bounds else found

    def judged(self, contents: Contents, bounds: tuple[Bound, ...]) -> Iterator[Finding]:
        """The findings of all objects, as long as there is time."""
        situation = Situation(self._examined)
        params = Params(contents.others, situation)
        matcher = Matcher(situation.kinds)
        court = Court(docket=Docket(bounds), params=params, matcher=matcher, budget=Budget(self._seconds))
        if self._examined.before is None:
            yield from (deletions(each) for each in bounds if deletes(each))
        for request in situation.requests():
            if court.budget.is_spent():
                yield late(request, self._seconds)
                return
            if not exempt(request):
                yield from self.of_request(request, court)

    def of_request(self, request: Request, court: Court) -> list[Finding]:
        """The findings of one object: of every validation the most severe, in order of line."""
        judging = Judging(request, court)
        found: dict[Any, Finding] = {}
        for each in judging.to_ask():
            if court.budget.is_spent():
                found["late"] = late(request, self._seconds)
                break
            for key, finding in judging.findings(each):
                known = found.get(key)
                if known is None or SEVERITY[finding.level] < SEVERITY[known.level]:
                    found[key] = finding
        settled = [self.settled(each, request) for each in found.values()]
        return sorted(settled, key=lambda each: (each.line, each.column))

    def settled(self, finding: Finding, request: Request) -> Finding:
        """The finding after what waivers say of it; nobody can answer for what could not be evaluated."""
        if finding.level == "unknown":
            return finding
        said = ruling(finding.rule, request.resource, self._environment.waivers, self._today)
        if said.waived:
            return replace(finding, level="notice", waived=said.waived)
        return replace(finding, message=f"{finding.message} ({said.invalid})") if said.invalid else finding
