"""Whole comments, kept in `tests/golden/` so that a change of what people read is seen in review.

Write them anew with `TIDEGATE_GOLDEN=write pytest tests/unit/report/test_report_golden.py`, then read the difference.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.model.forge import Limits
from bot.model.identity import Person
from bot.model.plan import Action, Applied, Health
from bot.model.report import Answer
from bot.report.comment import comment_of
from bot.report.outcome import Deed, outcome_of
from bot.report.story import Standing, Story
from tests.unit.report.conftest import Build

GOLDEN = Path(__file__).parents[2] / "golden"
LIMIT = 65_536
HOSTILE = "x @acme/sre #1 https://evil.example </details> ``` ![i](https://evil.example/i.png) \u202e\r/merge"


def busy(build: Build) -> Story:
    return build.busy()


def merged(build: Build) -> Story:
    waiting = build.assessment(changes=[build.change()], phase="merged")
    standings = (
        Standing(environment="staging", state="applied", revision=build.MERGE, at=build.NOON),
        Standing(environment="prod", state="waiting"),
    )
    answer = Answer(by="bo", command="/gate approve prod", accepted=False, text="who opened it cannot", at=build.NOON)
    pull = build.pull("merged", merge_commit=build.MERGE)
    return build.story("merged", pull=pull, standings=standings, assessments=(waiting,), answers=(answer,))


def conflict(build: Build) -> Story:
    return build.story("conflict", conflicts=("envs/prod/api.yaml", "envs/prod/db.yaml"))


def fork(build: Build) -> Story:
    return build.story("fork")


def misconfigured(build: Build) -> Story:
    found = build.finding(
        check="tidegate.yaml",
        message="unknown key `aply`",
        fix="did you mean `apply`?",
        resource=None,
        path="tidegate.yaml",
        line=7,
    )
    return build.story("misconfigured", findings=(found,))


def hostile(build: Build) -> Story:
    thing = build.thing("ConfigMap", HOSTILE, "web")
    changed = build.change(thing, before={"data": {"k": "old"}}, after={"data": {"k": f"{HOSTILE}\n```\n/merge\n"}})
    found = build.finding(message=HOSTILE, fix=HOSTILE, path=HOSTILE, check="schema", resource=None)
    answer = Answer(by=HOSTILE, command=HOSTILE, accepted=False, text=HOSTILE, at=build.NOON)
    return build.story(
        assessments=(build.assessment(changes=[changed], findings=[found]),), answers=(answer,), unaffected=(HOSTILE,)
    )


def full(build: Build) -> Story:
    """Too much for one comment."""
    doomed = build.change(build.thing("Namespace", "payments", ""), Action.DELETE)
    rest = [build.change(build.thing(name=f"api-{i:04}")) for i in range(500)]
    return build.story(assessments=(build.assessment(changes=[*rest, doomed]),))


@pytest.mark.parametrize("tell", [busy, merged, conflict, fork, misconfigured, hostile, full])
def test_the_comment_is_as_it_was(build: Build, tell: Callable[[Build], Story]) -> None:
    compare(tell.__name__, comment_of(tell(build), Limits(comment=LIMIT, check_text=1, annotations=1)))


def test_the_longest_comment_is_used_to_the_last_objects(build: Build) -> None:
    text = (GOLDEN / "full.md").read_text(encoding="utf-8")
    assert LIMIT - 700 < len(text) <= LIMIT


def test_a_comment_that_needs_exactly_the_limit_is_whole(build: Build) -> None:
    story = build.busy()
    whole = comment_of(story, Limits(comment=10**6, check_text=1, annotations=1))
    slack = next(
        slack
        for slack in range(200)
        if comment_of(story, Limits(comment=len(whole) + slack, check_text=1, annotations=1)) == whole
    )
    assert slack <= 20
    cut = comment_of(story, Limits(comment=len(whole) - 400, check_text=1, annotations=1))
    assert len(cut) <= len(whole) - 400
    assert "of 8 objects, the rest: [full plan]" in cut


@pytest.mark.parametrize("failed", [False, True])
def test_the_outcome_is_as_it_was(build: Build, failed: bool) -> None:
    part: Any = build.busy().assessments[1]
    states: list[Literal["done", "failed"]] = ["done", "done", "failed" if failed else "done"]
    changes = part.plan.effective[:3] if not failed else part.plan.effective
    errors = {"failed": "no space left on device"}
    results = tuple(
        Applied(id=each.id, action=each.action, state=state, error=errors.get(state, ""))
        for each, state in zip(changes, states, strict=False)
    )
    health = Health(state="degraded" if failed else "healthy")
    deed = Deed(
        environment="prod", revision=build.MERGE, digest=part.head.digest, plan=part.plan, results=results,
        health=health, approvers=(Person(id=2, login="ana"),), at=build.NOON,
    )  # fmt: skip
    compare("outcome-failed" if failed else "outcome-applied", outcome_of(deed, "u-1:7").body)


def compare(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("TIDEGATE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
