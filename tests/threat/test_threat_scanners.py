"""Policies, own checks and scanners see secrets, and tell none of them; nor do they reach anything outside."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Literal

import pytest

from bot.check import Check
from bot.check.leaks import Leaks
from bot.check.own import OwnChecks
from bot.check.rego import Rego
from bot.document import load_documents
from bot.flow.evaluate import InProcess
from bot.jail.confine import missing
from bot.jail.run import mechanisms
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.render.manifests import resources_of
from tests.support.jails import JAIL
from tests.support.programs import program
from tests.support.trees import tree

CANARY = "ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData:\n  token: {CANARY}\n"
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="prod"), target="t", apply="on-merge", policies=("policies",),
)  # fmt: skip
TELLTALE = """package main

token := input.stringData.token

deny contains sprintf("%v %v", [token, base64.encode(token)]) if input.kind == "Secret"

warn contains {"msg": upper(input.stringData.token), "fix": substring(input.stringData.token, 3, 20)} if true

violation_conflict contains msg if {
  msg := concat("", [s | some s in split(input.stringData.token, "")])
}
"""
GOSSIP = """
import os, sys

class check:
    name = "gossip"

    def run(resources):
        value = resources[0]["stringData"]["token"]
        print(value)
        print(value, file=sys.stderr)
        if "die" in resources[0]["metadata"].get("labels", {}):
            raise ValueError(value)
        return [{"message": f"{value} {dict(os.environ)}", "rule": value, "fix": value, "resource": 0}]
"""


def examined(policy: str = TELLTALE, manifest: str = SECRET) -> Examined:
    """A Secret, the file it is in, and a policy."""
    (document,) = load_documents(manifest.encode())
    resources = tuple(resources_of("prod/a.yaml", document.value, document.line, document.locate))
    assert all(isinstance(each, Resource) for each in resources)
    files, policies = tree({"prod/a.yaml": manifest}), tree({"policies/a.rego": policy})
    return Examined(environment=ENVIRONMENT, resources=resources, files=files, policies=policies)  # type: ignore[arg-type]


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], OwnChecks]:
    """The operator's checks with one of the name `gossip`."""

    def make(code: str) -> OwnChecks:
        (tmp_path / "gossip.py").write_text(dedent(code))
        (tmp_path / "gossip-1.dist-info").mkdir()
        (tmp_path / "gossip-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: gossip\nVersion: 1\n")
        entry = "[tidegate.checks]\ngossip = gossip:check\n"
        (tmp_path / "gossip-1.dist-info/entry_points.txt").write_text(entry)
        return OwnChecks(JAIL, paths=[str(tmp_path)])

    return make


def rego() -> Rego:
    return Rego(JAIL, (str(program("conftest")),))


def told(found: list[Finding], out: str) -> str:
    """All that anybody could read of it."""
    return "\n".join(map(repr, found)) + out


def pieces(text: str) -> list[str]:
    """Pieces of the canary of six signs and more that are in the text."""
    forms = (CANARY.lower(), base64.b64encode(CANARY.encode()).decode().lower())
    return [form[n : n + 6] for form in forms for n in range(len(form) - 5) if form[n : n + 6] in text.lower()]


async def test_row_52_a_policy_that_quotes_a_secret_is_masked(capfd: pytest.CaptureFixture[str]) -> None:
    found = list(await rego().run(examined()))
    assert len(found) == 3
    assert pieces(told(found, "".join(capfd.readouterr()))) == []


async def test_row_52_a_policy_that_breaks_on_a_secret_does_not_quote_it(capfd: pytest.CaptureFixture[str]) -> None:
    conflict = "package main\nf(x) := x\nf(x) := 1 if x != 1\ndeny contains msg if msg := f(input.stringData.token)\n"
    found = list(await rego().run(examined(conflict)))
    assert [each.level for each in found] == ["unknown"]
    assert pieces(told(found, "".join(capfd.readouterr()))) == []


