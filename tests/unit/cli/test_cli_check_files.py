"""`tidegate check` looks at files that have a JSON Schema, in or outside of environments."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commits import committed, git
from tests.support.typed import tidegate

CONFIGURATION = """\
version: 1
schemas: {"ci/**/*.toml": ci/schema.json}
environments:
  prod: {source: {path: envs}, target: prod, apply: never}
"""
FILES = {
    "tidegate.yaml": CONFIGURATION,
    "ci/schema.json": json.dumps({"properties": {"port": {"$ref": "port.json"}}}),
    "ci/port.json": json.dumps({"type": "integer"}),
    "ci/a.toml": 'name = "a"\nport = "80"\n',
    "ci/deep/b.toml": "port = 80\n",
    "envs/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one wrong file, committed."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return committed(tmp_path)


def check(repository: Path, *arguments: str) -> tuple[int, list[Any]]:
    """(exit status, what is wrong beside the environments)."""
    done = tidegate("check", "--format", "json", *arguments, cwd=repository)
    return done.returncode, json.loads(done.stdout)["files"]


def test_a_wrong_file_is_a_finding_at_its_line(repository: Path) -> None:
    status, found = check(repository)
    assert status == 2
    assert [(each["path"], each["line"], each["message"]) for each in found] == [
        ("ci/a.toml", 2, "port must be an integer, not a string")
    ]


def test_only_what_changed_or_was_asked_for(repository: Path) -> None:
    assert check(repository, "--changed-since", "HEAD") == (0, [])
    assert check(repository, "ci/deep") == (0, [])
    (repository / "ci/a.toml").write_text('port = "81"\n')
    assert check(repository, "--changed-since", "HEAD")[0] == 2
    assert check(repository, "ci/deep", "--changed-since", "HEAD") == (0, [])
    assert check(repository, "--environment", "prod", "ci") == (0, [])


@pytest.mark.parametrize("before", [None, CONFIGURATION.replace("schemas:", "# schemas:")])
def test_a_file_is_looked_at_where_its_schema_is_named_for_the_first_time(repository: Path, before: str | None) -> None:
    file = repository / "tidegate.yaml"
    file.write_text(before) if before else file.unlink()
    git(repository, "commit", "-qam", "second")
    file.write_text(CONFIGURATION)
    status, found = check(repository, "--changed-since", "HEAD")
    assert (status, [each["path"] for each in found]) == (2, ["ci/a.toml"])
