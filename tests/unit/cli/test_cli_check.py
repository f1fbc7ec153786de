"""`tidegate check`, `render` and `init` as a person types them."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
import yaml

from tests.support.commits import committed, git
from tests.support.programs import program
from tests.support.typed import tidegate

ROOT = Path(__file__).resolve().parents[3]
REPOSITORIES = ROOT.parent / "shared" / "data" / "repos"
COLOUR = re.compile(r"\x1b\[[0-9;]+m")
"""What sets a colour on a terminal; the bar of a slow run moves the cursor, too."""
BAD = "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec:\n  prots: []\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The sample, committed."""
    with resources.as_file(resources.files("bot.cli.demo").joinpath("sample")) as sample:
        subprocess.run(["cp", "-r", f"{sample}/.", str(tmp_path)], check=True)
    return committed(tmp_path)


def names(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {each["name"] for each in json.loads(done.stdout)["environments"]}


def test_nothing_wrong_is_0(repository: Path) -> None:
    done = tidegate("check", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing wrong in 3 environments" in done.stdout
    assert "\x1b" not in done.stdout


def test_what_is_wrong_is_2_with_line_caret_and_fix(repository: Path) -> None:
    (repository / "envs/prod/bad.yaml").write_text(BAD)
    done = tidegate("check", cwd=repository / "envs")
    assert (done.returncode, done.stderr) == (2, "")
    assert (
        "envs/prod/bad.yaml\n  5:3 error: spec.prots of Service bad is not a field that Kubernetes knows" in done.stdout
    )
    assert "      5 │   prots: []\n        │   ^^^^^\n      fix: did you mean ports?\n" in done.stdout


def test_what_a_sparse_checkout_leaves_out_is_judged_and_not_shown(repository: Path) -> None:
    (repository / "envs/prod/bad.yaml").write_text(BAD)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "bad")
    git(repository, "update-index", "--skip-worktree", "envs/prod/bad.yaml")
    (repository / "envs/prod/bad.yaml").unlink()
    done = tidegate("check", cwd=repository)
    assert (done.returncode, done.stderr) == (2, "")
    assert "envs/prod/bad.yaml\n  5:3 error: spec.prots" in done.stdout
    assert "prots: []" not in done.stdout


@pytest.mark.parametrize(("command", "status"), [("check", 2), ("plan", 1)])
def test_a_terminal_has_colours_unless_they_are_not_wanted(repository: Path, command: str, status: int) -> None:
    (repository / "envs/prod/bad.yaml").write_text(BAD)
    command = f"{sys.executable} -m bot.cli {command}"
    for environ, coloured in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
        done = subprocess.run(
            ["script", "-qec", command, "/dev/null"], cwd=repository, capture_output=True, text=True, check=False,
            env={**os.environ, "TERM": "xterm", **environ},
        )  # fmt: skip
        assert done.returncode == status
        assert bool(COLOUR.search(done.stdout)) is coloured


def test_a_file_has_no_colours_whoever_looks(repository: Path) -> None:
    (repository / "envs/prod/bad.yaml").write_text(BAD)
    command = f"{sys.executable} -m bot.cli check -o said"
    subprocess.run(
        ["script", "-qec", command, "/dev/null"], cwd=repository, check=False, env={**os.environ, "NO_COLOR": ""}
    )
    said = (repository / "said").read_text()
    assert ("did you mean ports?" in said, "\x1b" in said) == (True, False)


def test_every_form_and_a_file(repository: Path) -> None:
    (repository / "envs/prod/bad.yaml").write_text(BAD)
    assert json.loads(tidegate("check", "--json", cwd=repository).stdout)["summary"]["errors"] == 1
    assert xml.fromstring(tidegate("check", "-f", "junit", cwd=repository).stdout).get("failures") == "1"
    assert tidegate("check", "-f", "github", cwd=repository).stdout.startswith(
        "::error file=envs/prod/bad.yaml,line=5,"
    )
    done = tidegate("check", "-f", "sarif", "-o", "found.sarif", cwd=repository)
    assert (done.returncode, done.stdout) == (2, "")
    assert "1 error in 3 environments" in done.stderr
    text = (repository / "found.sarif").read_text()
    assert (json.loads(text)["version"], text[-2:]) == ("2.1.0", "}\n")


def test_the_number_of_processes_does_not_matter_where_leaks_are_looked_for(repository: Path) -> None:
    token = "ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"
    for name, api, kind in (("a", "acme.org/v1", "Thing"), ("b", "v1", "ConfigMap"), ("c", "acme.org/v1", "Thing")):
        text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\ndata: {{token: {token}}}\n"
        (repository / f"envs/prod/{name}.yaml").write_text(text)
    one, two = (json.loads(tidegate("check", "--json", "-j", jobs, cwd=repository).stdout) for jobs in ("1", "2"))
    assert one["environments"] == two["environments"]
    (prod,) = (each for each in one["environments"] if each["name"] == "prod")
    said = [(each["path"], each["line"]) for each in prod["findings"] if each["check"] == "leaks"]
    assert said == [(f"envs/prod/{name}.yaml", 4) for name in "abc"]
    assert token not in json.dumps(one)


def test_files_outside_environments_are_validated_where_they_have_a_schema(repository: Path) -> None:
    file = repository / "tidegate.yaml"
    file.write_text(file.read_text() + "schemas: {teams/*.toml: schemas/team.json}\n")
    for folder in ("teams", "schemas"):
        (repository / folder).mkdir()
    (repository / "schemas/team.json").write_text('{"properties": {"size": {"type": "integer"}}}')
    (repository / "teams/good.toml").write_text("size = 5\n")
    (repository / "teams/bad.toml").write_text('# a team\nsize = "five"\n')

    def places(*arguments: str) -> list[tuple[str, int]]:
        found = json.loads(tidegate("check", "--json", *arguments, cwd=repository).stdout)
        return [(each["path"], each["line"]) for each in found["files"]]

    assert tidegate("check", cwd=repository).returncode == 2
    bad = [("teams/bad.toml", 2)]
    assert places() == places("teams") == places("-j", "2") == places("--changed-since", "HEAD") == bad
    assert places("-e", "prod") == places("teams/good.toml") == []
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "teams")
    assert places("--changed-since", "HEAD") == []
    (repository / "schemas/team.json").write_text('{"properties": {"size": {"type": "number"}}}')
    assert places("--changed-since", "HEAD") == bad


