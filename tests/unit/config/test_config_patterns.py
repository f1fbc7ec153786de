"""Patterns of environments: which folders they match, what they make of them, and how they can be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import parse
from bot.errors import ConfigurationError
from bot.model.environment import Configuration
from bot.model.identity import RepositoryId
from bot.model.tree import Tree
from tests.support.trees import tree

REPOSITORY = RepositoryId(forge="github", number=7, path="acme/web")
FOLDERS = ("clusters/eu/web", "clusters/eu/api", "clusters/us/web")
PATTERN = """\
  "{cluster}-{app}":
    source: {path: "clusters/{cluster}/{app}"}
    target: "{cluster}"
    scope: "{app}"
    apply: never
"""


def of_folders(*folders: str, **more: str) -> Tree:
    return tree({f"{folder}/deep/a.yaml": "" for folder in folders} | {"README.md": "", **more})


def parsed(environments: str, files: Tree, before: str = "") -> Configuration:
    return parse(f"version: 1\n{before}environments:\n{environments}".encode(), REPOSITORY, files)


def refused(environments: str, files: Tree, before: str = "") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parsed(environments, files, before)
    return [f"{each.line}: {each.message}" for each in caught.value.findings]


def names(found: Configuration) -> list[str]:
    return [each.id.name for each in found.environments]


def test_one_environment_for_each_folder_with_what_the_variables_stand_for() -> None:
    found = parsed(PATTERN, of_folders(*FOLDERS))
    assert names(found) == ["eu-api", "eu-web", "us-web"]
    described = [(each.source.path, each.target, each.scope, each.line) for each in found.environments]
    assert described == [
        ("clusters/eu/api", "eu", "api", 3), ("clusters/eu/web", "eu", "web", 3), ("clusters/us/web", "us", "web", 3)
    ]  # fmt: skip


def test_every_text_of_the_description_is_filled_in() -> None:
    text = PATTERN + '    after: ["canary-{app}"]\n    approvals: {count: 1, from: ["team:acme/{cluster}"]}\n'
    text = text.replace('{app}"}', '{app}", renderer: helm, options: {values: ["values/{cluster}.yaml"]}}')
    canary = "  canary-web: {source: {path: canary}, target: canary, apply: never}\n"
    (environment, _) = parsed(text + canary, of_folders("clusters/eu/web")).environments
    assert environment.after == ("canary-web",)
    assert environment.approvals.approvers == ("team:acme/eu",)
    assert environment.source.options == {"values": ["values/eu.yaml"]}


def test_a_variable_is_a_folder_of_that_depth_and_never_a_file() -> None:
    files = of_folders("clusters/eu/web", "other/eu/web", "clusters/us")
    assert names(parsed(PATTERN, files)) == ["eu-web", "us-deep"]


def test_a_variable_may_be_a_part_of_a_name() -> None:
    text = PATTERN.replace("clusters/{cluster}/{app}", "env-{cluster}/{app}.d/k8s")
    files = of_folders("env-eu/web.d/k8s", "env-eu/web/k8s", "eu/web.d/k8s", "env-/web.d/k8s")
    assert names(parsed(text, files)) == ["eu-web"]


@pytest.mark.parametrize(
    ("path", "folder", "other"),
    [
        ("{cluster}/v1.0/{app}", "eu/v1.0/web", "eu/v1x0/web"),
        ("{cluster}/a.{app}", "eu/a.web", "eu/axweb"),
        ("{cluster}/{app}.d", "eu/web.d", "eu/webxd"),
    ],
)
def test_dots_of_the_path_are_no_wildcards(path: str, folder: str, other: str) -> None:
    text = PATTERN.replace("clusters/{cluster}/{app}", path)
    assert names(parsed(text, of_folders(folder, other))) == ["eu-web"]


def test_only_the_beginning_of_a_folders_name_leaves_it_out() -> None:
    text = PATTERN.replace("clusters/{cluster}", "env-{cluster}")
    (message,) = refused(text, of_folders("env-eu/web", "env-_us/web"))
    assert 'the folder "env-_us/web" would be the environment "_us-web", which is no name' in message


@pytest.mark.parametrize("folder", ["clusters/eu/_shared", "clusters/eu/.cache", "clusters/_base/web"])
def test_hidden_folders_and_those_with_an_underscore_in_front_are_left_out(folder: str) -> None:
    assert names(parsed(PATTERN, of_folders("clusters/eu/web", folder))) == ["eu-web"]


def test_a_submodule_is_a_folder_that_its_renderer_refuses_and_a_link_is_none() -> None:
    files = tree({"clusters/eu/web/a.yaml": ""}, links={"clusters/eu/link": "web"}, submodules=["clusters/eu/sub"])
    assert names(parsed(PATTERN, files)) == ["eu-sub", "eu-web"]


def test_an_environment_that_is_named_is_not_taken_from_a_pattern() -> None:
    named = "  eu-web: {source: {path: elsewhere}, target: own, apply: on-merge}\n"
    for text in (PATTERN + named, named + PATTERN):
        found = parsed(text, of_folders(*FOLDERS))
        assert sorted(names(found)) == ["eu-api", "eu-web", "us-web"]
        (own,) = (each for each in found.environments if each.id.name == "eu-web")
        assert (own.source.path, own.apply) == ("elsewhere", "on-merge")


def test_rules_hold_where_every_folder_of_a_pattern_is_named() -> None:
    named = "  eu-web: {source: {path: elsewhere}, target: own, apply: on-merge, after: [nowhere]}\n"
    assert refused(PATTERN + named, of_folders("clusters/eu/web")) == [
        '8: "eu-web.after": there is no environment "nowhere"'
    ]


def test_a_waiver_is_for_one_environment_or_for_all_of_a_pattern() -> None:
    waiver = "{{policy: p, reason: r, owner: o, expires: 2030-01-31, environments: ['{}']}}"
    before = "waivers:\n" + "".join(f"- {waiver.format(each)}\n" for each in ("eu-web", "{cluster}-{app}"))
    found = parsed(PATTERN, of_folders(*FOLDERS), before)
    assert [len(each.waivers) for each in found.environments] == [1, 2, 1]


WRONG = {
    "no pattern": (('"{cluster}-{app}"', '"{Cluster}-{app}"'), '3: "{Cluster}-{app}" is no pattern of environments'),
    "a variable of the name alone": (
        ("/{app}", ""), '4: "clusters/{cluster}" does not say where {app} is'
    ),
    "a variable of the path alone": (
        ("-{app}\"", '-x"'), '3: "{cluster}-x" does not name {app}, so two folders could have one name'
    ),
    "a variable twice": (
        ("{app}\"}", '{app}/{app}"}'),
        '4: "clusters/{cluster}/{app}/{app}" has a variable twice, or two of them in one folder\'s name',
    ),
    "two variables in one name": (
        ("{cluster}/{app}", "{cluster}-{app}"),
        '4: "clusters/{cluster}-{app}" has a variable twice, or two of them in one folder\'s name',
    ),
    "another variable": (('scope: "{app}"', 'scope: "{apps}"'), '3: "{apps}": there is no {apps} in the path'),
    "another variable in a list": (
        ("apply: never", 'apply: never\n    after: ["{region}-{app}"]'),
        '3: "{region}-{app}": there is no {region} in the path',
    ),
    "no shortest form": (
        ('{app}"}', '{app}/"}'), '4: path "clusters/{cluster}/{app}/" is not in its shortest form'
    ),
    "no folder": (
        ("clusters/", "cluster/"), '4: no folder of the repository is "cluster/{cluster}/{app}"'
    ),
    "a name that is none": (
        ("clusters/{cluster}/{app}", "odd/{cluster}/{app}"),
        '3: the folder "odd/eu/Web" would be the environment "eu-Web", which is no name',
    ),
    "an order that leads nowhere": (
        ("apply: never", 'apply: never\n    after: ["canary-{app}"]'),
        '8: "eu-api.after": there is no environment "canary-api" (and 2 more of this pattern)',
    ),
    "one target": (
        ('    scope: "{app}"\n', ""), '5: "eu-api" and "eu-web" have the same target and scope'
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_pattern_is_said_at_its_place(change: tuple[str, str], message: str) -> None:
    assert refused(PATTERN.replace(*change, 1), of_folders(*FOLDERS, "odd/eu/Web")) == [message]


def test_two_folders_cannot_be_one_environment() -> None:
    both = 'would both be the environment "eu-a-b"'
    other = PATTERN.replace("cluster}", "region}").replace("clusters/", "regions/")
    for text, line, folders in (
        (PATTERN, 3, ("clusters/eu/a-b", "clusters/eu-a/b")),
        (PATTERN + other, 8, ("clusters/eu/a-b", "regions/eu/a-b")),
    ):
        (message,) = refused(text, of_folders(*folders))
        assert message == f'{line}: the folders "{min(folders)}" and "{max(folders)}" {both}'


def test_an_environment_does_not_come_after_a_pattern() -> None:
    named = "  last: {source: {path: last}, target: last, apply: never, after: ['{cluster}-{app}']}\n"
    assert refused(PATTERN + named, of_folders(*FOLDERS)) == [
        '8: "last.after": there is no environment "{cluster}-{app}"'
    ]


def test_nothing_is_said_of_an_order_while_a_pattern_is_broken() -> None:
    named = "  last: {source: {path: last}, target: last, apply: never, after: [eu-web]}\n"
    (message,) = refused(PATTERN.replace("apply: never", "apply: always", 1) + named, of_folders(*FOLDERS))
    assert '"{cluster}-{app}.apply" must be' in message


def test_a_thousand_folders_are_read_and_no_more() -> None:
    folders = [f"clusters/eu/app-{number}" for number in range(1001)]
    assert len(parsed(PATTERN, of_folders(*folders[1:])).environments) == 1000
    (message,) = refused(PATTERN, of_folders(*folders))
    assert message == '4: "clusters/{cluster}/{app}" matches 1,001 folders; at most 1,000 are read'


PART = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6)


@given(st.sets(st.tuples(PART, PART), max_size=5))
def test_whatever_folders_there_are_each_is_an_environment_or_said_or_left_out(folders: set[tuple[str, str]]) -> None:
    files = of_folders("clusters/eu/web", *(f"clusters/{a}/{b}" for a, b in folders))
    meant = {pair for pair in {*folders, ("eu", "web")} if not any(part.startswith((".", "_")) for part in pair)}
    try:
        found = parsed(PATTERN, files)
    except ConfigurationError as error:
        assert all(each.message.isprintable() for each in error.findings)
        assert any(not part.islower() or not part.isalnum() or not part.isascii() for pair in meant for part in pair)
    else:
        assert len(found.environments) == len(meant)
