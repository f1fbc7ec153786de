"""What an approval binds to: the plan that its writer saw, and whether it would count; asked of a store and a forge."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.flow.consent import Voice, not_approvable, not_reviewable, not_what_was_shown, take_reviews
from bot.flow.view import Part, View
from bot.flow.world import World
from bot.model.environment import ApprovalRule
from bot.model.forge import PullRequest, Remark
from bot.model.identity import Person
from bot.model.noun import Digest, Sha
from bot.report import answers
from bot.store import approvals, queue
from tests.support.alone import NOON
from tests.support.thread import ANA, BO, EVE, GONE, HEAD, PULL, SECOND, TEAM, WRITERS, Members, at, part, show


def voice(when: datetime, person: Person = ANA) -> Voice:
    return Voice(thread=PULL, person=person, at=when)


async def test_an_approval_binds_to_the_plan_that_was_shown_before_it(world: World) -> None:
    assert await not_what_was_shown(world, part(), voice(NOON)) == answers.NOT_SHOWN
    await show(world, "d1:old", NOON)
    await show(world, "d1:new", NOON + 60 * SECOND)
    moved = answers.moved_on(Digest("d1:old"), Digest("d1:new"))
    for seconds, said in ((0, answers.NOT_SHOWN), (0.9, answers.NOT_SHOWN), (1, moved), (59, moved), (61, "")):
        assert await not_what_was_shown(world, part(), voice(NOON + seconds * SECOND)) == said, seconds
    left = answers.moved_on(Digest("d1:new"), Digest("d1:newer"))
    assert await not_what_was_shown(world, part("d1:newer"), voice(NOON + 61 * SECOND)) == left


async def test_which_of_two_plans_was_seen_is_not_guessed(world: World) -> None:
    await show(world, "d1:new", NOON)
    await show(world, "d1:other", NOON + 60 * SECOND)
    assert await not_what_was_shown(world, part(), voice(NOON + 59 * SECOND)) == ""
    assert await not_what_was_shown(world, part(), voice(NOON + 60 * SECOND)) == answers.UNCLEAR
    await show(world, "d1:other", NOON + 90 * SECOND, GONE)
    assert await not_what_was_shown(world, part("d1:other"), voice(NOON + 90 * SECOND)) == "", "both are of one state"


async def test_what_has_no_plan_is_not_approved(world: World) -> None:
    await show(world, "d1:new", NOON)
    found = part().assessment
    for none in (replace(found, head=None), replace(found, plan=None)):
        nothing = replace(part(), assessment=none)
        assert await not_what_was_shown(world, nothing, voice(NOON + SECOND)) == answers.NO_PLAN


async def test_what_is_destroyed_since_it_was_seen_is_not_approved(world: World) -> None:
    await show(world, "d1:new", NOON)
    there = at(world, Members())
    assert "ConfigMap b" in await not_approvable(there, part("d1:new", GONE), voice(NOON + SECOND))
    assert await not_reviewable(there, part("d1:new", GONE), voice(NOON + SECOND)) == ""
    await show(world, "d1:new", NOON + SECOND, GONE)
    assert await not_approvable(there, part("d1:new", GONE), voice(NOON + 2 * SECOND)) == ""
    other = replace(GONE, uid="f1:other")
    assert "ConfigMap b" in await not_approvable(there, part("d1:new", other), voice(NOON + 2 * SECOND))
    assert await not_approvable(there, part(), voice(NOON + 2 * SECOND)) == "", "fewer is no harm"


async def test_who_is_not_asked_does_not_count_and_neither_does_who_cannot_be_looked_up(world: World) -> None:
    await show(world, "d1:new", NOON)
    here, since = at(world, Members()), NOON + SECOND
    assert await not_approvable(here, part(), voice(since)) == ""
    assert "asked of acme/sre" in await not_approvable(here, part(), voice(since, EVE))
    assert "opened the change" in await not_approvable(at(world, Members(team=(1,))), part(), voice(since, BO))
    assert "could not be looked up" in await not_approvable(at(world, Members(team=None)), part(), voice(since))


@pytest.mark.parametrize("rules", [(TEAM, WRITERS), (WRITERS, TEAM)])
async def test_every_rule_is_asked_whom_it_means(world: World, rules: tuple[ApprovalRule, ...]) -> None:
    await show(world, "d1:new", NOON)
    here = at(world, Members())
    assert await not_approvable(here, part(rules=rules), voice(NOON + SECOND)) == ""
    assert await not_approvable(here, part(rules=rules), voice(NOON + SECOND, EVE)) != ""


REVIEW = Remark(id="review:1", author=ANA, body="", at=NOON + SECOND, approves=HEAD)


def view(review: Remark, found: Part) -> View:
    pull = PullRequest(
        id=PULL, title="a change", url="", base="main", head=HEAD, branch="topic", author=BO, fork=False, draft=False,
        state="open", at=NOON, merge_commit=None, merged_at=None, commits=(), remarks=(review,),
    )  # fmt: skip
    return View(pull=pull, phase="open", parts=(found,))


NOT_TAKEN: dict[str, tuple[Remark, Part]] = {
    "of another commit": (replace(REVIEW, approves=Sha("b" * 40)), part()),
    "that approves nothing": (replace(REVIEW, approves=None), part()),
    "of a bot": (replace(REVIEW, author=replace(ANA, bot=True)), part()),
    "of somebody who is not asked": (replace(REVIEW, author=EVE), part()),
    "before the plan": (replace(REVIEW, at=NOON), part()),
    "of another state": (REVIEW, part("d1:newer")),
    "that is a comment": (replace(REVIEW, id="comment:1"), part()),
    "where reviews do not count": (REVIEW, part(rules=(replace(TEAM, reviews=False),))),
    "where they do not count by one of the rules": (REVIEW, part(rules=(TEAM, replace(TEAM, reviews=False)))),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
async def test_a_review_is_not_taken_for_more_than_it_is(world: World, what: str) -> None:
    review, found = NOT_TAKEN[what]
    here = at(world, Members())
    await show(world, "d1:new", NOON)
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    assert not await take_reviews(here, view(review, found), lease)
    assert await world.store.read(lambda conn: approvals.of(conn, "u")) == ()


async def test_a_review_of_the_planned_head_is_taken_once_and_destroys_nothing(world: World) -> None:
    here, found = at(world, Members()), view(REVIEW, part("d1:new", GONE))
    await show(world, "d1:new", NOON)
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    assert await take_reviews(here, found, lease)
    (given,) = await world.store.read(lambda conn: approvals.of(conn, "u"))
    assert (given.how, given.by, given.desired, given.destroys) == ("review", ANA, "d1:new", frozenset())
    assert not await take_reviews(here, found, lease)


async def test_a_review_is_taken_for_what_takes_effect_after_the_merge_too(world: World) -> None:
    await show(world, "d1:new", NOON)
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    previewed = replace(view(REVIEW, part()), parts=(), preview=(part(),))
    assert await take_reviews(at(world, Members()), previewed, lease)
