"""Trouble on demand: API and git answers that fail or come late, webhooks that are lost, doubled or out of order."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

__all__ = ["BadFault", "Fault", "Faults"]

KINDS = {
    "api": ("status", "delay", "lost_reply"),
    "git": ("status", "delay", "lost_reply"),
    "webhook": ("lost", "fail", "duplicate", "reorder", "delay", "corrupt"),
}


class BadFault(ValueError):
    """A fault that cannot be carried out; says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is to go wrong the next `times` times.

    on `api` and `git` (chosen by method and path, regular expressions over the whole value; API paths without their
    `/api/v3`): `status` answers that without doing anything, with `retry_after` seconds and `headers` where given;
    `delay` waits `seconds` first; `lost_reply` does it, then closes the connection without an answer.
    on `webhook` (chosen by event): `lost` vanishes without a trace; `fail` is listed as failed and not sent;
    `duplicate` is sent twice; `reorder` is held back until the next one was sent; `delay` is sent `seconds` later;
    `corrupt` has a wrong signature.
    """

    on: str
    kind: str
    method: str = ".*"
    path: str = ".*"
    event: str = ".*"
    status: int = 503
    retry_after: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    times: int = 1

    def __post_init__(self) -> None:
        if self.on not in KINDS:
            raise BadFault(f"on: {self.on!r} is none of {', '.join(KINDS)}")
        if self.kind not in KINDS[self.on]:
            raise BadFault(f"kind: {self.kind!r} is none of {', '.join(KINDS[self.on])}")
        if not isinstance(self.times, int) or self.times < 1:
            raise BadFault(f"times: {self.times!r} is not a number from 1 up")
        for pattern in (self.method, self.path, self.event):
            try:
                re.compile(pattern)
            except re.error as error:
                raise BadFault(f"{pattern!r} is no regular expression: {error}") from error


class Faults:
    """The faults that wait to happen, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []

    def add(self, wanted: Sequence[dict[str, Any]]) -> None:
        """Add faults; all or none. BadFault: one of them cannot be."""
        known = {each.name for each in fields(Fault)}
        for each in wanted:
            if unknown := set(each) - known:
                raise BadFault(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
            if missing := {"on", "kind"} - set(each):
                raise BadFault(f"missing: {', '.join(sorted(missing))}")
        made = [Fault(**each) for each in wanted]
        self._waiting += [(fault, fault.times) for fault in made]

    def clear(self) -> None:
        """No more trouble."""
        self._waiting.clear()

    def listing(self) -> list[dict[str, Any]]:
        """What still waits, `times` counting what is left."""
        return [asdict(fault) | {"times": left} for fault, left in self._waiting]

    def request(self, door: str, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, now used up by one."""
        return self._take(
            lambda fault: (
                fault.on == door and bool(re.fullmatch(fault.method, method) and re.fullmatch(fault.path, path))
            )
        )

    def webhook(self, event: str) -> Fault | None:
        """The fault that strikes this delivery, now used up by one."""
        return self._take(lambda fault: fault.on == "webhook" and bool(re.fullmatch(fault.event, event)))

    def _take(self, strikes: Any) -> Fault | None:
        for at, (fault, left) in enumerate(self._waiting):
            if strikes(fault):
                self._waiting[at : at + 1] = [(fault, left - 1)] if left > 1 else []
                return fault
        return None