def test_what_is_encrypted_is_said_as_the_server_says_it(repository: Path) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}\n"
    (repository / "envs/prod/s.yaml").write_text(text)
    done = tidegate("check", cwd=repository)
    assert done.returncode == 2
    assert "envs/prod/s.yaml\n  5:1 error: Secret s is encrypted with SOPS" in done.stdout


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_secret_in_another_encoding_is_masked(repository: Path, encoding: str) -> None:
    text = "kind: Secret\nstringData:\n  password: hunter2\n  password: hunter2\n"
    (repository / "envs/prod/s.yaml").write_text(text, encoding=encoding)
    done = tidegate("check", cwd=repository)
    assert done.returncode == 2
    assert "      4 │   ‹masked›\n        │   ^^^^^^^^\n" in done.stdout
    assert "h\\x00u\\x00n" not in done.stdout


def test_what_is_only_proposed_is_said_to_be(repository: Path) -> None:
    (repository / "tidegate.yaml").unlink()
    done = tidegate("check", "--json", cwd=repository)
    assert (done.returncode, names(done)) == (0, {"dev", "staging", "prod"})
    assert done.stderr == "there is no tidegate.yaml; this is about what `tidegate init` would propose\n"


@pytest.mark.parametrize(
    ("command", "name"),
    [(each, "tidegate.yml") for each in ("check", "init", "plan", "render")]
    + [("check", each) for each in (".tidegate.yml", ".tidegate.yaml", "Tidegate.yaml")],
)
def test_a_configuration_under_another_name_is_never_passed_over(repository: Path, command: str, name: str) -> None:
    (repository / "tidegate.yaml").rename(repository / name)
    done = tidegate(command, cwd=repository)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {name} is never read; rename it to tidegate.yaml\n"


