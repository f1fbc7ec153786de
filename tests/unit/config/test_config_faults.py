"""How a `tidegate.yaml` can be wrong: every fault is said at its place, once, together with the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import parse
from bot.document import dump
from bot.errors import ConfigurationError
from tests.support.configurations import ENVIRONMENT, REPOSITORY, of_environment, refused
from tests.support.trees import EMPTY


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


def test_the_right_word_in_quotes_is_not_suggested_once_more() -> None:
    (found,) = refused(f"version: '1'\nenvironments:\n  a:\n{ENVIRONMENT}")
    assert (found.message, found.fix) == ('"version" must be 1', "write it without quotes")


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
