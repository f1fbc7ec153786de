"""`tidegate.yaml`: what it means, and every way in which it can be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import parse, schema
from bot.document import dump
from bot.errors import ConfigurationError
from bot.model.environment import ApprovalRule, Configuration, Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding
from tests.support.soon import soon
from tests.support.trees import EMPTY

REPOSITORY = RepositoryId(forge="github", number=7, path="acme/web")
ENVIRONMENT = "    source: {path: envs/a}\n    target: a\n    apply: never\n"


def refused(text: str | bytes) -> tuple[Finding, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), REPOSITORY, EMPTY)
    findings: tuple[Finding, ...] = caught.value.findings
    assert all((each.level, each.path) == ("error", "tidegate.yaml") for each in findings)
    assert [each.line for each in findings] == sorted(each.line for each in findings)
    return findings


def of_environment(lines: str) -> str:
    return "version: 1\nenvironments:\n  a:\n" + "".join(f"    {each}\n" for each in lines.split("\n"))


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


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the file is empty; begin with: version: 1"),
        ("# nothing\n", (1, 1), "the file is empty; begin with: version: 1"),
        ("a: 1\n---\nb: 1\n", (3, 1), "the file holds more than one document; remove the --- and merge them"),
        ("- a\n", (1, 1), "the file must be a mapping of keys"),
        ("a: 1\na: 2\n", (2, 1), 'key "a" is set twice (first at line 1)'),
        ("a: [\n", (2, 1), "not valid YAML: while parsing a flow node, did not find expected node content"),
        ("version: 1\nenvironments:\n", (2, 1), '"environments" must be a mapping of keys'),
        ("version: 1\nenvironments: {}\n", (2, 1), '"environments" is empty'),
        (f"version: 2\nenvironments:\n  a:\n{ENVIRONMENT}", (1, 1), '"version" must be 1'),
        (f"environments:\n  a:\n{ENVIRONMENT}", (1, 1), 'the file has no "version"'),
        (
            f"version: 1\nenvironments:\n  Prod:\n{ENVIRONMENT}",
            (3, 3),
            '"Prod" must be lower case letters, digits and dashes',
        ),
        (
            f"version: 1\nenvironments:\n  a-:\n{ENVIRONMENT}",
            (3, 3),
            '"a-" must be lower case letters, digits and dashes',
        ),
        (f'version: 1\nenvironments:\n  "a\\n":\n{ENVIRONMENT}', (3, 3), '"a\\n" must be lower case letters'),
        (f"version: 1\nenvironments:\n  {'a' * 64}:\n{ENVIRONMENT}", (3, 3), "is longer than 63 characters"),
        (f"version: 1\nenvironments:\n  no:\n{ENVIRONMENT}", (3, 3), '"false" cannot be a name'),
        (
            f"version: 1\nchek: blocking\nenvironments:\n  a:\n{ENVIRONMENT}",
            (2, 1),
            'unknown key "chek"; did you mean "check"?',
        ),
        (
            f"version: 1\ncheck: all\nenvironments:\n  a:\n{ENVIRONMENT}",
            (2, 1),
            '"check" must be blocking or approvals',
        ),
        (f"version: 1\nprefix: 5\nenvironments:\n  a:\n{ENVIRONMENT}", (2, 1), '"prefix" must be text'),
        (f"version: 1\nprefix: /{'g' * 40}\nenvironments:\n  a:\n{ENVIRONMENT}", (2, 1), '"prefix" must be a slash'),
        (f"version: 1\n{'k' * 90}: 1\nenvironments:\n  a:\n{ENVIRONMENT}", (2, 1), f'unknown key "{"k" * 79}…"'),
        ("#" * (1 << 20) + "#", (1, 1), "the file has 1,048,577 bytes; at most 1,048,576 are read"),
        ("[" + "0, " * 50_000 + "]", (1, 149_999), "more than 50,000 keys and values"),
        (f"version: 1\nprefix: gate\nenvironments:\n  a:\n{ENVIRONMENT}", (2, 1), '"prefix" must be a slash'),
        (f"version: 1\nprefix: '/g\n\n  '\nenvironments:\n  a:\n{ENVIRONMENT}", (2, 1), '"prefix" must be a slash'),
        (
            f"version: 1\nprefix: /approve\nenvironments:\n  a:\n{ENVIRONMENT}",
            (2, 1),
            '"prefix" cannot be /approve: GitLab',
        ),
        (f"version: 1\nprefix: /todo\nenvironments:\n  a:\n{ENVIRONMENT}", (2, 1), '"prefix" cannot be /todo: GitLab'),
    ],
)
def test_file_that_cannot_be_used(text: str, place: tuple[int, int], message: str) -> None:
    (finding,) = refused(text)
    assert (finding.line, finding.column) == place
    assert finding.message.startswith(message) or message in finding.message


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ("aproval: {count: 1}", "aproval", 'unknown key "aproval"; did you mean "approvals"?'),
        ("xyz: 1", "xyz", 'unknown key "xyz"'),
        ('"a\\u202eb": 1', '"a', 'unknown key "a\\u202eb"'),
        ("target: 5", "target", '"a.target" must be text'),
        ("apply: on-merg", "apply", '"a.apply" must be never or on-command or on-merge; did you mean "on-merge"?'),
        ("apply: ON-MERGE", "apply", 'on-merge; did you mean "on-merge"?'),
        ("apply: bundle", "apply", '"a.apply" must be never or on-command or on-merge'),
        ("apply: true", "apply", '"a.apply" must be never or on-command or on-merge'),
        ("first_apply: never", "first_apply", '"a.first_apply" must be on-command or on-merge'),
        ("drift: no-thing", "drift", '"a.drift" must be off or report or revert'),
        ("source: envs/a", "source", '"a.source" must be a mapping of keys'),
        ("source: {}", "source", '"a.source" has no "path"'),
        ("source: {path: ''}", "path", '"a.source.path" is empty'),
        ("source: {path: a, renderer: bundle}", "renderer", '"a.source.renderer": "bundle" is not supported yet'),
        ("source: {path: a, renderer: jsonnet}", "renderer", '"a.source.renderer" must be plain or kustomize or helm'),
        ("source: {path: a, renderer: []}", "renderer", '"a.source.renderer" must be plain or kustomize or helm'),
        ("source: {path: a, options: {valeus: []}}", "valeus", 'did you mean "values"'),
        ("source: {path: a, options: {digest: x}}", "digest", "must be sha256: and 64 hexadecimal digits"),
        ("source: {path: ../x}", "path", '"a": path "../x" leaves the repository'),
        ("source: {path: a/../../x}", "path", '"a": path "a/../../x" leaves the repository'),
        ("source: {path: /etc}", "path", '"a": path "/etc" leaves the repository'),
        ('source: {path: "a\\\\b"}', "path", "has a backslash"),
        ('source: {path: "a\\nb"}', "path", "has a control character"),
        ('source: {path: "a\\u202eb"}', "path", "has a control character"),
        ("source: {path: ./a/}", "path", "is not in its shortest form"),
        ("source: {path: a/.GIT/hooks}", "path", "is git's own folder"),
        ("scope: ../other", "scope", '"a": path "../other" leaves the target'),
        ("scope: .", "scope", "is not in its shortest form"),
        ("after: [b]", "b]", '"a.after": there is no environment "b"'),
        ("after: [a]", "a]", '"a" cannot come after itself'),
        ("after: a", "after", '"a.after" must be a list'),
        ("approvals: {count: 101}", "count", '"a.approvals.count" must be from 0 to 100'),
        ("approvals: {count: -1}", "count", '"a.approvals.count" must be from 0 to 100'),
        ("approvals: {count: 1.5}", "count", '"a.approvals.count" must be a whole number'),
        ("approvals: {count: true}", "count", '"a.approvals.count" must be a whole number'),
        ("approvals: {from: []}", "from", '"a.approvals.from" is empty'),
        ("approvals: {from: [ana]}", "ana", '"a.approvals.from[0]" must be team:org/name or user:login'),
        ("approvals: {from: ['team:sre']}", "'team", '"a.approvals.from[0]" must be team:org/name or user:login'),
        ("approvals: {from: ['user:a/b']}", "'user", '"a.approvals.from[0]" must be team:org/name or user:login'),
        ('approvals: {from: ["user:a\\n"]}', '"user', '"a.approvals.from[0]" must be team:org/name or user:login'),
        ("approvals: {from: ['{a}']}", "'{a}", '"a.approvals.from[0]" must be team:org/name or user:login'),
        ("approvals: {from: ['user:a', 'user:a']}", "from", '"a.approvals.from" has an entry twice'),
        ("approvals: {count: 2, from: ['user:a', 'user:A']}", "count", 'is 2, but "from" names 1 person'),
        ("approvals: {author: maybe}", "author", '"a.approvals.author" must be true or false'),
        ("approvals: {expire: 14d}", "expire", '"expire" is not supported yet'),
        ("approvals: {unit: state}", "unit", '"unit" is not supported yet'),
        ("secrets: {plain: notice}", "plain", '"a.secrets.plain" must be error or warning'),
    ],
)
def test_environment_that_cannot_be_used(change: str, key: str, message: str) -> None:
    kept = [
        line
        for line in ("source: {path: envs/a}", "target: t", "apply: never")
        if line.split(":")[0] != change.split(":")[0]
    ]
    text = of_environment("\n".join([*kept, change]))
    findings = [each for each in refused(text) if message in each.message]
    assert findings
    line = text.split("\n")[findings[0].line - 1]
    assert line[findings[0].column - 1 :].startswith(key)


@pytest.mark.parametrize("key", ["namespace", "was", "adopt", "hooks", "require", "deletions", "freeze", "rollback"])
def test_key_of_an_environment_that_is_not_supported_yet(key: str) -> None:
    (finding,) = refused(of_environment(f"source: {{path: a}}\ntarget: t\napply: never\n{key}: {{}}"))
    assert finding.message == f'"{key}" is not supported yet'


@pytest.mark.parametrize("key", ["ignore"])
def test_key_of_the_file_that_is_not_supported_yet(key: str) -> None:
    (finding,) = refused(f"version: 1\n{key}: []\nenvironments:\n  a:\n{ENVIRONMENT}")
    assert finding.message == f'"{key}" is not supported yet'


def test_all_faults_are_told_at_once() -> None:
    sound = ENVIRONMENT.replace("envs/a", "/x")
    text = f"version: 1\nenvironments:\n  a:\n    target: 5\n    freeze: []\n  b:\n{sound}"
    assert [each.message for each in refused(text)] == [
        '"a" has no "apply"',
        '"a" has no "source"',
        '"a.target" must be text; put it in quotes',
        '"freeze" is not supported yet',
        '"b": path "/x" leaves the repository',
    ]


def test_what_is_to_be_added_is_told_with_its_choices() -> None:
    (finding,) = refused(of_environment("source: {path: a}\ntarget: t"))
    assert finding.fix == "add apply: never or on-command or on-merge"
    (finding,) = refused(of_environment("source: {path: a}\ntarget: t\napply: never\ndrift: on"))
    assert finding.message == '"a.drift" must be off or report or revert'


def test_a_fault_that_an_alias_repeats_is_told_once() -> None:
    (finding,) = refused(f"version: 1\nenvironments:\n  a: &a\n{ENVIRONMENT}    xyz: 1\n  b: *a\n")
    assert finding.message == 'unknown key "xyz"'


def test_an_environment_with_a_fault_is_still_one_that_others_may_name() -> None:
    waiver = "{policy: p, reason: r, owner: o, expires: 2030-01-31, environments: [a]}"
    sound = ENVIRONMENT.replace("target: a", "target: b")
    (finding,) = refused(
        f"version: 1\nwaivers: [{waiver}]\nenvironments:\n  a:\n{ENVIRONMENT}    xyz: 1\n  b:\n{sound}    after: [a]\n"
    )
    assert finding.message == 'unknown key "xyz"'


def environments(**rules: str) -> str:
    blocks = (f"  {name}:\n    source: {{path: x}}\n    apply: never\n{lines}" for name, lines in rules.items())
    return "version: 1\nenvironments:\n" + "".join(blocks)


@pytest.mark.parametrize(
    ("after", "messages"),
    [
        ({"a": "b", "b": "a"}, ["environments wait for one another: a → b → a"]),
        ({"a": "b", "b": "c", "c": "d", "d": "b"}, ["environments wait for one another: b → c → d → b"]),
        ({"a": "a"}, ['"a" cannot come after itself']),
        ({"a": "b, c", "b": "d", "c": "d", "d": ""}, []),
    ],
)
def test_order(after: dict[str, str], messages: list[str]) -> None:
    text = environments(**{name: f"    target: {name}\n    after: [{others}]\n" for name, others in after.items()})
    if messages:
        assert [each.message for each in refused(text)] == messages
    else:
        assert parse(text.encode(), REPOSITORY, EMPTY)


def test_an_order_with_very_many_ways_through_it_is_judged_quickly() -> None:
    after = {f"{side}{i}": f"a{i + 1}, b{i + 1}" for i in range(40) for side in "ab"} | {"a40": "", "b40": ""}
    text = environments(**{name: f"    target: {name}\n    after: [{others}]\n" for name, others in after.items()})
    with soon(2):
        assert parse(text.encode(), REPOSITORY, EMPTY)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("", "", '"a" and "b" have the same target and scope'),
        ("x", "x", '"a" and "b" have the same target and scope'),
        ("", "x", 'the scope of "b" lies inside that of "a" on the same target'),
        ("x/y", "x", 'the scope of "a" lies inside that of "b" on the same target'),
        ("x", "xy", ""),
        ("x/y", "x/z", ""),
    ],
)
def test_shared_target(first: str, second: str, message: str) -> None:
    text = environments(a=f"    target: t\n    scope: '{first}'\n", b=f"    target: t\n    scope: '{second}'\n")
    if message:
        assert [(each.message, each.line, each.column) for each in refused(text)] == [(message, 12, 5)]
    else:
        assert parse(text.encode(), REPOSITORY, EMPTY)


def test_a_shared_target_without_scopes_is_told_at_the_target() -> None:
    (finding,) = refused(environments(a="    target: t\n", b="    target: t\n"))
    assert (finding.line, finding.column) == (10, 5)


@pytest.mark.parametrize("word", ["off", "'off'", "false"])
def test_drift_off_without_quotes_is_a_word(word: str) -> None:
    text = of_environment(f"source: {{path: a}}\ntarget: t\napply: never\ndrift: {word}")
    assert parse(text.encode(), REPOSITORY, EMPTY).environments[0].drift == "off"


def test_the_right_word_in_quotes_is_not_suggested_once_more() -> None:
    (found,) = refused(f"version: '1'\nenvironments:\n  a:\n{ENVIRONMENT}")
    assert (found.message, found.fix) == ('"version" must be 1', "write it without quotes")


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 200) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
KEYS = (
    "version environments check prefix source path renderer target scope apply after approvals count from plain freeze"
)
NEAR = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=6), max_leaves=20
)


@given(
    NEAR | st.fixed_dictionaries({"version": st.just(1), "environments": st.dictionaries(st.sampled_from("ab"), NEAR)})
)
def test_any_document_is_used_or_refused_with_a_place(value: object) -> None:
    try:
        parse(dump(value).encode(), REPOSITORY, EMPTY)
    except ConfigurationError as error:
        assert all(each.line >= 1 and each.column >= 1 and each.message for each in error.findings)
        assert all(each.message.isprintable() for each in error.findings)


@given(st.binary(max_size=60))
def test_any_bytes_are_used_or_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        parse(data, REPOSITORY, EMPTY)


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("expires: 2030-02-31", '"2030-02-31" is no day'),
        ("expires: soon", "must be a day, such as 2030-01-31"),
        ('expires: "2030-01-31\\n"', "must be a day, such as 2030-01-31"),
        ("environments: [prdo]", 'there is no environment "prdo"'),
    ],
)
def test_a_waiver_that_cannot_count(change: str, message: str) -> None:
    kept = [each for each in ("expires: 2030-01-31",) if each.split(":")[0] != change.split(":")[0]]
    waiver = ", ".join(["policy: p", "reason: r", "owner: o", *kept, change])
    text = f"version: 1\nwaivers: [{{{waiver}}}]\nenvironments:\n  prod:\n{ENVIRONMENT}"
    (finding,) = refused(text)
    assert message in finding.message
