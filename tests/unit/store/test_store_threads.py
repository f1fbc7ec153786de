"""What a thread showed and what was typed in it: nothing that was not shown counts as shown, and first words count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.model.forge import Delivery, PullRequest, Remark, Repository
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId, Wake
from bot.model.noun import Digest, Sha
from bot.model.plan import Plan
from bot.model.report import Answer
from bot.model.resource import ResourceId
from bot.store import commands, deliveries, environments, holds, plans, pulls, queue, repositories
from bot.store.plans import Published
from bot.store.tables import commands as command_rows
from bot.store.tables import deliveries as delivery_rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ACME = RepositoryId(forge="github", number=17, path="acme/shop")
PULL = PullRequestId(repository=ACME, number=4)
ANA = Person(id=1, login="ana")
WEB = ResourceId(type="Deployment.apps", name="web")
HEAD, NEXT, LAST = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)


def shown(name: str = "prod", digest: str = "d1:a", web: str = "o1:a", head: Sha = HEAD) -> Published:
    plan = Plan(
        environment=EnvironmentId(repository=ACME, name=name), desired=Digest(digest), destination="here", changes=(),
        inventory=1, at=NOON,
    )  # fmt: skip
    objects = {WEB: Digest(web)}
    return Published(
        thread=PULL,
        environment=name,
        digest=Digest(digest),
        objects=objects,
        destroys=frozenset(),
        plan=plan,
        head=head,
    )


def digest_before(conn: Connection, before: datetime, name: str = "prod") -> str | None:
    found = plans.published(conn, PULL, name, before)
    return found.digest if found else None


def test_a_plan_that_was_replaced_before_it_was_shown_never_counts(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown(digest="d1:a")], NOON)
    plans.propose(conn, PULL, [shown(digest="d1:b")], NOON + MINUTE)
    plans.mark_published(conn, PULL, NOON + 2 * MINUTE)
    assert digest_before(conn, NOON + 3 * MINUTE) == "d1:b"
    plans.propose(conn, PULL, [shown(digest="d1:a")], NOON + 4 * MINUTE)
    assert digest_before(conn, NOON + 5 * MINUTE) == "d1:b"


def test_an_environment_that_left_before_it_was_shown_does_not_concern_the_thread(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown("prod"), shown("staging")], NOON)
    plans.propose(conn, PULL, [shown("staging")], NOON + MINUTE)
    plans.mark_published(conn, PULL, NOON + 2 * MINUTE)
    assert digest_before(conn, NOON + 3 * MINUTE, "prod") is None
    assert digest_before(conn, NOON + 3 * MINUTE, "staging") == "d1:a"
    assert not plans.concerns(conn, PULL, "prod")


def test_which_threads_show_a_state(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown("prod", digest="d1:a")], NOON)
    assert plans.showing(conn, "prod", Digest("d1:a")) == ()
    plans.mark_published(conn, PULL, NOON)
    assert plans.showing(conn, "prod", Digest("d1:a")) == (PULL.number,)
    assert plans.showing(conn, "prod", Digest("d1:b")) == plans.showing(conn, "qa", Digest("d1:a")) == ()
    plans.propose(conn, PULL, [shown("prod", digest="d1:b")], NOON + MINUTE)
    plans.mark_published(conn, PULL, NOON + MINUTE)
    assert plans.showing(conn, "prod", Digest("d1:a")) == ()


def test_an_environment_is_previewed_as_long_as_a_pull_request_is(conn: Connection) -> None:
    uid = environments.ensure(conn, EnvironmentId(repository=ACME, name="qa"), NOON).uid
    plans.propose(conn, PULL, [shown(uid)], NOON)
    pull = PullRequest(
        id=PULL, title="t", url="u", base="main", head=HEAD, branch="b", author=ANA, fork=False, draft=False,
        state="open", at=NOON,
    )  # fmt: skip
    pulls.save(conn, pull, NOON)
    assert plans.previewed(conn) == frozenset()
    plans.mark_published(conn, PULL, NOON)
    assert plans.previewed(conn) == {uid}
    pulls.save(conn, replace(pull, state="closed"), NOON)
    assert plans.previewed(conn) == frozenset()


def test_what_was_shown_stays_shown_when_the_thread_moves_on(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown(digest="d1:a")], NOON)
    plans.mark_published(conn, PULL, NOON)
    plans.propose(conn, PULL, [shown(digest="d1:b")], NOON + 2 * MINUTE)
    plans.mark_published(conn, PULL, NOON + 2 * MINUTE)
    assert digest_before(conn, NOON + MINUTE) == "d1:a"
    assert digest_before(conn, NOON + 3 * MINUTE) == "d1:b"


def test_the_same_plan_that_would_approve_other_objects_is_another_one(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown(web="o1:a")], NOON)
    plans.mark_published(conn, PULL, NOON)
    plans.propose(conn, PULL, [shown(web="o1:b")], NOON + MINUTE)
    [last] = plans.latest(conn, PULL)
    assert last.objects == {WEB: "o1:b"}


def test_what_a_later_push_leaves_alone_is_not_the_thread_s_any_more(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown("prod"), shown("staging")], NOON)
    plans.mark_published(conn, PULL, NOON)
    plans.propose(conn, PULL, [shown("prod", head=NEXT)], NOON + MINUTE)
    plans.leave(conn, PULL, ["prod"], NEXT, NOON + MINUTE)
    assert plans.concerns(conn, PULL, "prod")
    assert not plans.concerns(conn, PULL, "staging")
    assert plans.last(conn, PULL, "staging") is None
    assert [(each.environment, each.head) for each in plans.latest(conn, PULL)] == [("prod", NEXT)]
    assert digest_before(conn, NOON + 2 * MINUTE, "staging") is None
    assert digest_before(conn, NOON + 2 * MINUTE, "prod") == "d1:a"


def test_what_a_push_brings_back_is_the_thread_s_again(conn: Connection) -> None:
    for head, found in ((HEAD, [shown()]), (NEXT, []), (LAST, [shown(head=LAST)])):
        plans.propose(conn, PULL, found, NOON)
        plans.leave(conn, PULL, [each.environment for each in found], head, NOON)
        plans.mark_published(conn, PULL, NOON)
    assert [(each.environment, each.head) for each in plans.latest(conn, PULL)] == [("prod", LAST)]
    assert digest_before(conn, NOON + MINUTE) == "d1:a"


def test_what_the_base_has_by_now_stays_what_the_same_head_showed(conn: Connection) -> None:
    plans.propose(conn, PULL, [shown()], NOON)
    plans.propose(conn, PULL, [shown(head=NEXT)], NOON)
    plans.leave(conn, PULL, [], NEXT, NOON + MINUTE)
    assert plans.concerns(conn, PULL, "prod")


@pytest.mark.parametrize("other", [replace(PULL, number=5), replace(PULL, repository=replace(ACME, forge="gitlab"))])
def test_another_thread_is_another_matter(conn: Connection, other: PullRequestId) -> None:
    plans.propose(conn, PULL, [shown()], NOON)
    plans.propose(conn, other, [], NOON)
    plans.leave(conn, other, [], NEXT, NOON)
    plans.mark_published(conn, other, NOON)
    assert plans.concerns(conn, PULL, "prod")
    assert digest_before(conn, NOON + MINUTE) is None


def remark(body: str, edited: bool = False) -> Remark:
    return Remark(id="comment:9", author=ANA, body=body, at=NOON, edited=edited)


def bodies(conn: Connection) -> list[str]:
    return [row.remark.body for row in commands.pending(conn, PULL)]


def test_first_words_replace_what_was_found_later_at_the_forge(conn: Connection) -> None:
    commands.record(conn, PULL, remark("/gate approve prod"), "listed", NOON)
    commands.record(conn, PULL, remark("/gate plan"), "signed", NOON)
    commands.record(conn, PULL, remark("/gate approve prod", edited=True), "listed", NOON)
    assert bodies(conn) == ["/gate plan"]


def test_first_words_do_not_undo_what_was_answered(conn: Connection) -> None:
    commands.record(conn, PULL, remark("/gate hold prod"), "listed", NOON)
    [row] = commands.pending(conn, PULL)
    said = Answer(by="ana", command="/gate hold prod", accepted=True, text="held", at=NOON)
    commands.answer(conn, row, said)
    commands.record(conn, PULL, remark("/gate hold prod"), "signed", NOON)
    assert bodies(conn) == []


def test_what_was_answered_is_not_judged_again_whatever_becomes_of_it(conn: Connection) -> None:
    commands.record(conn, PULL, remark("/gate apply prod"), "listed", NOON)
    [row] = commands.pending(conn, PULL)
    refused = Answer(by="ana", command="/gate apply prod", accepted=False, text="no right", at=NOON)
    commands.answer(conn, row, refused)
    edited = replace(remark("/gate hold prod", edited=True), changed=NOON + MINUTE)
    commands.record(conn, PULL, edited, "listed", NOON + MINUTE)
    commands.record(conn, PULL, remark("/gate apply prod"), "signed", NOON + MINUTE)
    assert bodies(conn) == []


def test_what_held_no_command_is_looked_at_again_only_when_it_was_edited(conn: Connection) -> None:
    commands.record(conn, PULL, remark("a/b"), "listed", NOON)
    [row] = commands.pending(conn, PULL)
    commands.ignore(conn, row)
    commands.record(conn, PULL, remark("a/b"), "listed", NOON + MINUTE)
    assert bodies(conn) == []
    edited = replace(remark("/gate hold prod", edited=True), changed=NOON + MINUTE)
    commands.record(conn, PULL, edited, "listed", NOON + MINUTE)
    assert bodies(conn) == ["/gate hold prod"]


def test_a_remark_that_was_judged_keeps_no_text(conn: Connection) -> None:
    for id in ("ignored", "answered"):
        secret = Remark(id=id, author=ANA, body="/gate plan\nmy password is hunter2", at=NOON)
        commands.record(conn, PULL, secret, "signed", NOON)
    ignored, answered = sorted(commands.pending(conn, PULL), key=lambda row: row.remark.id, reverse=True)
    commands.ignore(conn, ignored)
    said = Answer(by="ana", command="/gate plan", accepted=True, text="planned", at=NOON)
    commands.answer(conn, answered, said)
    assert list(conn.execute(select(command_rows.c.state, command_rows.c.body).order_by(command_rows.c.state))) == [
        ("answered", ""), ("ignored", ""),
    ]  # fmt: skip


def test_when_a_remark_was_found_is_kept(conn: Connection) -> None:
    commands.record(conn, PULL, remark("/gate plan"), "listed", NOON + MINUTE)
    commands.record(conn, PULL, remark("/gate plan"), "listed", NOON + 2 * MINUTE)
    assert [row.found for row in commands.pending(conn, PULL)] == [NOON + MINUTE]


def test_old_deliveries_are_forgotten_and_recent_ones_are_not(conn: Connection) -> None:
    for day in range(5):
        deliveries.accept(conn, "github", Delivery(id=str(day), event="ping"), NOON + timedelta(days=day))
    assert deliveries.forget(conn, NOON + timedelta(days=3)) == 3
    assert sorted(conn.execute(select(delivery_rows.c.delivery)).scalars()) == ["3", "4"]


def test_plans_that_were_superseded_long_ago_are_forgotten_and_the_last_one_never(conn: Connection) -> None:
    for day, digest in enumerate(["d1:a", "d1:b", "d1:c"]):
        plans.propose(conn, PULL, [shown(digest=digest), shown("staging")], NOON + timedelta(days=day))
        plans.mark_published(conn, PULL, NOON + timedelta(days=day))
    # what replaces the last one was not shown yet
    plans.propose(conn, PULL, [shown(digest="d1:d"), shown("staging")], NOON + timedelta(days=3))
    assert plans.forget(conn, NOON + timedelta(days=1)) == 0, "the second day's was not there before that time"
    assert plans.forget(conn, NOON + timedelta(days=1, hours=1)) == 1
    assert plans.forget(conn, NOON + timedelta(days=9)) == 1
    assert digest_before(conn, NOON + timedelta(days=2)) is None
    assert digest_before(conn, NOON + timedelta(days=9)) == "d1:c"
    assert digest_before(conn, NOON + timedelta(days=9), "staging") == "d1:a"


def test_the_same_delivery_id_of_two_forges_is_two_deliveries(conn: Connection) -> None:
    assert deliveries.accept(conn, "github", Delivery(id="1", event="ping"), NOON)
    assert deliveries.accept(conn, "other", Delivery(id="1", event="ping"), NOON)


@pytest.mark.parametrize("count", [1, 70_000])
def test_riders_are_found_by_merge_commit_in_order_of_merging(conn: Connection, count: int) -> None:
    merges = {4: "b" * 40, 5: "c" * 40, 6: "d" * 40}
    for number, sha in merges.items():
        pull = PullRequest(
            id=PullRequestId(repository=ACME, number=number), title="t", url="u", base="main", head=HEAD, branch="b",
            author=ANA, fork=False, draft=False, state="merged", at=NOON, merge_commit=Sha(sha),
            merged_at=NOON - number * MINUTE,
        )  # fmt: skip
        pulls.save(conn, pull, NOON)
    asked = [Sha(f"{n:040x}") for n in range(count)] + [Sha(merges[4]), Sha(merges[6])]
    assert [row.id.number for row in pulls.merged_as(conn, ACME, asked)] == [6, 4]


def test_a_check_that_is_asked_for_again_is_the_pull_requests_with_that_head(conn: Connection) -> None:
    repositories.adopt(conn, Repository(id=ACME, default_branch="main"), NOON)
    for number, head in ((4, "a" * 40), (5, "b" * 40)):
        pull = PullRequest(
            id=PullRequestId(repository=ACME, number=number), title="t", url="u", base="main", head=Sha(head),
            branch="b", author=ANA, fork=True, draft=False, state="open", at=NOON,
        )  # fmt: skip
        pulls.save(conn, pull, NOON)
    wakes = (Wake(key=ACME, reason="check_run rerequested"),)
    delivery = Delivery(id="guid", event="check_run", wakes=wakes, again=Sha("b" * 40))
    assert deliveries.accept(conn, "github", delivery, NOON)
    found = [pulls.find(conn, PullRequestId(repository=ACME, number=number)) for number in (4, 5)]
    assert [each.asked for each in found if each] == ["", "guid"]
    assert queue.ready(conn, NOON) == 2


def test_what_is_adopted_again_goes_on_from_where_it_was(conn: Connection) -> None:
    new = RepositoryId(forge="github", number=70, path="acme/new")
    assert repositories.adopt(conn, Repository(id=new, default_branch="main"), NOON)
    repositories.set_base_head(conn, new, HEAD)
    renamed = Repository(id=replace(new, path="acme/old"), default_branch="trunk")
    assert not repositories.adopt(conn, renamed, NOON + MINUTE)
    assert repositories.find(conn, new) == renamed
    assert repositories.base_head(conn, new) == HEAD
    assert (repositories.watermark(conn, new), repositories.adopted_at(conn, new)) == (NOON, NOON)


def test_a_hold_lasts_until_it_is_released(conn: Connection) -> None:
    assert holds.current(conn, "uid") is None
    holds.add(conn, "uid", ANA, "incident", NOON)
    holds.add(conn, "uid", Person(id=2, login="bo"), "still", NOON + MINUTE)
    found = holds.current(conn, "uid")
    assert found is not None
    assert (found.by, found.reason, found.at) == ("bo", "still", NOON + MINUTE)
    assert holds.current(conn, "other") is None
    holds.add(conn, "other", ANA, "incident", NOON)
    holds.release(conn, "uid", NOON + 2 * MINUTE)
    assert holds.current(conn, "uid") is None
    assert holds.current(conn, "other") is not None


def test_a_release_ends_the_stop_after_half_an_apply_too_and_of_its_environment_alone(conn: Connection) -> None:
    rows = [environments.ensure(conn, EnvironmentId(repository=ACME, name=name), NOON) for name in ("a", "b")]
    for row in rows:
        environments.set_partial(conn, row.uid, "1")
    holds.release(conn, rows[0].uid, NOON)
    assert [environments.ensure(conn, each.id, NOON).partial for each in rows] == ["", "1"]
