"""The plan comment: what it says for each story, in which order, and that a limit never breaks it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from bot.model.environment import ApprovalRule
from bot.model.forge import Limits, Remark
from bot.model.identity import Person
from bot.model.plan import Action, Cause
from bot.model.report import Answer
from bot.report.check_run import check_of
from bot.report.comment import MARKER, comment_of, find_own, outcome_marker
from bot.report.story import Standing, Story
from tests.unit.report.conftest import Build

LIMITS = Limits(comment=65_536, check_text=65_535, annotations=50)


def comment(story: Story, limit: int = 65_536) -> str:
    return comment_of(story, replace(LIMITS, comment=limit))


def test_first_line_is_the_marker_and_the_second_the_danger(build: Build) -> None:
    lines = comment(build.busy()).splitlines()
    assert lines[0] == MARKER
    assert lines[1].startswith("### 🗑 prod deletes 1 volume · ❌ prod: 1 error · ⏸ prod waits: 0 of 1 approvals")


def test_as_many_errors_are_counted_as_are_listed(build: Build) -> None:
    found = [build.finding(line=number) for number in (22, 23)]
    parts = tuple(build.assessment(name, findings=found) for name in ("prod", "staging"))
    text = comment(build.story(assessments=parts))
    assert text.count("❌ prod: 2 errors") == text.count("❌ staging: 2 errors") == 1
    assert re.findall(r"^\d\. ❌", text, re.MULTILINE) == ["1. ❌", "2. ❌"]
    assert "❌ 1 of 41" in text  # of the objects, which these two are about the same one of
    assert "2 errors" in check_of(build.story(assessments=parts)).title


def test_an_environment_that_is_described_anew_as_the_same_state_is_told_of_once(build: Build) -> None:
    changes = [build.change(), build.change(build.thing("Service", "x"), Action.DELETE)]
    found = [build.finding(line=number) for number in (22, 23)]
    before, after = (build.assessment("dev", changes=changes, findings=found[:most]) for most in (1, 2))
    story = build.story(assessments=(before,), preview=(after,))
    text = comment(story)
    assert text.splitlines()[1].startswith(
        "### 🗑 dev deletes 1 Service · ❌ dev: 2 errors · ⏸ dev waits: 0 of 1 approvals · 1 deletion to approve"
    )
    for said in ("1. 🗑 dev", "3. ❌ dev", "**To apply dev:** fix 2 and 3", "approval is for state", "<details>"):
        assert text.count(said) == 1
    assert "\n4. " not in text
    assert "Shown 2 of 2 objects" in text
    assert check_of(story).title == "dev ~1 -1 · 2 errors · 0 of 1 approvals · 1 deletion to approve"


def test_the_table_keeps_apart_what_comes_from_elsewhere(build: Build) -> None:
    text = comment(build.busy())
    assert "| staging | 2 new, 1 changed | – | ✅ 41 | applies at once |" in text
    assert "| **prod** | 2 new, 1 changed, **1 deleted** | 1 drifted | ❌ 1 of 41 | ⏸ after staging · 0 of 1" in text


def test_read_first_names_consequences_and_places(build: Build) -> None:
    text = comment(build.busy())
    assert "**PersistentVolumeClaim db/data** is deleted, and its volume with it · `base/db.yaml:14`" in text
    assert "`overlays/prod/api.yaml:22`" in text
    assert text.index("its volume with it") < text.index("no-latest-tag")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("Namespace", "and everything in it"),
        ("CustomResourceDefinition.apiextensions.k8s.io", "and every object of its kind"),
    ],
)
def test_consequences_by_kind(build: Build, kind: str, words: str) -> None:
    doomed = build.change(build.thing(kind, "x", ""), Action.DELETE)
    assert words in comment(build.story(assessments=(build.assessment(changes=[doomed]),)))


def test_steps_come_in_the_order_in_which_they_are_done(build: Build) -> None:
    step = next(line for line in comment(build.busy()).splitlines() if line.startswith("**To apply prod:**"))
    order = ["fix 2", "`/gate approve prod` and `/gate approve-deletions prod`", "merge", "after staging"]
    places = [step.index(each) for each in order]
    assert places == sorted(places)


def test_the_number_to_fix_is_the_finding_that_blocks(build: Build) -> None:
    text = comment(build.busy())
    assert "\n2. ❌" in text
    assert "**To apply prod:** fix 2" in text
    assert "**To apply staging:** merge" in text


@pytest.mark.parametrize(
    ("count", "names"),
    [(1, "app-0"), (2, "app-0 and app-1"), (6, "app-0, app-1, app-2, app-3, app-4 and app-5"),
     (7, "app-0, app-1, app-2, app-3, app-4 and 2 more"), (30, "app-0, app-1, app-2, app-3, app-4 and 25 more")],
)  # fmt: skip
def test_environments_of_which_the_same_is_to_be_done_share_a_line(build: Build, count: int, names: str) -> None:
    rule = ApprovalRule(count=0)
    several = [
        build.assessment(f"app-{n}", [build.change()], environment=build.environment(f"app-{n}", approvals=rule))
        for n in range(count)
    ]
    text = comment(build.story(assessments=(*several, build.assessment(changes=[build.change()]))))
    assert [each for each in text.splitlines() if each.startswith("**To apply app")] == [f"**To apply {names}:** merge"]
    assert "**To apply prod:**" in text
    states = next(each for each in text.splitlines() if each.startswith("Approvals are for"))
    assert states.count("`d1:") == min(count + 1, 20)
    assert ("and 11 more; pushes that render the same keep them." in states) is (count == 30)


@pytest.mark.parametrize(("count", "end"), [(20, "app-19"), (21, "and 1 more"), (60, "and 40 more")])
def test_of_hundreds_of_names_the_first_are_listed(build: Build, count: int, end: str) -> None:
    names = tuple(f"app-{n}" for n in range(count))
    several = tuple(build.assessment(each, [build.change()]) for each in names)
    links = {f"environment:{each}": f"https://tidegate.example/{each}" for each in names}
    text = comment(build.story(assessments=several, links=links))
    shown = next(each for each in text.splitlines() if each.startswith("Environments: "))
    assert shown.count("](https://") == min(count, 20)
    assert re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", shown).endswith(f", {end}")
    text = comment(build.story(assessments=(build.assessment(changes=[build.change()]),), unaffected=names))
    assert next(each for each in text.splitlines() if each.startswith("Not changed: ")).endswith(f", {end}.")


def test_state_and_count_are_told(build: Build) -> None:
    text = comment(build.busy())
    assert "prod `d1:prod8kd2`; pushes that render the same keep them." in text
    assert "Shown 8 of 8 objects · [full plan](https://tidegate.example/pulls/hub/acme/shop/12)" in text


def test_a_target_that_cannot_be_used_is_not_a_render_that_failed(build: Build) -> None:
    silent = build.finding("error", check="target")
    text = comment(build.story(assessments=(build.assessment(rendered=False, findings=[silent]),)))
    assert "| **prod** | its target cannot be used |" in text


def test_drift_is_folded_apart_with_its_cause(build: Build) -> None:
    text = comment(build.busy())
    assert "prod: 1 drifted (replicas 3 → 5; put back by itself), not from this pull request" in text
    assert "changed by hand" in text


def test_what_somebody_removed_is_not_called_new(build: Build) -> None:
    missing = build.change(build.thing(name="lost"), action=Action.CREATE, cause=Cause.DRIFT)
    text = comment(build.story(assessments=(build.assessment(changes=[missing]),)))
    assert "lost** is made again · removed by hand" in text


def test_what_looks_alike_in_several_environments_is_shown_once(build: Build) -> None:
    drifted = build.change(build.thing(name="other"), cause=Cause.DRIFT)
    plans = {"dev": [build.change()], "qa": [build.change()], "prod": [build.change(after=build.body(replicas=9))]}
    plans["staging"] = [build.change(), drifted]
    several = [build.assessment(name, changes, environment=build.environment(name)) for name, changes in plans.items()]
    text = comment(build.story(assessments=tuple(several)))
    titles = re.findall(r"<summary>(.*?)</summary>", text)
    assert titles == [
        "dev, qa, staging: 1 change each, shown once", "prod: 1 change",
        "staging: 1 drifted (image api:2 → api:1; put back by itself), not from this pull request",
    ]  # fmt: skip
    assert text.count("**Deployment web/api** changes") == 2
    assert "Shown 3 of 3 objects" in text


def test_the_same_story_gives_the_same_text(build: Build) -> None:
    assert comment(build.busy()) == comment(build.busy())


def test_unknown_is_never_shown_as_a_pass(build: Build) -> None:
    unknown = build.finding("unknown", check="target", message="prod does not answer", resource=None)
    text = comment(build.story(assessments=(build.assessment(findings=[unknown], rendered=False),)))
    assert "✅" not in text
    assert "❓ prod: 1 could not be evaluated" in text
    assert "⛔ not as it is" in text


def test_an_assessment_without_a_verdict_is_not_calm(build: Build) -> None:
    text = comment(build.story(assessments=(replace(build.assessment(), verdict=None),)))
    assert "❓ prod could not be evaluated" in text


def test_a_finding_of_two_environments_is_told_once(build: Build) -> None:
    found = build.finding()
    parts = tuple(build.assessment(name, [build.change()], [found]) for name in ("prod", "staging"))
    text = comment(build.story(assessments=parts))
    assert text.count("`overlays/prod/api.yaml:22`") == 1
    assert "❌ prod, staging" in text


def test_a_waiver_of_what_changes_is_read_first(build: Build) -> None:
    waived = build.finding(
        "notice", check="policies", rule="no-latest-tag", waived="by ana until 2030-01-31: migration"
    )
    text = comment(build.story(assessments=(build.assessment(changes=[build.change()], findings=[waived]),)))
    first, _, folded = text.partition("<details>")
    assert "🔏 prod `no-latest-tag`" in first
    assert "waived by ana until 2030-01-31: migration" in first
    assert "migration" not in folded


def test_a_waiver_of_what_stays_is_a_notice(build: Build) -> None:
    waived = build.finding("notice", rule="no-latest-tag", waived="by ana until 2030-01-31: migration")
    other = build.change(build.thing("Service", "other"))
    text = comment(build.story(assessments=(build.assessment(changes=[other], findings=[waived]),)))
    assert "waived by ana until 2030-01-31: migration" in text.partition("1 notice")[2]


def test_an_object_in_the_way_is_read_first(build: Build) -> None:
    blocked = build.change(conflict="a file of that name is there and is not ours")
    text = comment(build.story(assessments=(build.assessment(changes=[blocked]),)))
    assert "✋ prod **Deployment web/api**: a file of that name is there and is not ours" in text
    assert "fix 1" in text


def test_invisible_characters_are_flagged(build: Build) -> None:
    sly = build.change(after=build.body(image="api\u202e:2"))
    text = comment(build.story(assessments=(build.assessment(changes=[sly]),)))
    assert "cannot be seen" in text
    assert "\u202e" not in text


def test_answers_name_writer_command_and_outcome(build: Build) -> None:
    refused = Answer(by="bo", command="/gate approve prod", accepted=False, text="not you; `ana` can", at=build.NOON)
    later = Answer(by="ana", command="/gate plan", accepted=True, text="Planned.", at=build.NOON + timedelta(1))
    text = comment(build.story(answers=(refused, later)))
    assert "- ❌ `bo` `/gate approve prod`: not you; `ana` can" in text
    assert text.index("`ana` `/gate plan`") < text.index("`bo` `/gate approve prod`")


def test_a_preview_says_when_it_takes_effect(build: Build) -> None:
    part = build.assessment("qa", [build.change()], preview=True)
    text = comment(build.story(preview=(part,)))
    assert "**Takes effect after the merge** (this changes what `tidegate.yaml` describes)" in text
    assert "| qa | 1 changed |" in text


def test_no_change_affects_no_environment(build: Build) -> None:
    assert "### ✅ Affects no environment" in comment(build.story(unaffected=("dev",)))


def test_an_environment_that_is_never_applied_has_no_steps(build: Build) -> None:
    env = build.environment(apply="never")
    text = comment(build.story(assessments=(build.assessment(changes=[build.change()], environment=env),)))
    assert "only planned, never applied from here" in text
    assert "To apply" not in text


def test_a_review_is_offered_only_where_nothing_is_destroyed(build: Build) -> None:
    assert "(or approves in a review of this head)" in comment(
        build.story(assessments=(build.assessment(changes=[build.change()]),))
    )
    assert "in a review" not in comment(build.busy())


def test_two_approvals_are_asked_of_two(build: Build) -> None:
    env = build.environment(approvals=ApprovalRule(count=2, approvers=("team:acme/sre", "user:ana")))
    text = comment(build.story(assessments=(build.assessment(changes=[build.change()], environment=env),)))
    assert "2 of `acme/sre` or `ana` comment `/gate approve prod`" in text


def test_first_apply_is_typed_after_the_merge(build: Build) -> None:
    part: Any = build.assessment(changes=[build.change()])
    children = tuple(
        replace(each, state="wait", next="/gate apply prod") if each.rule == "first_apply" else each
        for each in part.verdict.children
    )
    part = replace(part, verdict=replace(part.verdict, children=children))
    step = next(e for e in comment(build.story(assessments=(part,))).splitlines() if e.startswith("**To apply prod"))
    assert step.index("· merge ·") < step.index("`/gate apply prod` after the merge")


PHASES = {
    "planning": "⏳ Planning `3f2a9c1`",
    "conflict": "❌ Conflicts with `main`",
    "fork": "/gate plan 3f2a9c1",
    "elsewhere": "environments follow `main`",
    "unconfigured": "there is no `tidegate.yaml`",
    "misconfigured": "`tidegate.yaml` cannot be used",
    "unreadable": "❌ Cannot be read",
    "closed": "its approvals no longer count",
}


@pytest.mark.parametrize(("phase", "words"), PHASES.items())
def test_every_phase_without_a_plan_says_what_to_do(build: Build, phase: str, words: str) -> None:
    assert words in comment(build.story(phase=phase, conflicts=("a.yaml",), findings=(build.finding(),)))


def test_a_conflict_without_paths_is_of_histories_that_share_nothing(build: Build) -> None:
    assert "no commit in common with `main`" in comment(build.story(phase="conflict"))


def test_a_conflict_names_the_paths(build: Build) -> None:
    assert "❌ `a.yaml`" in comment(build.story(phase="conflict", conflicts=("a.yaml",)))


def test_after_the_merge_each_environment_stands_somewhere(build: Build) -> None:
    waiting = build.assessment(changes=[build.change()], phase="merged")
    standings = (
        Standing(environment="staging", state="applied", revision=build.MERGE, at=build.NOON),
        Standing(environment="prod", state="waiting"),
        Standing(environment="qa", state="failed", detail="disk full"),
        Standing(environment="dev", state="superseded", detail="undone"),
    )
    pull = build.pull("merged", merge_commit=build.MERGE)
    text = comment(build.story(phase="merged", pull=pull, standings=standings, assessments=(waiting,)))
    assert "### ❌ qa failed · ⏸ prod waits: 0 of 1 approvals · ✅ staging applied" in text
    assert "| staging | ✅ applied at `9be01d4`, 2026-11-20 14:02 UTC | – |" in text
    assert "| prod | ⏸ 0 of 1 approvals | 1 changed |" in text
    assert "❌ failed: disk full" in text
    assert "| dev | ↪ undone | – |" in text
    assert "`3f2a9c1` was merged into `main` as `9be01d4`" in text
    assert "· merge" not in text


def test_changes_merged_earlier_are_told_apart(build: Build) -> None:
    earlier = build.change(cause=Cause.PENDING)
    text = comment(build.story(assessments=(build.assessment(changes=[earlier]),)))
    assert "| prod | – | 1 pending |" in text
    assert "1 merged earlier and not applied yet, not from this pull request" in text


def many(build: Build, number: int) -> Story:
    doomed = build.change(build.thing("Namespace", "payments", ""), Action.DELETE)
    rest = [build.change(build.thing(name=f"api-{i}"), Action.CREATE) for i in range(number)]
    return build.story(assessments=(build.assessment(changes=[*rest, doomed]),))


def test_what_does_not_fit_is_counted_and_the_dangerous_is_kept(build: Build) -> None:
    text = comment(many(build, 2_000))
    assert 60_000 < len(text) <= 65_536
    shown = text.count("```diff")
    assert f"Shown {shown} of 2001 objects, the rest: [full plan]" in text
    assert text.index("**Namespace payments** is deleted ·") < text.index("api-0")
    assert text.count("<details>") == text.count("</details>")


def test_one_giant_object_does_not_hide_the_others(build: Build) -> None:
    value = {"data": "x\n" * 100_000, "k": list(range(40_000))}
    giant = build.change(build.thing("ConfigMap", "big"), Action.CREATE, after=value)
    small = build.change(build.thing(name="small"), Action.CREATE)
    text = comment(build.story(assessments=(build.assessment(changes=[giant, small]),)))
    assert len(text) <= 65_536
    assert "lines, too long to show here" in text
    assert "Shown 1 of 2 objects" in text


def test_a_long_environment_name_leaves_the_marker(build: Build) -> None:
    part = build.assessment("e" * 5_000, [build.change(action=Action.DELETE)])
    text = comment(build.story(assessments=(part,)), 2_000)
    assert text.startswith(f"{MARKER}\n### ")
    assert len(text) <= 2_000
    assert len(text.splitlines()[1]) < 320


def test_a_long_message_is_shown_as_far_as_a_line_bears_it(build: Build) -> None:
    text = comment(build.story(assessments=(build.assessment(findings=[build.finding(message="m" * 9_000)]),)))
    assert "m" * 300 in text
    assert "m" * 500 not in text
    assert "…" in text


def remark(number: int, body: str, own: bool = True, seconds: int = 0, noon: datetime | None = None) -> Remark:
    person = Person(id=9, login="tidegate", bot=True)
    at = cast(datetime, noon) + timedelta(seconds=seconds)
    return Remark(id=f"comment:{number}", author=person, body=body, at=at, own=own)


def test_own_comments_are_found_by_author_and_first_line(build: Build) -> None:
    noon = build.NOON
    ours = remark(2, f"{MARKER}\r\n### x", noon=noon)
    older = remark(1, f"{MARKER}\n### y", noon=noon, seconds=-5)
    forged = remark(3, f"{MARKER}\n### x", own=False, noon=noon)
    quoted = remark(4, f"see:\n{MARKER}", noon=noon)
    assert find_own([ours, older, forged, quoted], MARKER) == (older, ours)


def test_outcome_markers_are_distinct_and_close_no_comment() -> None:
    assert outcome_marker("a:1") != outcome_marker("a:10")
    assert outcome_marker("a-->b") == "<!-- tidegate:outcome:a-b -->"


def test_an_environment_that_is_taken_out_of_the_file_is_told_of(build: Build) -> None:
    gone = build.story(leaving=("prod",), unaffected=("dev",))
    text = comment(gone)
    assert "### ⚠ prod leaves tidegate.yaml\n" in text
    assert "No longer described by `tidegate.yaml`: prod. After the merge nothing is applied there any more" in text
    assert "Affects no environment" not in text
    assert "prod. Nothing is applied there any more" in comment(replace(gone, phase="merged"))
    assert (check_of(gone).title, check_of(gone).conclusion) == ("prod leaves tidegate.yaml", "success")
    both = build.story(leaving=("qa", "prod"), assessments=(build.assessment("dev", changes=[build.change()]),))
    assert "### ⚠ qa, prod leave tidegate.yaml · ✅ 1 change in dev" in comment(both)
    assert check_of(both).title.startswith("qa, prod leave tidegate.yaml · dev ~1")
