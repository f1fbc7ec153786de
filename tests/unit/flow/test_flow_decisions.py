"""What the flow decides by itself, without asking anybody: pure functions, each with what it must refuse."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.command import Command, Parsed
from bot.flow.assess import Assessed
from bot.flow.commands import not_obeyed
from bot.flow.consent import Voice, approval_of
from bot.flow.environment import is_there, is_to_be_repaired
from bot.flow.gather import Known, rules
from bot.flow.offline import Sketch
from bot.flow.pending import Pending
from bot.flow.riders import Riders
from bot.flow.subject import Ruling, Subject
from bot.flow.tell import duplicates, recovered
from bot.flow.verbs import named
from bot.flow.view import Part, affected, at_its_place, in_order, rulings
from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule, Environment, Source
from bot.model.forge import PullRequest, Remark
from bot.model.gate import Approval, Assessment, Verdict
from bot.model.identity import EnvironmentId, Person, PullRequestId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Change, Plan
from bot.model.report import Outcome, Posted
from bot.model.resource import Desired, ResourceId
from bot.model.tree import Tree
from bot.report import answers
from bot.report.comment import MARKER, outcome_marker
from bot.store.commands import CommandRow
from bot.store.environments import AppliedState, EnvironmentRow

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REPOSITORY = RepositoryId(forge="hub", number=7, path="acme/shop")
THREAD = PullRequestId(repository=REPOSITORY, number=3)
ANA = Person(id=2, login="ana")
A, B, C = (ResourceId(type="ConfigMap", name=name, scope="shop") for name in "abc")
STRICT, LOOSE = ApprovalRule(count=2, approvers=("team:acme/sre",)), ApprovalRule()


def environment(name: str = "prod", **changes: Any) -> Environment:
    made = Environment(
        id=EnvironmentId(repository=REPOSITORY, name=name), source=Source(path=name), target=name, apply="on-merge",
        drift="revert",
    )  # fmt: skip
    return replace(made, **changes)


def desired(digest: str = "d1:new", **objects: str) -> Desired:
    ids = {"a": A, "b": B, "c": C}
    return Desired(
        environment=environment().id, revision=Sha("1" * 40), destination="x", scope="", resources=(),
        objects={ids[name]: Digest(each) for name, each in objects.items()}, digest=Digest(digest),
    )  # fmt: skip


def plan(*changes: Change) -> Plan:
    return Plan(
        environment=environment().id, desired=Digest("d1:new"), destination="x", changes=changes, inventory=9, at=NOON
    )


def row(applied: ApprovalRule | None) -> EnvironmentRow:
    state = AppliedState(
        revision=Sha("0" * 40), digest=Digest("d1:old"), objects={}, rule=applied or LOOSE, destination="x", at=NOON
    )
    return EnvironmentRow(
        uid="u", id=environment().id, state="active", description=None, applied=state if applied else None,
        looked=None, health="", partial="", asked=None, asked_revision=None,
    )  # fmt: skip


def test_a_change_that_loosens_its_own_approvals_must_also_pass_the_applied_rule() -> None:
    assert set(rules(environment(approvals=LOOSE), row(STRICT))) == {LOOSE, STRICT}
    assert set(rules(environment(approvals=STRICT), row(LOOSE))) == {LOOSE, STRICT}
    assert rules(environment(approvals=STRICT), row(STRICT)) == (STRICT,)
    assert rules(environment(approvals=LOOSE), row(None)) == (LOOSE,)


def command(verbs: tuple[str, ...], found: timedelta, *, listed: bool = True, edited: bool = False) -> str:
    remark = Remark(id="comment:1", author=ANA, body="", at=NOON, edited=edited)
    found_row = CommandRow(thread=THREAD, remark=remark, origin="listed" if listed else "signed", found=NOON + found)
    return not_obeyed(found_row, Parsed(commands=tuple(Command(verb=each) for each in verbs)))


SOON, LATE = timedelta(hours=1), timedelta(hours=1, seconds=1)


@pytest.mark.parametrize("verb", ["approve", "approve-deletions", "apply", "release", "plan"])
def test_what_is_found_more_than_an_hour_late_is_not_obeyed(verb: str) -> None:
    assert command((verb,), SOON) == ""
    assert command((verb,), LATE) == answers.LATE
    assert command((verb,), LATE, listed=False) == answers.LATE
    assert command(("hold", verb), LATE) == answers.LATE


@pytest.mark.parametrize("verb", ["hold", "unapprove"])
def test_what_only_stops_is_obeyed_however_late_it_is(verb: str) -> None:
    assert command((verb,), timedelta(days=3)) == ""


def test_the_text_of_a_listed_comment_that_was_edited_may_be_somebody_else_s() -> None:
    assert command(("approve",), SOON, edited=True) == answers.EDITED
    assert command(("approve",), SOON, edited=True, listed=False) == ""


def drifted(rule: str, state: str, **changes: Any) -> Assessed:
    head, changed = desired(a="o1:1"), plan(Change(id=A, action=Action.UPDATE))
    verdict = Verdict(rule="gate", state="wait", reason="", children=(Verdict(rule=rule, state=state, reason=""),))  # type: ignore[arg-type]
    assessment = Assessment(
        environment=environment(**changes), base=head, head=head, plan=changed, verdict=verdict,
    )  # fmt: skip
    return Assessed(assessment=assessment, saved=Sketch(changed))


@pytest.mark.parametrize("state", ["wait", "fail", "unknown"])
@pytest.mark.parametrize("rule", ["render", "checks", "target", "hold", "deletions"])
def test_what_stops_a_repair(rule: str, state: str) -> None:
    assert is_to_be_repaired(drifted(rule, "pass"))
    assert not is_to_be_repaired(drifted(rule, state))


@pytest.mark.parametrize("rule", ["approvals", "order", "apply", "first_apply"])
def test_a_repair_waits_for_nobody(rule: str) -> None:
    assert is_to_be_repaired(drifted(rule, "wait"))


def test_drift_is_put_back_only_where_that_is_asked_for() -> None:
    for drift in ("off", "report"):
        assert not is_to_be_repaired(drifted("hold", "pass", drift=drift))
    assert not is_to_be_repaired(drifted("hold", "pass", apply="never"))
    there = drifted("hold", "pass")
    same = plan(Change(id=A, action=Action.UNCHANGED))
    assert not is_to_be_repaired(replace(there, assessment=replace(there.assessment, plan=same)))
    assert not is_to_be_repaired(replace(there, saved=None))


async def load(found: Tree, paths: frozenset[str]) -> Tree:
    raise AssertionError("nothing is to be read")


def gathered(applied: str, half: str = "", rule: ApprovalRule = LOOSE) -> Pending:
    """A candidate for an environment where `applied` is, and perhaps a part of `half`."""
    there = row(STRICT)
    assert there.applied is not None
    there = replace(there, applied=replace(there.applied, digest=Digest(applied)))
    subject = Subject(
        environment=environment(approvals=rule), before=None, base=None, head=Tree(revision=Sha(""), entries={}),
        load=load, uid="u", branch="main", allowed=frozenset(),
    )  # fmt: skip
    facts = Facts(environment=environment(), phase="merged")
    return Pending(
        known=Known(row=there, facts=facts, half=Digest(half) if half else None), riders=Riders(), subject=subject,
        facts=facts,
    )  # fmt: skip


def test_a_state_is_there_when_nothing_of_another_one_is_left() -> None:
    differs, head = drifted("hold", "pass"), "d1:new"
    same = plan(Change(id=A, action=Action.UNCHANGED))
    equal = replace(differs, assessment=replace(differs.assessment, plan=same))
    unknown = replace(differs, assessment=replace(differs.assessment, plan=None))
    assert not is_there(gathered("d1:old"), equal)
    assert is_there(gathered(head), differs)  # which is drift
    assert is_there(gathered(head, half=head), differs)  # of a repair
    assert not is_there(gathered(head, half="d1:half"), differs)
    assert not is_there(gathered(head, half="d1:half"), unknown)
    assert is_there(gathered(head, half="d1:half"), equal)


def test_a_rule_that_nobody_agreed_to_takes_no_place() -> None:
    assert gathered("d1:old").rule(Digest("d1:new")) == LOOSE
    assert gathered("d1:new").rule(Digest("d1:new")) == STRICT
    bo, eve = Person(id=1, login="bo"), Person(id=3, login="eve")
    given = [
        Approval(
            environment="u", pull_request=THREAD, desired=Digest("d1:new"), objects={}, by=by, how="command", at=NOON
        )
        for by in (bo, eve)
    ]
    agreed = replace(gathered("d1:new").facts, approvals=tuple(given), standing={1: True, 3: True})
    assert replace(gathered("d1:new"), facts=agreed).rule(Digest("d1:new")) == LOOSE
    assert replace(gathered("d1:new"), facts=replace(agreed, approvals=(given[0],))).rule(Digest("d1:new")) == STRICT


def part() -> Part:
    changes = (Change(id=A, action=Action.UPDATE), Change(id=C, action=Action.DELETE, uid="f1:c"))
    assessment = Assessment(
        environment=environment(), base=None, head=desired(a="o1:1", b="o1:2"), plan=plan(*changes),
        to_approve={A: Digest("o1:1")},
    )  # fmt: skip
    return Part(uid="u", facts=Facts(environment=environment(), phase="open"), assessment=assessment)


def test_an_approval_covers_what_is_to_be_approved_and_a_review_no_deletion() -> None:
    voice = Voice(thread=THREAD, person=ANA, at=NOON)
    given = approval_of(part(), voice)
    assert given.objects == {A: "o1:1"}
    assert given.destroys == {(C, "f1:c")}
    assert approval_of(part(), voice, "review").destroys == frozenset()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("configmap/a", True),
        ("ConfigMap/shop/a", True),
        ("a", False),
        ("configmap/other/a", False),
        ("configmap/ab", False),
    ],
)
def test_an_object_is_destroyed_by_its_own_name_only(name: str, meant: bool) -> None:
    assert named(A, name) is meant


def test_every_environment_comes_after_those_it_waits_for() -> None:
    prod, staging, dev = (
        environment("prod", after=("staging",)),
        environment("staging", after=("dev",)),
        environment("dev"),
    )
    assert in_order([prod, staging, dev]) == [dev, staging, prod]
    one, other = environment("one", after=("other",)), environment("other", after=("one",))
    assert sorted(each.id.name for each in in_order([one, other])) == ["one", "other"]


def test_a_change_is_judged_by_the_policies_of_its_base_and_what_takes_effect_later_by_its_own_too() -> None:
    before, own = environment(policies=("strict",)), environment(policies=())
    trees: Any = SimpleNamespace(base=Tree(revision=Sha("b"), entries={}), merged=Tree(revision=Sha("m"), entries={}))
    theirs, ours = Ruling(environment=before, tree=trees.base), Ruling(environment=own, tree=trees.merged)
    assert rulings(trees, own, before, preview=True) == (theirs, ours)
    assert rulings(trees, before, before, preview=False) == (theirs,)
    assert rulings(trees, own, None, preview=True) == (ours,), "a new one has no base"


def test_what_an_environment_was_elsewhere_it_was_not_here() -> None:
    here = environment()
    assert at_its_place(here, replace(here, apply="never")) == replace(here, apply="never")
    assert at_its_place(here, None) is None
    for elsewhere in ({"target": "other"}, {"scope": "other"}):
        assert at_its_place(here, environment(**elsewhere)) is None


def test_whom_a_change_affects() -> None:
    same = Assessment(environment=environment(), base=desired(), head=desired(), plan=None)
    assert not affected(same)
    assert affected(replace(same, head=desired("d1:other")))
    assert affected(replace(same, head=None))
    assert affected(replace(same, base=None))


def pull(*remarks: Remark) -> PullRequest:
    return PullRequest(
        id=THREAD, title="", url="", base="main", head=Sha("1" * 40), branch="b", author=ANA, fork=False, draft=False,
        state="open", at=NOON, remarks=remarks,
    )  # fmt: skip


def said(number: int, first_line: str, *, own: bool = True) -> Remark:
    at = NOON + timedelta(minutes=number)
    return Remark(id=f"comment:{number}", author=ANA, body=f"{first_line}\ntext", at=at, changed=at, own=own)


def test_of_several_plan_comments_the_known_one_is_kept_or_else_the_oldest() -> None:
    thread = pull(said(1, MARKER), said(2, MARKER), said(3, "hello"), said(4, MARKER, own=False))
    assert duplicates(thread, Posted(comment="comment:2")) == ("comment:1",)
    assert duplicates(thread, Posted()) == ("comment:2",)
    assert duplicates(pull(), Posted()) == ()


def test_what_the_thread_shows_already_is_not_posted_again() -> None:
    owed = Outcome(key="u:1", body="")
    thread = pull(said(1, MARKER, own=False), said(2, MARKER), said(3, outcome_marker("u:1")))
    found = recovered(thread, Posted(), (owed,))
    assert found.comment == "comment:2"
    assert found.digest == ""  # what it says is not known, so it is written again
    assert found.at == NOON + timedelta(minutes=2)
    assert found.outcomes == {"u:1": "comment:3"}
    known = Posted(comment="comment:2", digest="x", at=NOON)
    assert recovered(thread, known, ()) == known
