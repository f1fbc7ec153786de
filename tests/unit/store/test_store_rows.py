"""The aggregates: what is put in comes out, once, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.errors import SettingsError
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.forge import Delivery, Remark, Repository
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId, Wake
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Applied, Cause, Change, FieldChange, Plan
from bot.model.report import Answer, Outcome, Posted, PostedCheck
from bot.model.resource import Origin, ResourceId
from bot.store import Store, approvals, commands, deliveries, environments, journal, plans, posted, queue, repositories
from bot.store.blobs import INLINE
from bot.store.environments import AppliedState
from bot.store.tables import metadata

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
REPOSITORY = RepositoryId(forge="github", number=7, path="acme/shop")
PULL = PullRequestId(repository=REPOSITORY, number=4)
ANA = Person(id=1, login="ana")
PROD = EnvironmentId(repository=REPOSITORY, name="prod")
WEB = ResourceId(type="Deployment.apps", name="web", scope="shop")
REVISION = Sha("a" * 40)


def plan(text: str = "1") -> Plan:
    change = Change(
        id=WEB, action=Action.DELETE, cause=Cause.DRIFT, fields=(FieldChange(path="/a", before=text, after=None),),
        before={"a": text}, uid="f1:1", digest=None, origin=Origin(path="a.yaml", line=3),
    )  # fmt: skip
    return Plan(environment=PROD, desired=Digest("d1:x"), destination="here", changes=(change,), inventory=3, at=NOW)


def shown(digest: str = "d1:x", text: str = "1") -> plans.Published:
    return plans.Published(
        thread=PULL, environment="uid", digest=Digest(digest), objects={WEB: Digest("o1:1")},
        destroys=frozenset({(WEB, "f1:1")}), plan=plan(text), head=REVISION,
    )  # fmt: skip


@pytest.fixture(autouse=True)
async def adopted(store: Store) -> None:
    await store.write(lambda conn: repositories.adopt(conn, Repository(id=REPOSITORY, default_branch="main"), NOW))


def remark(body: str = "/gate plan", edited: bool = False) -> Remark:
    return Remark(id="comment:9", author=ANA, body=body, at=NOW, changed=NOW, edited=edited)


async def test_a_delivery_is_accepted_once(store: Store) -> None:
    delivery = Delivery(
        id="guid", event="issue_comment", wakes=(Wake(key=PULL, reason="x"),), remark=remark(), thread=PULL
    )
    assert await store.write(lambda conn: deliveries.accept(conn, "github", delivery, NOW))
    assert not await store.write(lambda conn: deliveries.accept(conn, "github", delivery, NOW))
    assert await store.read(lambda conn: queue.ready(conn, NOW)) == 1
    (row,) = await store.read(lambda conn: commands.pending(conn, PULL))
    assert (row.origin, row.remark.body, row.remark.author) == ("signed", "/gate plan", ANA)


async def test_nothing_is_kept_of_a_repository_that_was_never_adopted(store: Store) -> None:
    thread = PullRequestId(repository=RepositoryId(forge="github", number=99, path="acme/other"), number=4)
    delivery = Delivery(
        id="guid", event="issue_comment", wakes=(Wake(key=thread, reason="x"),), remark=remark(), thread=thread
    )
    assert await store.write(lambda conn: deliveries.accept(conn, "github", delivery, NOW))
    assert await store.read(lambda conn: queue.ready(conn, NOW)) == 0
    assert await store.read(lambda conn: commands.pending(conn, thread)) == ()


async def test_a_signed_text_replaces_a_listed_one_that_was_refused_for_its_edit(store: Store) -> None:
    await store.write(lambda conn: commands.record(conn, PULL, remark("/gate apply prod", edited=True), "listed", NOW))
    (row,) = await store.read(lambda conn: commands.pending(conn, PULL))
    said = Answer(by="ana", command="/gate apply prod", accepted=False, text="edited", at=NOW)
    await store.write(lambda conn: commands.answer(conn, row, said))
    await store.write(lambda conn: commands.record(conn, PULL, remark("/gate plan"), "signed", NOW))
    (row,) = await store.read(lambda conn: commands.pending(conn, PULL))
    assert (row.origin, row.remark.body) == ("signed", "/gate plan")


async def test_an_answered_command_is_not_judged_again(store: Store) -> None:
    await store.write(lambda conn: commands.record(conn, PULL, remark(), "signed", NOW))
    (row,) = await store.read(lambda conn: commands.pending(conn, PULL))
    said = Answer(by="ana", command="/gate plan", accepted=True, text="Planned.", at=NOW)
    await store.write(lambda conn: commands.answer(conn, row, said))
    again = remark("/gate hold prod")
    await store.write(lambda conn: commands.record(conn, PULL, again, "signed", NOW))
    await store.write(lambda conn: commands.record(conn, PULL, again, "listed", NOW))
    assert await store.read(lambda conn: commands.pending(conn, PULL)) == ()
    assert await store.read(lambda conn: commands.answers(conn, PULL, 5)) == (said,)


async def test_approvals_come_back_until_withdrawn_or_spent(store: Store) -> None:
    approval = Approval(
        environment="uid", pull_request=PULL, desired=Digest("d1:x"), objects={WEB: Digest("o1:1")},
        destroys=frozenset({(WEB, "f1:1")}), by=ANA, how="command", at=NOW,
    )  # fmt: skip
    for _ in range(2):
        await store.write(lambda conn: approvals.add(conn, approval, "comment:9"))
    assert await store.read(lambda conn: approvals.counting(conn, "uid", PULL)) == (approval,)
    await store.write(lambda conn: approvals.spend(conn, "uid", Digest("d1:other"), NOW))
    assert await store.read(lambda conn: approvals.counting(conn, "uid", PULL)) == (approval,)
    await store.write(lambda conn: approvals.spend(conn, "uid", Digest("d1:x"), NOW))
    assert await store.read(lambda conn: approvals.counting(conn, "uid", PULL)) == ()
    await store.write(lambda conn: approvals.add(conn, approval, "comment:10"))
    await store.write(lambda conn: approvals.withdraw(conn, "uid", PULL, ANA, NOW))
    assert await store.read(lambda conn: approvals.counting(conn, "uid", PULL)) == ()


async def test_what_a_person_gave_in_a_thread_is_found(store: Store) -> None:
    bo, other = Person(id=2, login="bo"), replace(PULL, number=PULL.number + 1)
    rows = [
        await store.write(partial(environments.ensure, id=replace(PROD, name=name), now=NOW))
        for name in ("prod", "staging")
    ]
    gifts = ((ANA, PULL, rows[0]), (ANA, PULL, rows[0]), (ANA, other, rows[1]), (bo, PULL, rows[1]))
    for number, (person, thread, row) in enumerate(gifts):
        approval = Approval(
            environment=row.uid, pull_request=thread, desired=Digest("d1:x"), objects={}, by=person, how="command",
            at=NOW,
        )  # fmt: skip
        await store.write(partial(approvals.add, approval=approval, remark=f"comment:{number}"))
    assert await store.read(lambda conn: approvals.given(conn, PULL, ANA)) == {rows[0].uid: "prod"}
    await store.write(lambda conn: approvals.withdraw(conn, rows[0].uid, PULL, ANA, NOW))
    assert await store.read(lambda conn: approvals.given(conn, PULL, ANA)) == {}


async def test_only_the_approvals_that_are_meant_are_read_withdrawn_and_spent(store: Store) -> None:
    bo, other = Person(id=2, login="bo"), replace(PULL, number=PULL.number + 1)
    mine = Approval(
        environment="uid", pull_request=PULL, desired=Digest("d1:x"), objects={}, by=ANA, how="command", at=NOW
    )
    beside = (replace(mine, environment="v"), replace(mine, by=bo), replace(mine, pull_request=other))
    for number, each in enumerate((mine, *beside)):
        await store.write(partial(approvals.add, approval=each, remark=f"comment:{number}"))

    async def left() -> list[Approval]:
        return [
            each
            for uid, thread in (("v", PULL), ("uid", PULL), ("uid", other))
            for each in await store.read(partial(approvals.counting, environment=uid, thread=thread))
        ]

    assert await left() == [beside[0], mine, *beside[1:]]
    await store.write(lambda conn: approvals.withdraw(conn, "uid", PULL, ANA, NOW))
    assert await left() == [*beside]
    await store.write(lambda conn: approvals.spend(conn, "uid", Digest("d1:x"), NOW))
    assert await left() == [beside[0]]


async def test_approvals_end_with_their_reviews_and_with_their_thread(store: Store) -> None:
    other = replace(PULL, number=PULL.number + 1)
    for thread in (PULL, other):
        for how, remark in (("command", "comment:1"), ("review", "review:1"), ("review", "review:2")):
            approval = Approval(
                environment="uid", pull_request=thread, desired=Digest("d1:x"), objects={}, by=ANA, how=how, at=NOW,  # type: ignore[arg-type]
            )  # fmt: skip
            await store.write(partial(approvals.add, approval=approval, remark=f"{remark}:{thread.number}"))

    async def left() -> list[str]:
        return [each.how for each in await store.read(lambda conn: approvals.counting(conn, "uid", PULL))]

    stands = [f"review:2:{PULL.number}"]
    await store.write(lambda conn: approvals.end_reviews(conn, PULL, stands, NOW))
    assert await left() == ["command", "review"]
    await store.write(lambda conn: approvals.end_reviews(conn, PULL, [], NOW))
    assert await left() == ["command"]
    await store.write(lambda conn: approvals.end_all(conn, PULL, NOW))
    assert await left() == []
    assert len(await store.read(lambda conn: approvals.counting(conn, "uid", other))) == 3


async def test_a_plan_is_published_once_and_found_by_the_second_before(store: Store) -> None:
    made = await store.write(lambda conn: plans.propose(conn, PULL, [shown()], NOW))
    later = NOW + timedelta(minutes=1)
    assert await store.write(lambda conn: plans.propose(conn, PULL, [shown()], later)) == made == NOW
    assert await store.read(lambda conn: plans.published(conn, PULL, "uid", later)) is None
    await store.write(lambda conn: plans.mark_published(conn, PULL, NOW))
    at = NOW + timedelta(milliseconds=900)
    assert await store.read(lambda conn: plans.published(conn, PULL, "uid", at)) is None
    assert await store.read(lambda conn: plans.same_second(conn, PULL, "uid", at))
    found = await store.read(lambda conn: plans.published(conn, PULL, "uid", NOW + timedelta(seconds=1)))
    assert found == shown()
    assert await store.write(lambda conn: plans.propose(conn, PULL, [shown("d1:y", "2")], later)) == later
    assert [p.digest for p in await store.read(lambda conn: plans.latest(conn, PULL))] == ["d1:y"]


async def test_large_plans_lie_in_files_beside_sqlite_alone(store: Store, url: str, tmp_path: Path) -> None:
    large = shown(text="x" * (INLINE + 1))
    await store.write(lambda conn: plans.propose(conn, PULL, [large], NOW))
    files = [p for p in (tmp_path / "state" / "blobs").rglob("*") if p.is_file()]
    assert bool(files) == url.startswith("sqlite")
    assert (await store.read(lambda conn: plans.latest(conn, PULL))) == (large,)


async def test_an_environment_keeps_its_id_and_remembers_what_was_applied(store: Store) -> None:
    first = await store.write(lambda conn: environments.ensure(conn, PROD, NOW))
    again = await store.write(lambda conn: environments.ensure(conn, PROD, NOW))
    assert first.uid == again.uid
    described = Environment(
        id=PROD, source=Source(path="envs/prod"), target="prod", apply="on-merge", after=("staging",)
    )
    state = environments.AppliedState(
        revision=REVISION, digest=Digest("d1:x"), objects={WEB: Digest("o1:1")},
        rule=ApprovalRule(count=1, approvers=("team:acme/sre",)), destination="here", at=NOW,
        tools=("kustomize v5.7.1 sha256:1",),
    )  # fmt: skip
    looked = environments.Looked(
        revision=REVISION, digest=Digest("d1:x"), state="pass", reason="", drifted=("Deployment shop/web",), at=NOW
    )
    await store.write(lambda conn: environments.activate(conn, described, NOW))
    await store.write(lambda conn: environments.set_applied(conn, first.uid, state, "healthy"))
    assert await store.write(lambda conn: environments.look(conn, first.uid, looked))
    assert not await store.write(lambda conn: environments.look(conn, first.uid, looked))
    row = await store.read(lambda conn: environments.find(conn, PROD))
    assert row is not None
    assert (row.state, row.applied, row.looked, row.description) == ("active", state, looked, described)
    other = ("kustomize v5.8.2 sha256:2",)
    await store.write(lambda conn: environments.advance(conn, first.uid, Sha("b" * 40), state.rule, other))
    row = await store.read(lambda conn: environments.find(conn, PROD))
    assert row is not None
    assert row.applied == replace(state, revision=Sha("b" * 40), tools=other)
    assert await store.write(lambda conn: environments.detach_others(conn, REPOSITORY, [])) == (PROD,)


async def test_environments_are_kept_apart_by_name_state_and_repository(store: Store) -> None:
    elsewhere = replace(PROD, name="far", repository=replace(PROD.repository, number=PROD.repository.number + 1))
    seen, staging = replace(PROD, name="seen"), replace(PROD, name="staging")

    def make(id: EnvironmentId) -> Environment:
        return Environment(id=id, source=Source(path="x"), target="t", apply="on-merge")

    def begin(conn: Connection) -> tuple[str, str]:
        for id in (PROD, staging, elsewhere):
            environments.activate(conn, make(id), NOW)
        environments.ensure(conn, seen, NOW)
        uid, other = (environments.ensure(conn, id, NOW).uid for id in (PROD, staging))
        environments.ask(conn, uid, Digest("d1:a"), ANA)
        environments.set_partial(conn, uid, "1")
        environments.healthy(conn, uid, Digest("d1:a"), NOW)
        return uid, other

    def states(conn: Connection) -> list[str]:
        return [environments.ensure(conn, id, NOW).state for id in (PROD, staging, seen, elsewhere)]

    uid, other = await store.write(begin)
    assert await store.read(lambda conn: environments.others(conn, PROD)) == (staging,)
    healthy = [(uid, "d1:a"), (uid, "d1:b"), (other, "d1:a")]
    found = [await store.read(partial(environments.was_healthy, uid=u, digest=Digest(d))) for u, d in healthy]
    assert found == [True, False, False]
    assert await store.write(lambda conn: environments.detach_others(conn, PROD.repository, ["prod"])) == (staging,)
    assert await store.write(states) == ["active", "detached", "previewed", "active"]
    state = AppliedState(
        revision=Sha("0" * 40), digest=Digest("d1:a"), objects={}, rule=ApprovalRule(), destination="x", at=NOW
    )
    await store.write(lambda conn: environments.set_applied(conn, uid, state, "healthy"))
    row = await store.read(lambda conn: environments.find(conn, PROD))
    assert row is not None
    assert (row.partial, row.asked, row.asked_revision) == ("", None, None)


async def test_unnamed_destructions_count_for_a_day(store: Store) -> None:
    intent = journal.Intent(
        environment="uid", epoch=1, revision=REVISION, digest=Digest("d1:x"), plan=plan(), riders=(4,), repair=False
    )
    id = await store.write(lambda conn: journal.begin(conn, intent, NOW))
    done = Applied(id=WEB, action=Action.DELETE, state="done")
    await store.write(lambda conn: journal.record(conn, id, done, True, NOW))
    await store.write(lambda conn: journal.record(conn, id, done, False, NOW))
    for spared in (replace(done, state="failed"), replace(done, action=Action.UPDATE)):
        await store.write(partial(journal.record, id=id, applied=spared, unnamed=True, now=NOW))
    await store.write(lambda conn: journal.finish(conn, id, "done", "", NOW))
    assert await store.read(lambda conn: journal.destroyed_since(conn, "uid", NOW)) == 1
    assert await store.read(lambda conn: journal.destroyed_since(conn, "other", NOW)) == 0
    replaced = replace(done, action=Action.REPLACE)
    await store.write(lambda conn: journal.record(conn, id, replaced, True, NOW))
    assert await store.read(lambda conn: journal.destroyed_since(conn, "uid", NOW)) == 2
    assert await store.read(lambda conn: journal.destroyed_since(conn, "uid", NOW + timedelta(days=1))) == 0
    last = await store.read(lambda conn: journal.last(conn, "uid"))
    assert last is not None
    assert (last.state, last.plan) == ("done", plan())
    assert await store.read(lambda conn: journal.digest_of(conn, id)) == "d1:x"
    assert await store.read(lambda conn: journal.digest_of(conn, "")) is None


async def test_the_journal_leaves_out_what_stays_as_it_is(store: Store) -> None:
    stays = Change(id=ResourceId(type="ConfigMap", scope="web", name="stays"), action=Action.UNCHANGED)
    whole = replace(plan(), changes=(*plan().changes, stays))
    intent = journal.Intent(
        environment="uid", epoch=1, revision=REVISION, digest=Digest("d1:x"), plan=whole, riders=(), repair=True
    )
    await store.write(lambda conn: journal.begin(conn, intent, NOW))
    last = await store.read(lambda conn: journal.last(conn, "uid"))
    assert last is not None
    assert last.plan == plan()


async def test_a_new_state_came_with_the_last_apply_that_ended_well_and_was_no_repair(store: Store) -> None:
    def asked(conn: Connection, revision: str, state: str, repair: bool) -> None:
        intent = journal.Intent(
            environment="uid", epoch=1, revision=Sha(revision), digest=Digest("d1:x"), plan=plan(), riders=(),
            repair=repair,
        )  # fmt: skip
        id = journal.begin(conn, intent, NOW)
        if state:
            journal.finish(conn, id, state, "", NOW)  # type: ignore[arg-type]

    assert await store.read(lambda conn: journal.changed_last(conn, "uid")) is None
    rounds = (("1", "done", False), ("2", "done", True), ("3", "failed", False), ("4", "interrupted", False))
    for revision, state, repair in (*rounds, ("5", "", False)):
        await store.write(partial(asked, revision=revision, state=state, repair=repair))
    assert await store.read(lambda conn: journal.changed_last(conn, "uid")) == "1"
    assert await store.read(lambda conn: journal.changed_last(conn, "other")) is None


async def test_the_journal_tells_environments_and_applies_apart(store: Store) -> None:
    def begin(conn: Connection, environment: str, number: str, repair: bool = False) -> str:
        intent = journal.Intent(
            environment=environment, epoch=1, revision=Sha(number), digest=Digest(f"d1:{number}"), plan=plan(),
            riders=(), repair=repair,
        )  # fmt: skip
        return journal.begin(conn, intent, NOW)

    def story(conn: Connection) -> str:
        journal.finish(conn, begin(conn, "uid", "1"), "done", "", NOW)
        journal.finish(conn, begin(conn, "uid", "2"), "done", "", NOW)
        journal.finish(conn, begin(conn, "uid", "3", repair=True), "failed", "no room", NOW)
        begin(conn, "uid", "4")
        begin(conn, "other", "5")
        return begin(conn, "uid", "6")

    last = await store.write(story)
    found = await store.read(lambda conn: journal.history(conn, "uid", 4))
    assert [(each.revision, each.state, each.error, each.repair) for each in found] == [
        ("6", "began", "", False), ("4", "interrupted", "", False), ("3", "failed", "no room", True),
        ("2", "done", "", False),
    ]  # fmt: skip
    assert [each.state for each in await store.read(lambda conn: journal.history(conn, "other", 4))] == ["began"]
    assert await store.read(lambda conn: journal.digest_of(conn, last)) == "d1:6"
    assert await store.read(lambda conn: journal.changed_last(conn, "uid")) == "2"


async def test_an_outcome_is_owed_once(store: Store) -> None:
    outcome = Outcome(key="k", body="prod is there")
    for _ in range(2):
        await store.write(lambda conn: posted.owe(conn, PULL, outcome))
    assert await store.read(lambda conn: posted.due(conn, PULL)) == (outcome,)
    value = Posted(
        comment="comment:1",
        digest="x",
        at=NOW,
        checks={REVISION: PostedCheck(id=3, digest="y")},
        outcomes={"k": "comment:2"},
    )
    await store.write(lambda conn: posted.save(conn, PULL, value))
    assert await store.read(lambda conn: posted.of(conn, PULL)) == value
    assert await store.read(lambda conn: posted.due(conn, PULL)) == ()


async def test_the_migrations_make_the_tables_that_the_code_uses(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert await store.read(lambda conn: compare_metadata(MigrationContext.configure(conn), metadata)) == []


async def test_a_second_server_on_the_same_file_is_refused(store: Store, url: str, tmp_path: Path) -> None:
    if not url.startswith("sqlite"):
        second = await Store.open(url, tmp_path / "state")
        await second.close()
        return
    with pytest.raises(SettingsError, match="another server works on"):
        await Store.open(url, tmp_path / "state")


async def test_nothing_of_a_transaction_that_breaks_is_kept(store: Store) -> None:
    def broken(conn: object) -> None:
        posted.owe(conn, PULL, Outcome(key="k", body="b"))  # type: ignore[arg-type]  # any connection
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        await store.write(broken)
    assert await store.read(lambda conn: conn.execute(select(metadata.tables["outcomes"])).fetchall()) == []
