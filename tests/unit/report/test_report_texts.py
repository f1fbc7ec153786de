"""Plans for terminals, programs and the page, and the comment after an apply."""

import json
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from bot.model.environment import Redescribed
from bot.model.gate import Assessment, Comparison
from bot.model.identity import Person
from bot.model.plan import Action, Applied, Health
from bot.report.comment import outcome_marker
from bot.report.outcome import Deed, outcome_of
from bot.report.page import plan_page
from bot.report.text import to_json, to_markdown, to_text
from tests.unit.report.conftest import Build

State = Literal["started", "done", "failed", "unknown"]


def of(*assessments: Assessment, **more: Any) -> Comparison:
    """The comparison that found these."""
    return Comparison(assessments=assessments, **more)


def test_terminal_text_has_headline_numbers_and_diffs(build: Build) -> None:
    text = to_text(of(*build.busy().assessments), colour=False)
    assert text.startswith("🗑 prod deletes 1 volume")
    assert "    -  image: api:1\n    +  image: api:2" in text
    assert "\x1b" not in text


def test_terminal_columns_have_a_header_and_stand_below_each_other(build: Build) -> None:
    long = build.environment(name="a-long-name")
    text = to_text(
        of(build.assessment(changes=[build.change(build.thing())]), build.assessment(environment=long)), False
    )
    header, first, second = text.split("\n")[1:4]
    assert header.split("  ")[1].strip() == "environment"
    assert header.index("would be") == first.index("d1:") == second.index("d1:")
    assert header.index("checks") == first.index("✅") == second.index("✅")


def test_offline_nobody_has_to_agree_to_what_does_not_change(build: Build) -> None:
    same = build.assessment(environment=build.environment(name="qa"))
    assert same.verdict is not None
    assert same.verdict.state == "wait"
    assert to_text(of(same), False).startswith("✅ Affects no environment\n")
    changed = build.assessment(changes=[build.change(build.thing())])
    assert to_text(of(changed, same), False).startswith("✅ 1 change in prod · ⏸ prod waits: 0 of 1 approvals\n")


def test_what_is_described_differently_is_said(build: Build) -> None:
    one = Redescribed(environments=("prod",), settings=(("drift", "revert", "off"), ("scope", "", "shop")))
    all = Redescribed(environments=(), settings=(("prefix", "/gate", "/t"),))
    same = build.assessment(environment=build.environment(name="prod"))
    assert to_text(of(same, described=(all, one)), False).split("\n")[:3] == [
        "⚙ prod is described differently",
        "  After the merge tidegate.yaml has prefix: /gate → /t",
        "  After the merge prod has drift: revert → off, scope: none → shop",
    ]
    assert to_text(of(described=(all,)), False).startswith("⚙ changes tidegate.yaml\n")
    assert "`drift`: revert → off" in to_markdown(of(same, described=(one,)))
    both = replace(one, environments=("dev", "prod"))
    assert to_text(of(leaving=("qa",), described=(both,)), False).split("\n")[:2] == [
        "⚠ qa leaves tidegate.yaml · ⚙ dev, prod are described differently",
        "  After the merge dev, prod have drift: revert → off, scope: none → shop",
    ]
    many = replace(one, environments=tuple("abcde"))
    assert to_text(of(described=(many,)), False).startswith("⚙ 5 environments are described differently\n")
    (value,) = to_json(of(described=(one,)))["described"]
    assert value["environments"] == ["prod"]
    assert value["settings"][1] == {"key": "scope", "before": "", "after": "shop"}


def test_a_terminal_is_never_obeyed(build: Build) -> None:
    sly = build.change(build.thing(name="\x1b[2J"), after={"k": "\x1b]0;x\x07\r\u202e"})
    part = build.assessment(changes=[sly], findings=[build.finding(message="\x1b[31m")])
    plain = to_text(of(part), colour=False)
    assert not set(plain) & set("\x1b\x07\r\u202e")
    coloured = to_text(of(part), colour=True)
    assert "\x1b[2J" not in coloured
    assert "\x1b[32m" in coloured