def test_warnings_fail_when_asked(repository: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n"
    (repository / "envs/prod/secret.yaml").write_text(secret)
    file = repository / "tidegate.yaml"
    found = yaml.safe_load(file.read_text())
    found["environments"]["prod"]["secrets"] = {"plain": "warning"}
    file.write_text(yaml.safe_dump(found))
    done = tidegate("check", cwd=repository)
    assert (done.returncode, "hunter2" in done.stdout) == (0, False)
    assert "1 warning" in done.stdout
    assert tidegate("check", "--level", "warning", cwd=repository).returncode == 2


def test_only_what_a_change_concerns(repository: Path) -> None:
    assert names(tidegate("check", "--changed-since", "HEAD", "--json", cwd=repository)) == set()
    (repository / "envs/prod/new.yaml").write_text(BAD)
    (repository / "README.md").write_text("x")
    assert names(tidegate("check", "--changed-since", "HEAD", "--json", cwd=repository)) == {"prod"}
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "second")
    assert names(tidegate("check", "--changed-since", "HEAD", "--json", cwd=repository)) == set()
    (repository / "envs/staging/web.yaml").unlink()
    assert names(tidegate("check", "--changed-since", "HEAD~1", "--json", cwd=repository)) == {"prod", "staging"}
    assert "2 environments left out" in tidegate("check", "--changed-since", "HEAD", cwd=repository).stdout
    assert "1 environment left out" in tidegate("check", "--changed-since", "HEAD", "-e", "dev", cwd=repository).stdout


def test_an_environment_that_is_described_otherwise_is_affected(repository: Path) -> None:
    file = repository / "tidegate.yaml"
    found = yaml.safe_load(file.read_text())
    found["environments"]["prod"]["schemas"] = {"missing": "error"}
    found["environments"]["dev"]["apply"] = "never"
    file.write_text(yaml.safe_dump(found))
    assert names(tidegate("check", "--changed-since", "HEAD", "--json", cwd=repository)) == {"prod"}


def test_only_what_reads_a_path(repository: Path) -> None:
    assert names(tidegate("check", "--json", "envs/prod", cwd=repository)) == {"prod"}
    assert names(tidegate("check", "--json", "dev/web.yaml", "prod", cwd=repository / "envs")) == {"dev", "prod"}
    assert names(tidegate("check", "--json", "-e", "dev", ".", cwd=repository)) == {"dev"}
    assert names(tidegate("check", "--json", "-e", "dev", "envs/prod", cwd=repository)) == set()
    (repository / "current").symlink_to("envs/prod")
    assert names(tidegate("check", "--json", "current", cwd=repository)) == {"prod"}
    assert names(tidegate("check", "--json", "current/../dev", cwd=repository)) == {"dev"}
    (repository / "loop").symlink_to("loop")
    assert tidegate("check", "--json", "loop", cwd=repository).returncode == 0


def test_a_first_commit_is_checked_whole(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "bad.yaml").write_text(BAD)
    done = tidegate("check", "--changed-since", "HEAD", "--json", cwd=tmp_path)
    assert (done.returncode, names(done)) == (2, {"root"})


