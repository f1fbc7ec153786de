"""What `tidegate render` and `tidegate init` write: whole, in its place, and nothing that a file's name smuggles in."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.typed import tidegate

CONFIGURATION = "version: 1\nenvironments: {prod: {source: {path: .}, target: prod, apply: never}}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: ü}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An environment at the top, with one object."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "tidegate.yaml").write_text(CONFIGURATION)
    (tmp_path / "a.yaml").write_text(MAP, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_folder_may_be_deep_and_is_written_to_again(repository: Path, form: str) -> None:
    for _ in range(2):
        done = tidegate("render", "-f", form, "-o", ".git/deep/out", cwd=repository)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        (file,) = (repository / ".git/deep/out/prod").iterdir()
        assert file.suffix == f".{form}"
        text = file.read_text(encoding="utf-8")
        assert (json.loads(text) if form == "json" else yaml.safe_load(text)) == yaml.safe_load(MAP)


def test_a_files_name_is_only_a_comment(repository: Path) -> None:
    (repository / "a.yaml").rename(repository / "a\nkind: Secret \x1b[2J.yaml")
    done = tidegate("render", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("---\n# Source: a\\nkind: Secret \\x1b[2J.yaml:1 (prod)\napiVersion: v1\n")
    (repository / "b\x1b[2J.yaml").write_text("a: [\n")
    done = tidegate("render", cwd=repository)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: prod: b\\x1b[2J.yaml:" in done.stderr


def test_init_says_what_a_pattern_stands_for(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("api", "auth", "cache", "db", "mail", "web"):
        (tmp_path / "apps" / name).mkdir(parents=True)
        (tmp_path / "apps" / name / "a.yaml").write_text(MAP)
    done = tidegate("init", cwd=tmp_path)
    assert done.stdout.startswith(
        "tidegate.yaml has 6 environments:\n  {app}: apps/{app} (6 folders)\n"
        "A name with {…} stands for each folder that its path matches, those that are added later too.\n"
    )
    assert "6 environments (6 objects)" in tidegate("check", cwd=tmp_path).stdout


def test_init_counts_one_environment_as_one(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "only").mkdir()
    (tmp_path / "only/a.yaml").write_text(MAP)
    said = tidegate("init", cwd=tmp_path).stdout
    assert said.startswith("tidegate.yaml has 1 environment:\n  only: only\n")
    assert "Left out" not in said


def test_init_of_nothing_says_so(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    done = tidegate("init", cwd=tmp_path)
    assert done.returncode == 1
    assert "no overlay, chart or folder of manifests was found" in done.stderr
    assert "manifests that could be an environment; name the" in tidegate("check", cwd=tmp_path).stderr


def test_init_shows_what_it_would_write_beside_what_is_there(repository: Path) -> None:
    done = tidegate("init", "--print", cwd=repository)
    assert (done.returncode, list(yaml.safe_load(done.stdout)["environments"])) == (0, ["root"])
    assert done.stderr.startswith("tidegate.yaml would have 1 environment:\n  root: .\n")
    assert (repository / "tidegate.yaml").read_text() == CONFIGURATION


@pytest.mark.parametrize(("bases", "more"), [(12, ""), (14, "  and 2 more, which --verbose shows\n")])
def test_init_says_the_first_that_it_left_out(repository: Path, bases: int, more: str) -> None:
    (repository / "a.yaml").unlink()
    names = [f"b{number:02}" for number in range(bases)]
    for name, resources in (*((each, ["a.yaml"]) for each in names), ("all", [f"../{each}" for each in names])):
        (repository / name).mkdir()
        (repository / name / "a.yaml").write_text(MAP)
        (repository / name / "kustomization.yaml").write_text(json.dumps({"resources": resources}))
    said = tidegate("init", "--force", cwd=repository).stdout.partition(f"Left out ({bases}):\n")[2]
    assert said.count("builds upon it") == 12
    assert said.endswith(more)
    said = tidegate("init", "--force", "--verbose", cwd=repository).stdout.partition(f"Left out ({bases}):\n")[2]
    assert (said.count("builds upon it"), "--verbose" in said) == (bases, False)
