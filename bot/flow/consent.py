"""Consent: what somebody's approval binds to, and whether it would count."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from bot.flow.standing import belongs
from bot.flow.view import Part, View
from bot.flow.world import World
from bot.gate import why_not
from bot.model.forge import Remark
from bot.model.gate import Approval, Lease
from bot.model.identity import Person, PullRequestId
from bot.model.noun import noun
from bot.report import answers
from bot.store import approvals, plans

__all__ = ["Voice", "approval_of", "not_approvable", "not_what_was_shown", "take_reviews"]


@noun
class Voice:
    """A person who speaks in a thread at a time (the forge's)."""

    thread: PullRequestId
    person: Person
    at: datetime


async def not_approvable(world: World, part: Part, voice: Voice) -> str:
    """Why this person's approval of all that this environment's plan shows would not count; "" if it is good."""
    return await not_reviewable(world, part, voice) or await unseen_deletions(world, part, voice)


async def not_reviewable(world: World, part: Part, voice: Voice) -> str:
    """The same for a review, which never covers what is destroyed."""
    environment = part.environment
    forge = world.forges[environment.id.repository.forge]
    standing = dict(part.facts.standing)
    for rule in part.facts.rules:
        standing[voice.person.id] = await belongs(forge, environment.id.repository, voice.person, rule)
        if standing[voice.person.id] is not True:
            break
    facts = replace(part.facts, standing=standing)
    return why_not(facts, voice.person) or await not_what_was_shown(world, part, voice)


async def not_what_was_shown(world: World, part: Part, voice: Voice) -> str:
    """An approval binds to the digest in the last plan published in its thread before it was given."""
    head = part.assessment.head
    if head is None or part.assessment.plan is None:
        return answers.NO_PLAN
    shown, unclear = await world.store.read(
        lambda conn: (
            plans.published(conn, voice.thread, part.uid, voice.at),
            plans.same_second(conn, voice.thread, part.uid, voice.at),
        )
    )
    if shown is None:
        return answers.NOT_SHOWN
    if unclear - {shown.digest}:
        return answers.UNCLEAR
    return "" if shown.digest == head.digest else answers.moved_on(shown.digest, head.digest)


async def unseen_deletions(world: World, part: Part, voice: Voice) -> str:
    """What the plan destroys that it did not when the writer saw it: what is there changes without a push."""
    shown = await world.store.read(lambda conn: plans.published(conn, voice.thread, part.uid, voice.at))
    destroys = part.assessment.plan.destroys if part.assessment.plan else frozenset()
    unseen = destroys - (shown.destroys if shown else frozenset())
    return answers.destroys_more(sorted({str(id) for id, _ in unseen})) if unseen else ""


def approval_of(part: Part, voice: Voice, how: Literal["command", "review"] = "command") -> Approval:
    """The approval of the state that the environment's plan leads to; a review never covers what is destroyed."""
    head, plan = part.assessment.head, part.assessment.plan
    assert head is not None and plan is not None
    return Approval(
        environment=part.uid, pull_request=voice.thread, desired=head.digest, objects=part.assessment.to_approve,
        destroys=plan.destroys if how == "command" else frozenset(), by=voice.person, how=how, at=voice.at,
    )  # fmt: skip


async def take_reviews(world: World, view: View, lease: Lease) -> bool:
    """Keep the approvals that reviews of the planned head are; whether one is new."""
    pull = view.pull
    new = False
    for review in pull.remarks:
        if review.id.startswith("review:") and review.approves == pull.head:
            for part in (*view.parts, *view.preview):
                new |= await take_review(world, part, pull.id, review, lease)
    return new


async def take_review(world: World, part: Part, thread: PullRequestId, review: Remark, lease: Lease) -> bool:
    """Keep one review's approval of one environment, if it counts there; whether it is new."""
    if not all(rule.reviews for rule in part.facts.rules):
        return False
    voice = Voice(thread=thread, person=review.author, at=review.at)
    if await not_reviewable(world, part, voice):
        return False
    approval = approval_of(part, voice, "review")

    def keep(conn: Connection) -> bool:
        return approvals.add(conn, approval, review.id)

    return await world.store.write_leased(lease, keep)