@pytest.mark.parametrize("folder", [".", "envs"])
def test_a_configuration_that_cannot_be_used_is_a_finding(repository: Path, folder: str) -> None:
    file = repository / "tidegate.yaml"
    file.write_text(file.read_text().replace("drift: revert", "drifft: revert", 1))
    done = tidegate("check", cwd=repository / folder)
    assert done.returncode == 2
    assert 'unknown key "drifft"; did you mean "drift"?' in done.stdout
    assert "drifft: revert\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--format", "xml"], "none of text, json, sarif, junit, github"),
        (["check", "--level", "notice"], "none of error, warning"),
        (["check", "--kubernetes-version", "newest"], "write one such as 1.36"),
        (["check", "--kubernetes-version", "1.36.x"], "write one such as 1.36"),
        (["check", "--kubernetes-version", "1.20"], "--kubernetes-version '1.20' is none of 1.31, 1.32,"),
        (["check", "-e", "qa"], "there is no environment 'qa'; there are dev, prod, staging"),
        (
            ["check", "--changed-since", "nowhere"],
            "there is no commit 'nowhere'; name a branch, a tag or a commit of this clone",
        ),
        (["check", "--changed-since", "--upload-pack=x"], "there is no commit '--upload-pack=x'"),
        (["check", "nowhere"], "nowhere: git knows no such file or folder here"),
        (["check", "prod"], "for the environment of that name type `tidegate check -e prod`"),
        (["check", "/"], "is not in the repository"),
        (["check", "-j", "-1"], "is not in the range"),
        (["check", "-c", "server.yaml"], "there is no such file"),
        (["check", "-o", "no/such/folder"], "cannot be written: No such file or directory"),
        (["check", "-C", "/"], "is not in a git repository; name one with --repo DIR"),
        (["render", "-f", "xml"], "none of yaml, json"),
        (["render", "-e", "qa"], "there is no environment 'qa'"),
        (["render", "-o", "tidegate.yaml"], "tidegate.yaml/dev: cannot be written to: Not a directory"),
        (["init"], "tidegate.yaml is there already; look with --print, replace it with --force"),
    ],
)
def test_what_cannot_run_is_1_in_one_clear_line(repository: Path, arguments: list[str], said: str) -> None:
    done = tidegate(*arguments, cwd=repository)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert said in done.stderr


def test_what_is_asked_for_or_the_servers_settings_name_the_version(repository: Path) -> None:
    """FlowSchema v1beta3 is served up to Kubernetes 1.31."""
    (repository / "server.yaml").write_text(
        "forges: {}\ntargets: {prod: {kind: directory, path: x, kubernetes: {version: '1.31'}}}\nrepositories: []\n"
    )
    old = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n"
    for name in ("prod", "dev"):
        (repository / f"envs/{name}/old.yaml").write_text(old)

    def refused(*arguments: str) -> list[str]:
        found = json.loads(tidegate("check", "--json", *arguments, cwd=repository).stdout)["environments"]
        return [each["name"] for each in found if any(f["level"] == "error" for f in each["findings"])]

    assert refused() == ["dev", "prod"]
    assert refused("-c", "server.yaml") == ["dev"]
    for version, expected in (("1.31", []), ("v1.31.4", []), ("1.35", ["dev", "prod"])):
        assert refused("--kubernetes-version", version) == expected
        assert refused("--kubernetes-version", version, "-c", "server.yaml") == expected


