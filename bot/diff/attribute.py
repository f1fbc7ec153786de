"""Telling apart why a change is in a plan: this pull request, one merged earlier, or somebody's hand."""

from collections.abc import Mapping
from dataclasses import replace

from bot.model.noun import Digest
from bot.model.plan import Action, Cause, Change, Plan
from bot.model.resource import ResourceId

__all__ = ["attribute", "to_approve"]

Objects = Mapping[ResourceId, Digest]


def attribute(plan: Plan, base: Objects | None, head: Objects, applied: Objects | None) -> Plan:
    """The plan with every change's cause.

    `base` and `head` are the objects that the base and the pull request merged into it ask for, `applied` those of the
    recorded applied state (None: nothing was applied yet). The first that holds: head differs from base, or there is no
    base: this pull request. The change does nothing: no cause. Base differs from applied: pending. Else drift; so what
    the inventory holds and no recorded state ever asked for is drift, too.
    """
    return replace(plan, changes=tuple(replace(each, cause=_cause(each, base, head, applied)) for each in plan.changes))


def _cause(change: Change, base: Objects | None, head: Objects, applied: Objects | None) -> Cause:
    id = change.id
    if base is None or base.get(id) != head.get(id):
        return Cause.PULL_REQUEST
    if change.action is Action.UNCHANGED:
        return Cause.NONE
    if base.get(id) != (applied or {}).get(id):
        return Cause.PENDING
    return Cause.DRIFT


def to_approve(plan: Plan, base: Objects | None, head: Objects, applied: Objects | None) -> dict[ResourceId, Digest]:
    """The objects of `head` that approving it is about: what is not so in the base, in the applied state, or live.

    Where nothing was applied that is all of them, also those that the target happens to hold.
    """
    live = {each.id for each in plan.effective}
    states = (base or {}, applied or {})
    return {id: digest for id, digest in head.items() if id in live or any(s.get(id) != digest for s in states)}
