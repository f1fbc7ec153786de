"""The check `rego`: real conftest and real opa say the same; what they cannot evaluate is never a pass."""

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.check.rego import Rego
from bot.check.rego.gather import gather, is_old
from bot.errors import TreeError
from bot.jail import Limits
from bot.model.environment import Environment, Waiver
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.model.tree import Tree
from tests.support.jails import JAIL, Watched
from tests.support.programs import program
from tests.support.trees import tree

Manifests = Callable[[str], list[Resource]]

OBJECTS = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template: {spec: {containers: [{name: web, image: "nginx:latest"}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: excused}
"""
MAIN = """package main

deny contains msg if {
  some container in input.spec.template.spec.containers
  endswith(container.image, ":latest")
  msg := sprintf("%v uses latest", [container.name])
}

violation_replicas contains {"msg": "too few replicas", "fix": "set replicas to 2"} if input.spec.replicas < 2

warn contains "services are watched" if input.kind == "Service"

deny_named contains "no such name" if input.metadata.name == data.limits.forbidden[_]

exception contains ["named"] if input.metadata.name == "excused"
"""
LATER = date(2099, 1, 1)


@pytest.fixture(params=["conftest", "opa"])
def rego(request: pytest.FixtureRequest) -> Rego:
    """The check with one of the real programs."""
    return Rego(JAIL, (str(program(request.param)),))


@pytest.fixture
def examined(manifests: Manifests, environment: Environment) -> Callable[..., Examined]:
    """An environment with policies in `policies/`, and objects."""

    def make(files: dict[str, str], objects: str = OBJECTS, **changes: Any) -> Examined:
        named = replace(environment, policies=("policies", "builtin:no-latest-tag"), **changes)
        return Examined(environment=named, resources=tuple(manifests(objects)), policies=tree(files))

    return make


def told(found: Finding) -> tuple[str, str, str, int]:
    return (found.level, found.rule, found.message, found.line)


async def test_conftests_conventions(rego: Rego, examined: Callable[..., Examined]) -> None:
    files = {
        "policies/main.rego": MAIN,
        "policies/team/more.rego": "package team.web\n\ndeny contains `unnamed` if not input.metadata.labels\n",
        "policies/main_test.rego": "package main\ntest_it if { data.nonesuch.function(1) }\n",
        "policies/data/limits/names.yaml": "forbidden: [web, excused]\n",
        "elsewhere/other.rego": "package main\ndeny contains `not one of ours`\n",
    }
    found = await rego.run(examined(files))
    assert [told(each) for each in found] == [
        ("error", "main.deny", "Deployment web: web uses latest", 1),
        ("error", "main.deny_named", "Deployment web: no such name", 1),
        ("error", "main.violation_replicas", "Deployment web: too few replicas", 1),
        ("error", "team.web.deny", "Deployment web: unnamed", 1),
        ("error", "main.deny_named", "Service web: no such name", 8),
        ("warning", "main.warn", "Service web: services are watched", 8),
        ("error", "team.web.deny", "Service web: unnamed", 8),
        ("error", "team.web.deny", "ConfigMap excused: unnamed", 12),
    ]
    assert {each.path for each in found} == {"app.yaml"}
    assert found[2].fix == "set replicas to 2"


async def test_levels_and_waivers_count(rego: Rego, examined: Callable[..., Examined]) -> None:
    waiver = Waiver(policy="main.deny", reason="it moves", owner="ana", expires=LATER, objects=("Deployment/*",))
    levels = {"main.warn": "error", "main.violation_replicas": "off", "main.deny_named": "warning"}
    given = examined({"policies/main.rego": MAIN}, policy_levels=levels, waivers=(waiver,))
    found = {each.rule: each for each in await rego.run(given)}
    assert set(found) == {"main.deny", "main.warn"}
    assert (found["main.warn"].level, found["main.deny"].level) == ("error", "notice")
    assert found["main.deny"].waived == "by ana until 2099-01-01: it moves"


async def test_rego_of_before_opa_1_is_read_as_such(rego: Rego, examined: Callable[..., Examined]) -> None:
    old = 'package main\nimport future.keywords.in\ndeny[msg] {\n  input.kind in ["Service"]\n  msg := "old"\n}\n'
    assert [each.message for each in await rego.run(examined({"policies/a.rego": old}))] == ["Service web: old"]


@pytest.mark.parametrize(
    "call",
    ['http.send({"url": "http://127.0.0.1/", "method": "get"})', "opa.runtime()", 'net.lookup_ip_addr("localhost")'],
)
async def test_no_policy_reaches_out(rego: Rego, examined: Callable[..., Examined], call: str) -> None:
    policy = f"package main\n\ndeny contains `x` if {{\n  {call}\n}}\n"
    (found,) = await rego.run(examined({"policies/a.rego": policy}))
    assert (found.level, found.path, found.line) == ("unknown", "policies/a.rego", 4)
    assert f"undefined function {call.partition('(')[0]}" in found.message


async def test_a_policy_that_does_not_compile_is_unknown(rego: Rego, examined: Callable[..., Examined]) -> None:
    files = {"policies/a.rego": MAIN, "policies/b.rego": "package main\n\ndeny contains msg if {\n"}
    (found,) = await rego.run(examined(files))
    assert (found.level, found.path) == ("unknown", "policies/b.rego")
    assert "rego_parse_error" in found.message
    assert "/tmp" not in repr(found)


async def test_a_conflict_at_evaluation_is_unknown(rego: Rego, examined: Callable[..., Examined]) -> None:
    policy = "package main\nf(x) := 1\nf(x) := 2 if input.kind\ndeny contains `q` if f(1) == 2\n"
    (found,) = await rego.run(examined({"policies/a.rego": policy}))
    assert (found.level, found.path) == ("unknown", "policies/a.rego")
    assert "eval_conflict_error" in found.message


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("to_number(input.stringData.most) > 5", 'to_number: strconv.ParseFloat: parsing "(secret)": invalid syntax'),
        ("upper(input.number) == `X`", "upper: operand 1 must be string but got number"),
    ],
)
async def test_a_function_that_fails_is_unknown(
    rego: Rego, examined: Callable[..., Examined], call: str, said: str
) -> None:
    odd = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {most: 9-horses}\nnumber: 1\n"
    files = {"policies/a.rego": f"package main\n\ndeny contains `too many` if {call}\n"}
    assert await rego.run(examined(files)) == []
    (found,) = await rego.run(examined(files, odd))
    assert (found.level, found.path, found.line) == ("unknown", "policies/a.rego", 3)
    assert said in found.message


async def test_what_no_verdict_needs_is_not_evaluated(rego: Rego, examined: Callable[..., Examined]) -> None:
    policy = """package main
most := to_number(input.metadata.name)
deny contains "too many" if { input.kind == "Service"; input.metadata.name != "web"; most > 5 }
"""
    assert await rego.run(examined({"policies/a.rego": policy})) == []


async def test_a_package_of_functions_that_speaks_of_verdicts_has_none(
    rego: Rego, examined: Callable[..., Examined]
) -> None:
    policy = "package main\ndeny contains `no` if data.lib.is_service(input)\n"
    lib = "package lib\n# for deny rules\nis_service(object) if object.kind == `Service`\n"
    (found,) = await rego.run(examined({"policies/a.rego": policy, "policies/lib.rego": lib}))
    assert found.message == "Service web: no"


@pytest.mark.parametrize(
    "head", ["deny := `text` if", "deny[`key`] := `value` if", "warn contains 5 if", "deny contains ` ` if"]
)
async def test_a_verdict_of_no_use_is_unknown(rego: Rego, examined: Callable[..., Examined], head: str) -> None:
    found = await rego.run(examined({"policies/a.rego": f'package main\n{head} input.kind == "Service"\n'}))
    assert {each.level for each in found} == {"unknown"}


@pytest.mark.parametrize("exception", ["5", "`named`", "[`named`]", "{`named`: [`named`]}"])
async def test_what_is_no_set_of_names_excepts_nothing(
    rego: Rego, examined: Callable[..., Examined], exception: str
) -> None:
    policy = f'package main\ndeny_named contains {{"msg": "no", "fix": 5}} if input\nexception := {exception}\n'
    found = await rego.run(examined({"policies/a.rego": policy}))
    assert [(each.level, bool(each.fix)) for each in found] == [("error", True)] * 3


async def test_a_policy_that_quotes_a_secret_does_not_tell_it(rego: Rego, examined: Callable[..., Examined]) -> None:
    policy = """package main
secret := input.data.a
deny contains sprintf("weak: %v %v %v", [secret, base64.decode(secret), substring(input.stringData.b, 0, 9)])
"""
    values = "data: {a: Y29ycmVjdC1ob3JzZQ==}\nstringData: {b: hunter2-hunter2}\n"
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{values}"
    (found,) = await rego.run(examined({"policies/a.rego": policy}, secret))
    assert found.message == "Secret s: weak: (secret) (secret) (secret)"


async def test_a_machine_without_a_program_is_unknown(examined: Callable[..., Examined]) -> None:
    (found,) = await Rego(JAIL, ("nonesuch",)).run(examined({"policies/a.rego": MAIN}))
    assert (found.level, "no conftest" in found.message) == ("unknown", True)


async def test_a_program_that_is_installed_or_replaced_meanwhile_is_found(
    tmp_path: Path, examined: Callable[..., Examined]
) -> None:
    rego, given = Rego(JAIL, (str(tmp_path / "tool"),)), examined({"policies/a.rego": MAIN})
    assert [each.level for each in await rego.run(given)] == ["unknown"]
    for each in ("conftest", "opa"):
        (tmp_path / "new").symlink_to(program(each))
        (tmp_path / "new").rename(tmp_path / "tool")
        assert len(await rego.run(given)) == 3


async def test_no_policies_need_no_program(examined: Callable[..., Examined]) -> None:
    rego = Rego(JAIL, ("nonesuch",))
    assert await rego.run(examined({"policies/vap.yaml": "kind: ValidatingAdmissionPolicy\n"})) == []
    assert await rego.run(replace(examined({"policies/a.rego": MAIN}), policies=None)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("kill -9 $$", "was stopped: it was killed"),
        ("echo '[]'", "did not answer for every object and namespace"),
        ("echo hello", "is not its usual answer"),
        ("echo '{}'", "is not its usual answer"),
        ("echo '[1]'", "is not its usual answer"),
        ('echo \'[{"failures": [{"metadata": 1}]}]\'', "is not its usual answer"),
        ("exit 3", "gave no reason"),
        ("while :; do :; done", "did not finish within 1 s"),
    ],
)
async def test_a_program_that_fails_is_unknown(
    tmp_path: Path, examined: Callable[..., Examined], body: str, said: str
) -> None:
    script = tmp_path / "conftest"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    rego = Rego(JAIL, (str(script),), Limits(seconds=1))
    (found,) = await rego.run(examined({"policies/a.rego": MAIN}))
    assert (found.level, said in found.message) == ("unknown", True)
    assert str(tmp_path) not in repr(found)


async def test_it_runs_one_program_for_all_objects(examined: Callable[..., Examined]) -> None:
    jail = Watched()
    found = await Rego(jail, (str(program("conftest")),)).run(examined({"policies/a.rego": MAIN}))
    assert len(found) == 3
    (job,) = jail.jobs
    assert set(job.environment) == {"HOME"}
    assert job.inputs == (job.folder,)


async def test_rules_that_nobody_asks_for_are_a_notice(rego: Rego, examined: Callable[..., Examined]) -> None:
    files = {"policies/a.rego": "package main\nrefuse contains `no` if input\n"}
    (found,) = await rego.run(examined(files))
    assert (found.level, found.path, found.line) == ("notice", "policies/a.rego", 1)
    assert "no Rego rule is called deny" in found.message


def test_a_link_among_policies_is_refused(environment: Environment) -> None:
    given = tree({"policies/a.rego": MAIN})
    link = replace(given.entries["policies/a.rego"], mode="120000")
    with pytest.raises(TreeError, match="symbolic link"):
        gather(replace(environment, policies=("policies",)), replace(given, entries={link.path: link}))


@pytest.mark.parametrize("name", ["../../../x.json", "./x.json", "a\nb.json", "a\\b.json"])
def test_data_of_a_name_that_leads_elsewhere_is_refused(environment: Environment, name: str) -> None:
    given = tree({"policies/a.rego": MAIN, f"policies/data/{name}": "{}"})
    with pytest.raises(TreeError, match="has a name that cannot be used"):
        gather(replace(environment, policies=("policies",)), given)


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("deny[msg] {\n", True),
        ("allow {\n", True),
        ("f(x) = y {\n", True),
        ("default x = {}\n", False),
        ("limits := {\n", False),
        ("deny contains msg if {\n", False),
        ("allow if {\n", False),
        ("f(x) := y if {\n", False),
        ("deny contains {\n", False),
        ("  deny[msg] {\n", False),
    ],
)
def test_old_rego_is_told_by_its_heads(text: str, old: bool) -> None:
    assert is_old(text) is old


@pytest.mark.parametrize(
    "start",
    ["\ufeffpackage main", "package\nmain", "package # ours\n  main", "# a\x0cb\npackage main",
     "# a\x85b\npackage main", "\n\tpackage  main  # ours", "package a[`b`]", 'package a["b\\"c"]'],
)  # fmt: skip
async def test_a_package_is_asked_wherever_rego_lets_it_stand(
    rego: Rego, examined: Callable[..., Examined], start: str
) -> None:
    text = f"{start}\ndeny contains `no` if input.kind == `Service`\n"
    (found,) = await rego.run(examined({"policies/a.rego": text}))
    assert (found.level, found.message) == ("error", "Service web: no")


async def test_a_package_that_cannot_be_told_is_unknown(rego: Rego, examined: Callable[..., Examined]) -> None:
    (found,) = await rego.run(examined({"policies/a.rego": "package é\ndeny contains `no`\n"}))
    assert found.level == "unknown"
    assert "policies/a.rego does not begin with a package that can be told" in found.message


def test_a_folder_of_the_repositorys_root_is_one_too(environment: Environment) -> None:
    bundle = gather(replace(environment, policies=(".",)), tree({"a.rego": MAIN, "data/x.json": "{}"}))
    assert [each.path for each in bundle.modules] == ["a.rego"]
    assert [(each.root, each.below) for each in bundle.data] == [("data", "x.json")]


def test_nothing_is_loaded_but_files(environment: Environment) -> None:
    assert gather(environment, Tree(revision=tree({}).revision, entries={})).modules == ()


def test_policies_are_given_all_objects_together(environment: Environment) -> None:
    given = {each: Rego(JAIL).apart(replace(environment, policies=each)) for each in ((), ("builtin:a",), ("a",))}
    assert given == {(): True, ("builtin:a",): True, ("a",): False}
