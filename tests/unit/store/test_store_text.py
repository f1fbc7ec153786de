"""What strangers write is kept on both databases, or told apart; it never stops the work."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot.model.environment import ApprovalRule, Environment, Source, Waiver
from bot.model.forge import Delivery, Remark, Repository
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId, Wake
from bot.model.noun import Digest
from bot.model.plan import Action, Change, FieldChange, Plan
from bot.model.resource import Origin, ResourceId
from bot.store import commands, deliveries, repositories
from bot.store.codec import (
    decode_destroys,
    decode_environment,
    decode_objects,
    decode_plan,
    encode,
    encode_destroys,
    encode_environment,
    encode_objects,
    encode_plan,
)
from bot.store.tables import as_text, as_time

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = RepositoryId(forge="github", number=17, path="acme/shop")
PULL = PullRequestId(repository=ACME, number=4)
PROD = EnvironmentId(repository=ACME, name="prod")
ANYTHING = st.text(st.characters(exclude_categories=()))
IDS = st.builds(ResourceId, type=ANYTHING, name=ANYTHING, scope=ANYTHING)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANYTHING, lambda e: st.lists(e) | st.dictionaries(ANYTHING, e)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=ANYTHING)
def test_any_comment_is_taken(conn: Connection, body: str) -> None:
    point = conn.begin_nested()
    repositories.adopt(conn, Repository(id=ACME, default_branch="main"), NOON)
    remark = Remark(id="comment:1", author=Person(id=1, login="ana"), body=body, at=NOON)
    wakes = (Wake(key=PULL, reason="comment"),)
    delivery = Delivery(id="guid", event="issue_comment", wakes=wakes, remark=remark, thread=PULL)
    assert deliveries.accept(conn, "github", delivery, NOON)
    [row] = commands.pending(conn, PULL)
    harmless = "\0" not in body and not any("\ud800" <= each <= "\udfff" for each in body)
    assert row.remark.body == body or not harmless
    assert len(row.remark.body) <= len(body)
    point.rollback()


@pytest.mark.parametrize(
    ("written", "kept"), [("a\0b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("\ufeffü 🗑\n", "\ufeffü 🗑\n")]
)
def test_what_no_database_can_hold_is_marked(conn: Connection, written: str, kept: str) -> None:
    commands.record(conn, PULL, Remark(id="c", author=Person(id=1, login="ana"), body=written, at=NOON), "signed", NOON)
    assert [row.remark.body for row in commands.pending(conn, PULL)] == [kept]


@given(id=IDS, before=JSON, after=JSON, text=ANYTHING)
def test_any_plan_comes_back(id: ResourceId, before: object, after: object, text: str) -> None:
    change = Change(
        id=id, action=Action.UPDATE, fields=(FieldChange(path="/a", before=before, after=after),), before=before,
        after=after, uid=text, conflict=text, origin=Origin(path=text, line=7),
    )  # fmt: skip
    plan = Plan(
        environment=EnvironmentId(repository=ACME, name=text), desired=Digest("d1:x"), destination=text,
        changes=(change,), inventory=1, at=NOON,
    )  # fmt: skip
    stored = encode_plan(plan)
    assert stored.isascii()
    assert decode_plan(stored) == plan
    assert decode_plan(stored).environment.repository.path == ACME.path
    assert decode_plan(stored).changes[0].origin == change.origin


@given(objects=st.dictionaries(IDS, ANYTHING.map(Digest)), destroys=st.frozensets(st.tuples(IDS, ANYTHING)))
def test_objects_and_destructions_come_back(
    objects: dict[ResourceId, Digest], destroys: frozenset[tuple[ResourceId, str]]
) -> None:
    assert decode_objects(encode_objects(objects)) == objects
    assert decode_destroys(encode_destroys(destroys)) == destroys
    # by its text a plan is known as the one that was shown already
    assert encode_objects(dict(reversed(objects.items()))) == encode_objects(objects)
    assert encode_destroys(list(destroys)[::-1]) == encode_destroys(destroys)


@given(value=st.dictionaries(ANYTHING, JSON))
def test_equal_values_give_equal_text(value: dict[str, object]) -> None:
    assert encode(dict(reversed(value.items()))) == encode(value)


def test_an_environment_comes_back_whole() -> None:
    waiver = Waiver(policy="p", reason="r", owner="ana", expires=date(2026, 3, 1), objects=("Deployment/web",))
    whole = Environment(
        id=PROD, source=Source(path="envs", renderer="helm", options={"values": ["a.yaml"]}), target="here", scope="s",
        apply="never", after=("staging",), approvals=ApprovalRule(count=2, approvers=("user:ana",)),
        policies=("builtin:no-latest-tag",), policy_levels={"p": "warning"}, waivers=(waiver,),
    )  # fmt: skip
    assert decode_environment(PROD, encode_environment(whole)) == whole


def test_an_environment_of_an_earlier_version_has_what_was_left_out_there() -> None:
    earlier = {
        "source": {"path": "envs"},
        "target": "here",
        "apply": "never",
        "after": [],
        "approvals": {"approvers": []},
    }
    assert decode_environment(PROD, json.dumps(earlier)) == Environment(
        id=PROD, source=Source(path="envs"), target="here", apply="never"
    )


@given(first=st.datetimes(timezones=st.timezones()), second=st.datetimes(timezones=st.timezones()))
def test_stored_times_sort_as_times_do(first: datetime, second: datetime) -> None:
    try:
        stored = [as_text(first), as_text(second)]
    except OverflowError:
        return
    assert [as_time(each) for each in stored] == [first.astimezone(UTC), second.astimezone(UTC)]
    assert (stored[0] < stored[1]) == (first.astimezone(UTC) < second.astimezone(UTC))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        as_text(datetime(2026, 3, 1))