def test_json_is_whole_and_serialisable(build: Build) -> None:
    value = json.loads(json.dumps(to_json(of(*build.busy().assessments))))
    prod, staging = value["environments"]
    assert (prod["name"], staging["name"]) == ("prod", "staging")
    assert prod["state"] == "fail"
    assert [each["action"] for each in prod["changes"]].count("delete") == 1
    assert prod["findings"][0]["line"] == 22
    assert prod["verdict"]["next"] == ["/gate approve prod", "/gate approve-deletions prod"]


def test_json_tells_unplanned_from_unchanged(build: Build) -> None:
    failed = to_json(of(build.assessment(rendered=False)))["environments"][0]
    same = to_json(of(build.assessment()))["environments"][0]
    assert failed["changes"] is None
    assert failed["digest"] is None
    assert same["changes"] == []


def test_offline_markdown_has_no_marker_and_no_steps(build: Build) -> None:
    text = to_markdown(of(*build.busy().assessments))
    assert text.startswith("### 🗑 prod")
    assert "Shown 8 of 8 objects" in text
    assert "To apply" not in text


def test_the_page_cuts_nothing(build: Build) -> None:
    part: Any = build.busy().assessments[1]
    value = plan_page(build.PULL, [SimpleNamespace(digest=part.head.digest, plan=part.plan, head=build.HEAD)])
    assert value["title"] == "acme/shop#12"
    (plan,) = value["plans"]
    assert plan["environment"] == "prod"
    assert len(plan["changes"]) == 5
    assert plan["changes"][0]["action"] == "delete"
    assert plan["changes"][0]["words"] == "is deleted"
    assert {each["words"] for each in plan["changes"] if each["cause"] == "drift"} == {"changes · changed by hand"}
    kinds = {kind for each in plan["changes"] for kind, _ in each["diff"]}
    assert kinds == {"add", "remove", "place", ""}


def deed(
    build: Build, states: Sequence[State], health: Literal["healthy", "degraded"] = "healthy", **more: Any
) -> Deed:
    changes = [build.change(build.thing(name=f"a{i}"), Action.DELETE if i == 0 else Action.UPDATE) for i in range(4)]
    part: Any = build.assessment(changes=changes)
    results = tuple(
        Applied(id=each.id, action=each.action, state=state, error="disk full" if state == "failed" else "")
        for each, state in zip(changes, states, strict=False)
    )
    return Deed(
        environment="prod", revision=build.MERGE, digest=part.head.digest, plan=part.plan, results=results,
        health=Health(state=health, reasons=("1 of 4 is missing",)), approvers=(Person(id=2, login="ana"),), **more,
    )  # fmt: skip


def test_a_finished_apply_says_where_the_environment_is(build: Build) -> None:
    outcome = outcome_of(deed(build, ["done"] * 4, at=build.NOON), "u:1")
    assert outcome.key == "u:1"
    assert outcome.body.startswith(
        f"{outcome_marker('u:1')}\n### ✅ prod is at `9be01d4` · 4 objects applied, healthy\n"
    )
    assert "approved by `ana`" in outcome.body
    assert "3 changed, **1 deleted**" in outcome.body
    assert "Undo:" in outcome.body


def test_an_applied_state_that_does_not_work_says_so(build: Build) -> None:
    body = outcome_of(deed(build, ["done"] * 4, "degraded"), "u:1").body
    assert "### ⚠ prod is at" in body
    assert "Not healthy: 1 of 4 is missing" in body


@pytest.mark.parametrize("state", ["failed", "unknown", "started"])
def test_an_apply_that_broke_off_is_never_a_success(build: Build, state: State) -> None:
    body = outcome_of(deed(build, ["done", state]), "u:1").body
    assert "### ❌ prod did not reach `9be01d4` · 1 of 4 applied" in body
    assert "✅" not in body
    assert "First error: **Deployment web/a1**" in body
    assert "Applied: 1 object" in body
    assert "Not begun: 2 objects" in body
    assert "Trying again is safe:" in body
    assert "`/gate hold prod`" in body


def test_a_failure_names_the_error(build: Build) -> None:
    body = outcome_of(deed(build, ["done", "failed"]), "u:1").body
    assert "(update): disk full" in body
    assert "Failed: 1 object" in body