@pytest.mark.parametrize("manifest", [SECRET, SECRET.replace("{name: db}", "{name: db, labels: {die: x}}")])
async def test_row_56_no_check_tells_a_canary(
    own: Callable[[str], OwnChecks], manifest: str, capfd: pytest.CaptureFixture[str]
) -> None:
    checks: list[Check] = [Leaks(), rego(), own(GOSSIP)]
    found = [each for check in checks for each in await check.run(examined(TELLTALE, manifest))]
    assert {each.check for each in found} == {"leaks", "rego", "own"}
    assert pieces(told(found, "".join(capfd.readouterr()))) == []


QUOTES = """
class check:
    name = "gossip"

    def run(resources):
        said = f"must not be {resources[0]['data']['token']}"
        return [{"message": said, "rule": "x", "fix": said, "resource": 0}]
"""


@pytest.mark.parametrize("levels", [{}, {"leaks": "off"}])
async def test_row_52_what_a_scanner_finds_in_another_object_is_quoted_by_no_check(
    own: Callable[[str], OwnChecks], levels: dict[str, Literal["off"]]
) -> None:
    given = examined(manifest=SECRET.replace("Secret", "ConfigMap").replace("stringData", "data"))
    given = replace(given, environment=replace(ENVIRONMENT, policy_levels=levels))
    found = await InProcess((), (Leaks(), own(QUOTES))).check(ENVIRONMENT.id.repository, given)
    assert [(each.check, each.message, each.fix) for each in found if each.check == "own"] == [
        ("own", "ConfigMap db: must not be (secret)", "must not be (secret)")
    ]
    assert pieces(told(list(found), "")) == []


async def test_row_52_what_only_a_file_tells_to_be_a_secret_is_quoted_by_no_check(
    own: Callable[[str], OwnChecks],
) -> None:
    key = "3f2a9c1e-7b4d-4c8e-9a1f-5d6e7f8a9b0c"
    body = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: db}}\ndata: {{token: {key}}}\n"
    manifest = f"# HEROKU_API_KEY={key}\n{body}"
    found = await InProcess((), (Leaks(), own(QUOTES))).check(ENVIRONMENT.id.repository, examined(manifest=manifest))
    assert {each.check for each in found} == {"leaks", "own"}
    assert not any(piece in told(list(found), "") for piece in key.split("-"))


async def test_row_54_neither_a_policy_nor_a_check_sees_the_servers_environment(
    own: Callable[[str], OwnChecks], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEGATE_FORGES__GITHUB__TOKEN", "environment-canary")
    runtime = "package main\ndeny contains msg if msg := sprintf(`%v`, [opa.runtime().env])\n"
    found = [*await rego().run(examined(runtime)), *await own(GOSSIP).run(examined())]
    assert [(each.check, each.level) for each in found] == [("rego", "unknown"), ("own", "error")]
    assert "environment-canary" not in repr(found)


async def test_row_66_a_policy_reaches_no_network() -> None:
    call = 'http.send({"method": "get", "url": "http://169.254.169.254/"})'
    (found,) = await rego().run(examined(f"package main\ndeny contains `x` if {call}.status_code != 200\n"))
    assert (found.level, "undefined function http.send" in found.message) == ("unknown", True)


async def test_row_14_a_policy_of_the_change_itself_does_not_count() -> None:
    given = examined("package main\ndeny contains `from the base` if true\n")
    head = tree({"prod/a.yaml": SECRET, "policies/a.rego": "package main\n"})
    (found,) = await rego().run(replace(given, files=head))
    assert found.message == "Secret db: from the base"


@pytest.mark.skipif(bool(missing(mechanisms().landlock, mechanisms().seccomp)), reason="this kernel jails nothing")
@pytest.mark.parametrize(
    "deed", ["__import__('socket').socket()", "open('/etc/passwd').read()", "open('/proc/1/environ').read()"]
)
async def test_rows_54_and_66_an_own_check_reaches_nothing(own: Callable[[str], OwnChecks], deed: str) -> None:
    (found,) = await own(f"class check:\n    name = 'gossip'\n    def run(resources): {deed}\n").run(examined())
    assert (found.level, "broke (PermissionError" in found.message) == ("unknown", True)