def test_render_prints_manifests_that_can_be_read_again(repository: Path) -> None:
    done = tidegate("render", "-e", "prod", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert "# Source: envs/prod/web.yaml:1 (prod)\n" in done.stdout
    printed = list(yaml.safe_load_all(done.stdout))
    listed = json.loads(tidegate("render", "-e", "prod", "-f", "json", cwd=repository).stdout)
    assert printed == listed["items"] != []
    assert tidegate("render", "--output-dir", "out", cwd=repository).stdout == ""
    assert {each.name for each in (repository / "out").iterdir()} == {"dev", "prod", "staging"}
    saved = [yaml.safe_load(path.read_text()) for path in (repository / "out/prod").iterdir()]
    assert sorted(map(str, saved)) == sorted(map(str, printed))


def test_render_masks_secrets_unless_they_are_asked_for(repository: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n"
    (repository / "envs/dev/secret.yaml").write_text(secret)
    for form in (["-f", "yaml"], ["-f", "json"]):
        assert "hunter2" not in tidegate("render", *form, cwd=repository).stdout
        assert "hunter2" in tidegate("render", "--show-secrets", *form, cwd=repository).stdout
    tidegate("render", "-o", "out", cwd=repository)
    assert "hunter2" not in "".join(path.read_text() for path in (repository / "out/dev").iterdir())
    tidegate("render", "-o", "out", "--show-secrets", cwd=repository)
    shown = [path for path in (repository / "out/dev").iterdir() if "hunter2" in path.read_text()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in shown] == [0o600]


def test_render_tells_of_files_that_no_object_is_written_to(repository: Path) -> None:
    tidegate("render", "-o", "out", "-e", "dev", cwd=repository)
    (repository / "out/dev/old.yaml").write_text("")
    (repository / "out/dev/README.md").write_text("")
    done = tidegate("render", "-o", "out", "-e", "dev", cwd=repository)
    assert done.returncode == 0
    assert done.stderr == "note: out/dev/old.yaml: no object is written to this file; remove it if it is an old one\n"


def test_render_says_what_does_not_render_and_prints_the_rest(repository: Path) -> None:
    (repository / "envs/dev/web.yaml").write_text("a: [\n")
    done = tidegate("render", cwd=repository)
    assert done.returncode == 1
    assert "error: dev: envs/dev/web.yaml:" in done.stderr
    assert "(prod)" in done.stdout and "(dev)" not in done.stdout


@pytest.mark.skipif(not REPOSITORIES.is_dir(), reason="the repositories to test with are not there")
@pytest.mark.parametrize("name", ["podinfo", "flux2-kustomize-helm-example", "gitops-catalog"])
def test_init_writes_what_check_can_read(tmp_path: Path, name: str) -> None:
    shutil.copytree(REPOSITORIES / name, tmp_path / "r")
    git(tmp_path / "r", "init", "-q")
    printed = tidegate("init", "--print", cwd=tmp_path / "r")
    assert not (tmp_path / "r/tidegate.yaml").exists()
    done = tidegate("init", "--verbose", cwd=tmp_path / "r")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "r/tidegate.yaml").read_text() == printed.stdout
    assert "Left out" in done.stdout and "builds upon it" in done.stdout
    environments = yaml.safe_load(printed.stdout)["environments"]
    assert names(tidegate("check", "--json", cwd=tmp_path / "r")) == set(environments)
    again = tidegate("init", "--force", cwd=tmp_path / "r")
    assert (again.returncode, (tmp_path / "r/tidegate.yaml").read_text()) == (0, printed.stdout), again.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_renders_leaves_nothing_behind(tmp_path: Path, jobs: str) -> None:
    scratch = tmp_path / "scratch"
    for name in ("a", "b"):
        (tmp_path / "r" / name).mkdir(parents=True)
        (tmp_path / "r" / name / "kustomization.yaml").write_text("resources: [web.yaml]\n")
        (tmp_path / "r" / name / "web.yaml").write_text(BAD)
    scratch.mkdir()
    (tmp_path / "link").symlink_to(scratch)
    git(tmp_path / "r", "init", "-q")
    path = f"{program('kustomize').parent}:{os.environ['PATH']}"
    done = tidegate("check", "--json", "--jobs", jobs, cwd=tmp_path / "r", PATH=path, TMPDIR=str(tmp_path / "link"))
    assert [each["objects"] for each in json.loads(done.stdout)["environments"]] == [1, 1]
    assert list(scratch.iterdir()) == []


def test_the_hook_runs(repository: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    name, *arguments = hook["entry"].split()
    assert name == "tidegate"
    assert tidegate(*arguments, cwd=repository).returncode == 0
    (repository / "envs/prod/bad.yaml").write_text(BAD)
    assert tidegate(*arguments, cwd=repository).returncode == 2
    git(repository, "add", "-A")
    assert tidegate(*arguments, cwd=repository).returncode == 2
    # as git runs a hook
    folder = str(repository / ".git")
    assert tidegate(*arguments, cwd=repository, GIT_DIR=folder, GIT_INDEX_FILE=f"{folder}/index").returncode == 2
