"""An approval belongs to a state: what keeps it, what voids it, and who may give it."""

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People, holding

pytestmark = pytest.mark.timeout(180)

STAGING, PROD, DEV = "envs/staging/web.yaml", "envs/prod/web.yaml", "envs/dev/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


async def test_a_push_that_changes_only_a_comment_keeps_the_approval(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.approve(number, "staging")
    await people.edit(people.branch_of(number), STAGING, "apiVersion: apps/v1", "# a comment\napiVersion: apps/v1")
    await people.check_is(number, "success")
    await people.comment_says(number, "Approved: staging")
    await people.developer.merge(number)
    await people.folder_shows("staging", holding(NEW))


async def test_a_push_of_one_changed_byte_voids_it(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.approve(number, "staging")
    await people.edit(people.branch_of(number), STAGING, "web:1.5.0", "web:1.5.1")
    await people.comment_says(number, "0 of 1", "1.5.1")
    await people.developer.merge(number)
    await people.comment_says(number, "was merged into", "0 of 1")
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"])
    assert not holding("1.5")(stage.place.objects("staging"))
    await people.approver.answer(number, "/gate approve staging")
    await people.folder_shows("staging", holding("web:1.5.1"))


async def test_another_pull_request_merged_in_between_is_no_obstacle_where_objects_differ(
    people: People, stage: Stage
) -> None:
    first = await people.change((STAGING, OLD, NEW), title="image")
    second = await people.change(("envs/staging/config.yaml", "CURRENCY: EUR", "CURRENCY: USD"), title="settings")
    for number in (first, second):
        await people.approve(number, "staging")
    await people.developer.merge(first)
    await people.developer.merge(second)
    await people.folder_shows("staging", lambda o: holding(NEW)(o) and holding("CURRENCY: USD")(o))


async def test_it_is_held_where_objects_collide(people: People, stage: Stage) -> None:
    first = await people.change((STAGING, OLD, NEW), title="image")
    second = await people.change((STAGING, "replicas: 2", "replicas: 5"), title="replicas")
    for number in (first, second):
        await people.approve(number, "staging")
    await people.approver.answer(second, "/gate hold staging let both land first")
    await people.comment_says(second, "Held")
    await people.developer.merge(first)
    await people.developer.merge(second)
    await people.comment_says(second, "was merged into")
    await people.approver.answer(second, "/gate release staging")
    await people.comment_says(second, "0 of 1")
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"])
    assert not holding("replicas: 5")(stage.place.objects("staging"))
    await people.approver.answer(second, "/gate approve staging")
    await people.folder_shows("staging", lambda o: holding(NEW)(o) and holding("replicas: 5")(o))


async def test_a_merge_that_is_undone_before_it_is_applied_gets_a_last_word(people: People, stage: Stage) -> None:
    first = await people.change((STAGING, OLD, NEW), title="image")
    await people.comment_says(first, "0 of 1")
    await people.merge(first)
    await people.comment_says(first, "was merged into", "0 of 1")
    second = await people.change((STAGING, NEW, OLD), title="back again")
    await people.comment_says(second, "staging")
    await people.merge(second)
    await people.comment_says(first, "undone by a later change before it was applied", absent=("✅ applied",))
    await people.comment_says(second, "already as this shows it", absent=("✅ applied",))
    said = await people.outcomes(first)
    assert len(said) == 1
    assert "staging stays as it was" in said[0]
    # which of the two depends on whether the second merge was known when the environment was looked at
    assert f"#{second}" in said[0] or "what else came to the branch" in said[0]
    assert not holding("1.5")(stage.place.objects("staging"))


async def test_an_environment_that_a_later_push_leaves_alone_is_told_nothing(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW), (PROD, OLD, "web:1.6.0"))
    await people.comment_says(number, NEW, "1.6.0")
    await people.edit(people.branch_of(number), STAGING, NEW, OLD)
    await people.comment_says(number, "1.6.0", absent=(NEW,))
    assert NEW not in (plan := await people.plan(number))
    assert "1.6.0" in plan
    merge = await people.merge(number)
    await people.page_says("staging", lambda page: page["revision"] == merge)
    await people.approver.answer(number, "/gate approve prod")
    await people.folder_shows("prod", holding("web:1.6.0"))
    (said,) = await people.outcomes(number)
    assert "prod" in said
    assert "staging" not in said


async def test_a_push_that_cannot_be_read_leaves_no_environment_alone(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, NEW)
    await people.edit(people.branch_of(number), "tidegate.yaml", "version: 1", "version: one")
    await people.comment_says(number, "version", absent=(NEW,))
    assert NEW in await people.plan(number)


async def test_a_merge_of_what_another_one_brought_is_told_so(people: People, stage: Stage) -> None:
    first, same = await people.same_twice((STAGING, OLD, NEW), "staging")
    await people.merge(first)
    await people.comment_says(first, "applied at")
    await people.merge(same)
    (said,) = await people.outcomes(same)
    assert "staging already is as this shows it" in said
    await people.comment_says(same, "was merged into", absent=("undone",))


async def test_a_merge_of_what_another_one_brought_is_told_so_too_when_it_is_learnt_of_late(
    people: People, stage: Stage
) -> None:
    first, same = await people.same_twice((STAGING, OLD, NEW), "staging")
    await people.merge(first)
    await people.comment_says(first, "applied at")
    slow = {"on": "api", "method": "GET", "path": f".*/pulls/{same}", "kind": "delay", "seconds": 4, "times": 2}
    stage.forge.add_faults([slow])
    merge = await people.merge(same)
    await people.page_says("staging", lambda page: page["revision"] == merge)
    (said,) = await people.outcomes(same)
    assert "staging already is as this shows it" in said
    await people.comment_says(same, "already as this shows it", absent=("undone",))


async def test_the_last_word_is_also_for_a_merge_that_is_learnt_of_late(people: People, stage: Stage) -> None:
    first = await people.change((STAGING, OLD, NEW), title="image")
    await people.comment_says(first, "0 of 1")
    await people.merge(first)
    await people.comment_says(first, "was merged into", "0 of 1")
    second = await people.change((STAGING, NEW, OLD), title="back again")
    await people.comment_says(second, "staging")
    slow = {"on": "api", "method": "GET", "path": f".*/pulls/{second}", "kind": "delay", "seconds": 4, "times": 2}
    stage.forge.add_faults([slow])
    merge = await people.merge(second)
    await people.page_says("staging", lambda page: page["revision"] == merge)
    await people.comment_says(second, "already as this shows it", absent=("✅ applied",))
    said = await people.outcomes(second)
    assert len(said) == 1
    assert f"#{first}" in said[0]
    assert "what else came to the branch" in (await people.outcomes(first))[0]


async def test_the_author_and_strangers_do_not_count(people: People, stage: Stage) -> None:
    stage.forge.add_user("eve", "Eve Elsewhere")
    eve = stage.tokens | {"eve": stage.forge.token("eve")}
    stage.tokens.update(eve)
    number = await people.change((PROD, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    for who in (people.developer, stage.account("eve")):
        await who.answer(number, "/gate approve prod")
        await people.comment_says(number, who.login, "❌", "0 of 1")


async def test_a_review_of_the_planned_head_counts(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    pull = await people.developer.call("GET", f"/pulls/{number}")
    await people.approver.answer(number, "looks good")
    body = {"event": "APPROVE", "commit_id": pull["head"]["sha"]}
    await people.approver.call("POST", f"/pulls/{number}/reviews", body)
    await people.comment_says(number, "applies at once")
    await people.developer.merge(number)
    await people.folder_shows("staging", holding(NEW))


async def test_approving_before_a_plan_was_shown_is_refused(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.approver.comment(number, "/gate approve staging")
    await people.comment_says(number, "❌", "0 of 1")


async def test_another_destination_needs_an_approval_of_its_own(people: People, stage: Stage) -> None:
    number = await people.change(("tidegate.yaml", "target: staging\n", "target: staging\n    scope: blue\n"))
    await people.comment_says(number, "0 of 1")
    before = len(stage.place.objects("staging"))
    merge = await people.merge(number)
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"] or page["revision"] == merge)
    assert len(stage.place.objects("staging")) == before
    await people.comment_says(number, "was merged into", "0 of 1")
    await people.approver.answer(number, "/gate approve staging")
    await people.folder_shows("staging", lambda objects: len(objects) == 2 * before)


async def test_an_outcome_names_only_who_approved_what_is_applied(people: People, stage: Stage) -> None:
    number = await people.change((DEV, OLD, NEW))
    await people.comment_says(number, "1 changed")
    await people.approver.answer(number, "/gate approve dev")
    await people.comment_says(number, "Approved: dev")
    await people.edit(people.branch_of(number), DEV, NEW, "web:1.5.1")
    await people.comment_says(number, "web:1.5.1")
    await people.merge(number)
    (said,) = await people.outcomes(number)
    assert "ana" not in said
