"""What a sound `tidegate.yaml` means: its keys, its strict defaults, and the schema that explains them."""

import pytest

from bot.config import parse, schema
from bot.model.environment import ApprovalRule, Configuration, Environment, Source
from bot.model.identity import EnvironmentId
from tests.support.configurations import ENVIRONMENT, REPOSITORY, of_environment
from tests.support.trees import EMPTY


def test_everything_that_can_be_said() -> None:
    text = """\
version: 1
check: approvals
prefix: /deploy
environments:
  staging:
    source: {path: envs/staging}
    target: shared
    scope: staging
    apply: on-merge
    first_apply: on-merge
    drift: revert
    decrypt: true
    secrets: {plain: warning}
  prod:
    source: {path: ., renderer: plain}
    target: shared
    scope: prod/eu
    apply: on-command
    after: [staging]
    approvals: {count: 2, from: [team:acme/sre, user:ana], author: yes, reviews: false}
"""
    assert parse(text.encode(), REPOSITORY, EMPTY) == Configuration(
        environments=(
            Environment(
                id=EnvironmentId(repository=REPOSITORY, name="staging"),
                source=Source(path="envs/staging"),
                target="shared",
                scope="staging",
                apply="on-merge",
                first_apply="on-merge",
                drift="revert",
                decrypt=True,
                plain_secrets="warning",
            ),
            Environment(
                id=EnvironmentId(repository=REPOSITORY, name="prod"),
                source=Source(path=".", renderer="plain"),
                target="shared",
                scope="prod/eu",
                apply="on-command",
                after=("staging",),
                approvals=ApprovalRule(count=2, approvers=("team:acme/sre", "user:ana"), author=True, reviews=False),
            ),
        ),
        check="approvals",
        prefix="/deploy",
    )
    assert [each.line for each in parse(text.encode(), REPOSITORY, EMPTY).environments] == [5, 14]


def test_defaults_are_the_strict_ones() -> None:
    found = parse(of_environment(ENVIRONMENT.replace("    ", "").strip()).encode(), REPOSITORY, EMPTY)
    (only,) = found.environments
    assert (found.check, found.prefix) == ("blocking", "/gate")
    assert (only.first_apply, only.drift, only.plain_secrets) == ("on-command", "report", "error")
    assert only.approvals == ApprovalRule(count=0, approvers=(), author=False, reviews=True)


@pytest.mark.parametrize("word", ["off", "'off'", "false"])
def test_drift_off_without_quotes_is_a_word(word: str) -> None:
    text = of_environment(f"source: {{path: a}}\ntarget: t\napply: never\ndrift: {word}")
    assert parse(text.encode(), REPOSITORY, EMPTY).environments[0].drift == "off"


@pytest.mark.parametrize("rule", ["{count: 1}", "{count: 2, from: ['user:a', 'user:b']}"])
def test_approvals_that_can_be_reached(rule: str) -> None:
    text = of_environment(f"source: {{path: a}}\ntarget: t\napply: never\napprovals: {rule}")
    assert parse(text.encode(), REPOSITORY, EMPTY).environments[0].approvals.count == int(rule[8])


def test_a_prefix_may_begin_like_a_word_of_gitlab() -> None:
    text = f"version: 1\nprefix: /approve-all\nenvironments:\n  a:\n{ENVIRONMENT}"
    assert parse(text.encode(), REPOSITORY, EMPTY).prefix == "/approve-all"


def test_teams_may_be_of_any_size() -> None:
    text = of_environment(
        "source: {path: a}\ntarget: t\napply: never\napprovals: {count: 9, from: ['user:a', 'team:x/y']}"
    )
    assert parse(text.encode(), REPOSITORY, EMPTY).environments[0].approvals.count == 9


def test_schema_explains_every_key() -> None:
    published = schema()
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def keys(node: object) -> list[dict[str, object]]:
        if not isinstance(node, dict):
            return []
        own = list(node.get("properties", {}).values())
        return own + [deep for each in node.values() for deep in keys(each)]

    assert len(keys(published)) > 15
    assert all(each.get("description") for each in keys(published))


def test_policies_and_waivers_belong_to_every_environment_they_name() -> None:
    text = (
        "version: 1\npolicies: [policies, 'builtin:no-latest-tag']\n"
        "waivers: [{policy: no-latest-tag, reason: old, owner: ana, expires: 2030-01-31, environments: [a],"
        " objects: [Pod/x]}, {policy: other, reason: old, owner: ana, expires: 2031-01-31}]\n"
        f"schemas: {{'config/*.json': schemas/config.json}}\nenvironments:\n  a:\n{ENVIRONMENT}"
        f"    policies: {{no-latest-tag: warning, other: off}}\n    schemas: {{missing: error}}\n  b:\n"
        + ENVIRONMENT.replace("envs/a", "envs/b").replace("target: a", "target: b")
    )
    found = parse(text.encode(), REPOSITORY, EMPTY)
    a, b = found.environments
    assert found.schemas == {"config/*.json": "schemas/config.json"}
    assert a.policies == b.policies == ("policies", "builtin:no-latest-tag")
    assert a.policy_levels == {"no-latest-tag": "warning", "other": "off"}
    assert (a.missing_schemas, b.missing_schemas) == ("error", "notice")
    assert [(each.expires.isoformat(), each.objects) for each in a.waivers] == [
        ("2030-01-31", ("Pod/x",)),
        ("2031-01-31", ()),
    ]
    assert [each.policy for each in b.waivers] == ["other"]
