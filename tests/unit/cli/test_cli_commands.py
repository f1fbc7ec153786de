"""The program as a person types it: exit codes, help, errors that say what to do next."""

import json
import subprocess
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from bot.cli.plan import status
from bot.model.environment import Environment, Source
from bot.model.finding import Finding
from bot.model.gate import Assessment, Comparison
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.resource import Desired
from tests.support.commits import committed, git
from tests.support.typed import tidegate


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The sample, committed."""
    with resources.as_file(resources.files("bot.cli.demo").joinpath("sample")) as sample:
        subprocess.run(["cp", "-r", f"{sample}/.", str(tmp_path)], check=True)
    return committed(tmp_path)


def edit(repository: Path, path: str, old: str, new: str) -> None:
    file = repository / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_plan_of_an_unchanged_working_tree_is_0(repository: Path) -> None:
    done = tidegate("plan", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert "r1:" in done.stdout
    assert "\x1b" not in done.stdout


def test_plan_of_a_change_is_2_in_every_form(repository: Path) -> None:
    edit(repository, "envs/prod/web.yaml", "replicas: 4", "replicas: 5")
    text = tidegate("plan", cwd=repository)
    assert text.returncode == 2
    assert "+  replicas: 5" in text.stdout
    markdown = tidegate("plan", "--format", "markdown", "-e", "prod", cwd=repository)
    assert markdown.returncode == 2
    assert "```diff" in markdown.stdout
    found = tidegate("plan", "--json", cwd=repository)
    assert found.returncode == 2
    environments = {each["name"]: each for each in json.loads(found.stdout)["environments"]}
    assert [each["action"] for each in environments["prod"]["changes"]] == ["update"]
    assert environments["prod"]["digest"].startswith("r1:")


def test_plan_says_which_environments_are_taken_out(repository: Path) -> None:
    file = repository / "tidegate.yaml"
    file.write_text(file.read_text().partition("  prod:\n")[0])
    done = tidegate("plan", cwd=repository)
    assert done.returncode == 2
    assert done.stdout.startswith(
        "⚠ prod leaves tidegate.yaml\n  No longer described by tidegate.yaml: prod. After the merge"
    )
    assert json.loads(tidegate("plan", "--json", cwd=repository).stdout)["leaving"] == ["prod"]
    assert "### ⚠ prod leaves" in tidegate("plan", "-f", "markdown", cwd=repository).stdout
    assert tidegate("plan", "-e", "dev", cwd=repository).returncode == 0
    (repository / "envs/dev/web.yaml").write_text("a: [\n")
    assert tidegate("plan", cwd=repository).returncode == 1


def test_plan_says_what_is_described_differently(repository: Path) -> None:
    file = repository / "tidegate.yaml"
    file.write_text(file.read_text().replace("drift: revert", "drift: report") + "prefix: /t\n")
    done = tidegate("plan", cwd=repository)
    assert (done.returncode, done.stdout.split("\n")[:3]) == (2, [
        "⚙ dev, staging, prod are described differently",
        "  After the merge tidegate.yaml has prefix: /gate → /t",
        "  After the merge dev, staging, prod have drift: revert → report",
    ])  # fmt: skip
    one = tidegate("plan", "-e", "prod", "--json", cwd=repository)
    settings = [{"key": "drift", "before": "revert", "after": "report"}]
    assert json.loads(one.stdout)["described"] == [{"environments": ["prod"], "settings": settings}]
    assert "`drift`: revert → report" in tidegate("plan", "-f", "markdown", cwd=repository).stdout


def test_plan_of_a_first_configuration_compares_with_nothing(repository: Path) -> None:
    text = (repository / "tidegate.yaml").read_text()
    git(repository, "rm", "-q", "tidegate.yaml")
    git(repository, "commit", "-qm", "none")
    for arguments, said in (([], "`tidegate init` writes a first one"), (["nowhere"], "name a branch, a tag")):
        done = tidegate("plan", *arguments, cwd=repository)
        assert (done.returncode, done.stdout, said in done.stderr) == (1, "", True)
    (repository / "tidegate.yaml").write_text(f"prefix: /ops\n{text}")
    done = tidegate("plan", "--json", cwd=repository)
    assert done.returncode == 2
    environments = json.loads(done.stdout)["environments"]
    assert "/ops approve prod" in next(each["verdict"]["next"] for each in environments if each["name"] == "prod")


def test_plan_of_two_revisions(repository: Path) -> None:
    edit(repository, "envs/dev/web.yaml", "replicas: 1", "replicas: 2")
    git(repository, "commit", "-qam", "second")
    assert tidegate("plan", "HEAD~1", "HEAD", cwd=repository).returncode == 2
    assert tidegate("plan", "HEAD", "HEAD", cwd=repository).returncode == 0


def test_plan_of_an_error_is_1_and_says_where(repository: Path) -> None:
    edit(repository, "envs/prod/web.yaml", "replicas: 4", "replicas: four")
    done = tidegate("plan", cwd=repository)
    assert done.returncode == 1
    assert "envs/prod/web.yaml:7" in done.stdout


def test_plan_of_what_does_not_render_is_1_and_of_the_rest_is_not(repository: Path) -> None:
    (repository / "envs/prod/web.yaml").write_text("a: [\n")
    assert [tidegate("plan", "-e", name, cwd=repository).returncode for name in ("prod", "dev")] == [1, 0]


@pytest.mark.parametrize(("level", "expected"), [("error", 1), ("unknown", 1), ("warning", 0), ("notice", 0)])
def test_what_could_not_be_evaluated_is_no_success(level: Any, expected: int) -> None:
    id = EnvironmentId(repository=RepositoryId(forge="local", number=0, path="r"), name="dev")
    environment = Environment(id=id, source=Source(path="dev"), target="dev", apply="never")
    head = Desired(
        environment=id,
        revision=Sha("0" * 40),
        destination="",
        scope="",
        resources=(),
        objects={},
        digest=Digest("r1:x"),
    )
    found = Finding(check="policies", level=level, message="m", fix="f")
    well = Assessment(environment=environment, base=None, head=head, plan=None)
    assert status(Comparison(assessments=(well, replace(well, findings=(found,))))) == expected
    assert status(Comparison(assessments=(well, replace(well, head=None)))) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "HEAD", "nowhere"], "there is no commit 'nowhere'; name a branch, a tag or a commit"),
        (["plan", "prod"], "there is no commit 'prod'; for the environment of that name type `tidegate plan -e prod`"),
        (["plan", "v1...v2"], "two revisions are two arguments: `tidegate plan v1 v2`"),
        (["plan", "main.."], "two revisions are two arguments: `tidegate plan main`"),
        (["check", "\udcff"], "error: \\udcff: git knows no such file"),
        (["plan", "--upload-pack=x"], "No such option"),
        (["plan", "-e", "qa"], "there is no environment 'qa'; there are dev, prod, staging"),
        (["plan", "-e", "prdo"], "there is no environment 'prdo'; did you mean 'prod'?"),
        (["check", "-e", "prdo"], "there is no environment 'prdo'; did you mean 'prod'?"),
        (["plan", "--format", "xml"], "none of text, markdown, json"),
        (["plan", "a", "b", "c"], " plan --help`."),
        (["plan", "--repo", "/nowhere"], "there is no such folder"),
        (["plna"], "Did you mean 'plan'?"),
        (["serve"], "there is no such file; write one or name it with --config FILE"),
        (["config", "check"], "there is no such file"),
    ],
)
def test_what_goes_wrong_is_1_in_one_clear_line(repository: Path, arguments: list[str], said: str) -> None:
    done = tidegate(*arguments, cwd=repository)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_config_check_reads_the_definitions_that_the_server_would_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "secret").write_text("s" * 32)
    target = {"kind": "directory", "path": "prod", "kubernetes": {"crds": "nowhere"}}
    forge = {"kind": "github", "token_file": "token", "webhook_secret_file": "secret"}
    settings = {"forges": {"github": forge}, "targets": {"prod": target}, "repositories": []}
    (tmp_path / "server.yaml").write_text(json.dumps(settings))
    done = tidegate("config", "check", cwd=tmp_path)
    assert done.returncode == 1
    assert "nowhere: holds no CustomResourceDefinition" in done.stderr


def test_plan_before_the_first_commit_says_what_to_do(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    done = tidegate("plan", cwd=tmp_path)
    assert done.returncode == 1
    assert "nothing is committed yet: commit first, or look with `tidegate check`" in done.stderr


@pytest.mark.parametrize("command", ["plan", "render"])
def test_a_mistake_in_the_configuration_says_where(repository: Path, command: str) -> None:
    edit(repository, "tidegate.yaml", "drift: revert", "drifft: revert")
    done = tidegate(command, cwd=repository)
    assert done.returncode == 1
    assert 'tidegate.yaml:8:5: unknown key "drifft"; did you mean "drift"?' in done.stderr


def test_a_mistake_in_the_configuration_of_the_base_is_said_to_be_there(repository: Path) -> None:
    edit(repository, "tidegate.yaml", "drift: revert", "drifft: revert")
    git(repository, "commit", "-qam", "second")
    edit(repository, "tidegate.yaml", "drifft: revert", "drift: revert")
    done = tidegate("plan", cwd=repository)
    assert done.returncode == 1
    assert done.stderr.startswith('error: tidegate.yaml of HEAD cannot be used (line 8: unknown key "drifft"')
    assert tidegate("plan", "HEAD~1", cwd=repository).returncode == 0


@pytest.mark.parametrize("of", [[], ["config"], ["plan"], ["check"]])
def test_help_is_whole(tmp_path: Path, of: list[str]) -> None:
    text = tidegate(*of, "--help", cwd=tmp_path).stdout
    assert not any(line.endswith("...") for line in text.splitlines() if not line.startswith("Usage:"))
    assert "[[" not in text


@pytest.mark.parametrize("of", [[], ["config"]])
def test_nothing_typed_is_answered_with_the_help(tmp_path: Path, of: list[str]) -> None:
    done = tidegate(*of, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (
        1, tidegate(*of, "--help", cwd=tmp_path).stdout.strip(), "",
    )  # fmt: skip


def test_settings_are_told_or_every_mistake_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "server.yaml"
    file.write_text(
        f"public_url: https://gate.example\nforges: {{hub: {{kind: github, token: x, webhook_secret: {'s' * 32}}}}}\n"
        "targets: {prod: {kind: directory, path: /srv}}\n"
        "repositories: [{match: 'hub:a/*', targets: [prod]}, {match: 'hub:b/*', targets: []}]\n"
    )
    done = tidegate("config", "check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, *others = done.stdout.splitlines()
    assert first.startswith("server.yaml: good. Serves on ")
    assert others == [
        "forge hub: webhooks go to https://gate.example/webhook/hub",
        "target prod: directory /srv",
        "repositories hub:a/*: may deploy to prod",
        "repositories hub:b/*: may deploy to no target",
    ]
    file.write_text("forges: 5\ntargets: 5\n")
    done = tidegate("config", "check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) > 1
    assert all(each.startswith("error: ") for each in lines)


def test_help_version_and_schema(tmp_path: Path) -> None:
    assert tidegate("--help", cwd=tmp_path).returncode == 0
    assert tidegate("--version", cwd=tmp_path).stdout.startswith("tidegate 0.")
    assert json.loads(tidegate("schema", cwd=tmp_path).stdout)["title"] == "tidegate.yaml"
