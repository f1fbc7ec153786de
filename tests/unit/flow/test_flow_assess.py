"""The spine: what it may not take for a state, and what it may not take for a pass."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import pytest

from bot.check import Check
from bot.errors import InputError, PermanentError, RenderError, TemporaryError
from bot.flow import evaluate
from bot.flow.assess import Subject, Tools, assess, choose_target, pick, render
from bot.flow.evaluate import Changes, InProcess
from bot.flow.offline import BaseRevision, Revisions
from bot.flow.subject import Made
from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule, Configuration, Environment, Source
from bot.model.examined import Examined
from bot.model.gate import Asked, Assessment
from bot.model.identity import EnvironmentId, Person, RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Digest
from bot.model.plan import Cause, Change, Finding
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render.plain import Plain
from tests.support.trees import tree

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: '%s'}\n"
ANA = Person(id=2, login="ana")
PROD = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="hub", number=7, path="acme/shop"), name="prod"),
    source=Source(path="prod"), target="prod", apply="on-command",
)  # fmt: skip


BASE, HEAD = (tree({"prod/a.yaml": MAP % each}) for each in "12")


async def load(found: Tree, paths: frozenset[str]) -> Tree:
    raise AssertionError("every file is there")


def subject(head: Tree = HEAD, **more: Any) -> Subject:
    made = Subject(
        environment=PROD, before=PROD, base=BASE, head=head, load=load, uid="u", branch="main",
        allowed=frozenset({"prod"}),
    )  # fmt: skip
    return replace(made, **more)


def tools(*checks: Check, base: Tree = BASE) -> Tools:
    configuration = Configuration(environments=(PROD,))
    revisions = Revisions(base=base, head=HEAD, before=configuration, after=configuration, load=load)
    made = Tools(renderers=(Plain(),), evaluator=InProcess((Plain(),), checks), targets={}, key=b"key")
    target = BaseRevision("prod", revisions, made)
    return replace(made, targets={"prod": target, "other": target})


async def assessed(found: Subject, *checks: Check, applied: Any = None) -> Assessment:
    facts = Facts(environment=PROD, phase="merged", applied=applied)
    async with assess(tools(*checks), found, facts) as result:
        return result.assessment


def state(assessment: Assessment, rule: str) -> str:
    assert assessment.verdict is not None
    return next(each.state for each in assessment.verdict.children if each.rule == rule)


def test_a_target_that_the_settings_do_not_allow_is_refused() -> None:
    assert choose_target(tools(), subject()).name == "prod"
    for name in ("other", "nowhere"):
        with pytest.raises(RenderError) as refused:
            choose_target(tools(), subject(environment=replace(PROD, target=name)))
        assert "may deploy to" in refused.value.findings[0].message


class Silent(BaseRevision):
    """A target that cannot be looked at."""

    def __init__(self, error: Exception) -> None:
        self.name, self._error = "prod", error

    async def identity(self, environment: Environment) -> str:
        raise self._error


@pytest.mark.parametrize("error", [TemporaryError("it does not answer"), PermanentError("a link is in the way")])
async def test_a_target_that_cannot_be_looked_at_is_unknown_and_says_why(error: Exception) -> None:
    silent = replace(tools(), targets={"prod": Silent(error)})
    async with assess(silent, subject(), Facts(environment=PROD, phase="merged")) as result:
        found = result.assessment
    assert (found.head, found.plan, result.saved) == (None, None, None)
    assert found.verdict is not None
    assert found.verdict.state == "unknown"
    assert found.findings[0].level == "unknown"
    assert str(error) in found.findings[0].message


async def test_policies_that_cannot_be_read_are_an_error() -> None:
    async def beyond(found: Tree, paths: frozenset[str]) -> Tree:
        raise InputError("policies/a.yaml is larger than 1 MB")

    ruled = replace(PROD, policies=("policies",))
    head = tree({"prod/a.yaml": MAP % "2", "policies/a.yaml": "x"})
    unread = replace(head, blobs={each: data for each, data in head.blobs.items() if data != b"x"})
    found = await assessed(subject(unread, environment=ruled, load=beyond))
    assert (state(found, "checks"), found.plan) == ("fail", None)
    assert "larger than 1 MB" in found.findings[0].message


@pytest.mark.parametrize("new", [{"before": None}, {"base": None}, {"before": None, "base": None}])
async def test_a_new_environment_has_no_base(new: dict[str, Any]) -> None:
    found = await assessed(subject(**new))
    assert found.base is None
    assert found.head is not None
    assert found.plan is not None
    assert found.to_approve == found.head.objects


async def test_all_rules_that_must_be_satisfied_are_told() -> None:
    rules = (PROD.approvals, ApprovalRule(count=2))
    async with assess(tools(), subject(), Facts(environment=PROD, phase="open", rules=rules)) as result:
        assert result.assessment.rules == rules


async def test_every_change_has_its_cause() -> None:
    before, after = (tree({"prod/a.yaml": MAP % each, "prod/b.yaml": MAP.replace("a,", "b,") % "1"}) for each in "12")
    async with assess(tools(), subject(after, base=before), Facts(environment=PROD, phase="open")) as result:
        assert result.assessment.plan is not None
        causes = {each.id.name: each.cause for each in result.assessment.plan.changes}
    assert causes == {"a": Cause.PULL_REQUEST, "b": Cause.PENDING}


async def test_other_programs_count_where_they_make_another_state_of_what_was_applied() -> None:
    now = (await assessed(subject())).head
    assert now is not None
    earlier = ("kustomize v5.7.1", *now.tools)

    async def said(head: Tree, *programs: str, applied: Any = now.objects) -> str:
        made = Made(environment=PROD, tree=head, tools=programs)
        return state(await assessed(subject(made=made), applied=applied), "toolchain")

    assert await said(HEAD, *earlier) == "pass"
    assert await said(BASE, *earlier) == "wait"
    assert await said(HEAD, *earlier, applied={}) == "wait"
    assert await said(tree({"b.txt": "renders to nothing"}), *earlier) == "wait"
    assert await said(BASE, *now.tools) == "pass"
    assert await said(BASE) == "pass", "nobody knows by which it was made"


async def test_an_apply_was_asked_for_one_state_and_no_other() -> None:
    head = (await assessed(subject())).head
    assert head is not None
    assert state(await assessed(subject(asked=Asked(digest=head.digest, by=ANA))), "apply") == "pass"
    assert state(await assessed(subject(asked=Asked(digest=Digest("d1:seen"), by=ANA))), "apply") == "wait"


@pytest.mark.parametrize("files", [{}, {"prod/README.md": "nothing"}, {"prod/a.yaml": "# nothing\n"}])
async def test_an_empty_state_is_an_error_and_no_state(files: dict[str, str]) -> None:
    found = await assessed(subject(tree({**files, "b.txt": "b"})))
    assert found.head is None
    assert found.plan is None
    assert state(found, "render") == "fail"


class Nothing(Plain):
    """A renderer that takes whatever is there for nothing."""

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        return Rendered(resources=())


async def test_no_renderer_can_empty_an_environment() -> None:
    with pytest.raises(RenderError, match="an empty state is never applied"):
        await render(replace(tools(), renderers=(Nothing(),), evaluator=InProcess((Nothing(),), ())), load, PROD, HEAD)


class Broken:
    """A check that breaks."""

    name = "broken"
    subject: ClassVar[Literal["desired"]] = "desired"

    async def run(self, examined: Examined) -> Sequence[Finding]:
        raise ValueError("a secret")


async def test_a_check_that_breaks_is_unknown_and_quotes_nothing() -> None:
    assert state(await assessed(subject()), "checks") == "pass"
    found = await assessed(subject(), Broken())
    assert state(found, "checks") == "unknown"
    assert "a secret" not in repr(found.findings)


class Blind(InProcess):
    """Looks through nothing."""

    async def conceal(self, turn: RepositoryId, work: Changes) -> Sequence[Change]:
        raise TemporaryError("it took too long")


async def test_a_plan_that_was_not_looked_through_for_secrets_is_not_shown() -> None:
    blind = replace(tools(), evaluator=Blind((Plain(),), ()))
    async with assess(blind, subject(), Facts(environment=PROD, phase="merged")) as result:
        assert (result.assessment.plan, result.saved) == (None, None)
        assert state(result.assessment, "checks") == "unknown"


async def test_a_plan_that_could_not_be_looked_through_in_time_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MOST_SECONDS", 0.0)
    found = await assessed(subject())
    assert found.plan is None
    assert state(found, "checks") == "unknown"
    assert "took longer than" in found.findings[0].message


async def test_what_only_a_file_tells_to_be_a_secret_is_hidden_on_both_sides_of_the_plan() -> None:
    old, new = "3f2a9c1e-7b4d-4c8e-9a1f-5d6e7f8a9b0c", "8e1d0c5b-2f6a-4e9d-b37c-6a5b4c3d2e1f"
    base, head = (tree({"prod/a.yaml": f"# HEROKU_API_KEY={each}\n{MAP % each}"}) for each in (old, new))
    async with assess(tools(base=base), subject(head, base=base), Facts(environment=PROD, phase="open")) as result:
        plan = result.assessment.plan
    assert plan is not None
    (change,) = plan.changes
    assert (change.before["data"], change.after["data"]) == ({"a": "(secret)"}, {"a": "(secret, changed)"})
    assert not {each for each in (old, new) if each in repr(plan)}


async def test_what_was_applied_elsewhere_was_not_applied_here() -> None:
    head = (await assessed(subject())).head
    assert head is not None
    facts = Facts(environment=PROD, phase="merged", applied=head.objects)
    for destination, first in ((head.destination, "skip"), ("elsewhere", "wait")):
        moved = subject(destination=destination)
        async with assess(tools(), moved, facts) as result:
            assert state(result.assessment, "first_apply") == first
            assert state(result.assessment, "approvals") == ("pass" if first == "skip" else "wait")


async def test_a_secret_is_the_same_state_in_the_words_of_both_of_its_keys() -> None:
    head = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\n"
    plain, encoded = (tree({"prod/a.yaml": head + each}) for each in ("stringData: {a: b}\n", "data: {a: Yg==}\n"))
    one, other = (await assessed(subject(plain))).head, (await assessed(subject(encoded))).head
    assert one is not None
    assert other is not None
    assert one.digest == other.digest
    assert [each.body["data"] for each in one.resources] == [{"a": "Yg=="}]


def test_the_renderer_that_is_named_is_taken_though_another_one_would_be() -> None:
    class Other(Plain):
        name = "other"

    named = Source(path="prod", renderer="other")
    found = [pick((Plain(), Other()), HEAD, each) for each in (PROD.source, named)]
    assert [each.name for each in found if each] == ["plain", "other"]
    assert pick((Plain(),), HEAD, named) is None


async def test_the_digest_binds_to_place_branch_and_environment() -> None:
    digests = set()
    for each in (subject(), subject(uid="v"), subject(branch="other"), subject(environment=replace(PROD, scope="x"))):
        head = (await assessed(each)).head
        assert head is not None
        digests.add(head.digest)
    assert len(digests) == 4
