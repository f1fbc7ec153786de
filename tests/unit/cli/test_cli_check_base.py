"""`tidegate check` compares with what was committed, where a rule or a policy asks for it."""

from pathlib import Path

import pytest

from tests.support.commits import commit_all, committed, git
from tests.support.typed import tidegate

CONFIGURATION = "version: 1\nenvironments:\n  prod: {source: {path: envs}, target: prod, apply: never}\n"
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.acme.example}
spec:
  group: acme.example
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {
        class: {type: string, x-kubernetes-validations: [{rule: self == oldSelf, message: class never changes}]}}}}}}
"""
GOLD = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a, namespace: shop}\nspec: {class: gold}\n"
SILVER = GOLD.replace("gold", "silver")


def check(repository: Path, *arguments: str) -> tuple[int, str]:
    """(exit status, what is said)."""
    done = tidegate("check", *arguments, cwd=repository)
    return done.returncode, done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An environment with one custom resource, committed."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "tidegate.yaml").write_text(CONFIGURATION)
    (tmp_path / "envs/definition.yaml").write_text(DEFINITION)
    (tmp_path / "envs/widget.yaml").write_text(GOLD)
    return committed(tmp_path)


@pytest.mark.parametrize("since", [[], ["--changed-since", "HEAD"]])
def test_a_rule_sees_what_was_committed_where_there_are_no_policies(repository: Path, since: list[str]) -> None:
    assert check(repository, *since)[0] == 0
    (repository / "envs/widget.yaml").write_text(SILVER)
    status, said = check(repository, *since)
    assert (status, "class never changes" in said) == (2, True)


def test_a_broken_configuration_of_the_base_is_not_an_empty_base(repository: Path) -> None:
    (repository / "tidegate.yaml").write_text(CONFIGURATION + "nonsense: 1\n")
    commit_all(repository)
    (repository / "tidegate.yaml").write_text(CONFIGURATION)
    for level in ("error", "warning"):
        status, said = check(repository, "--level", level)
        assert (status, "could not be evaluated: self == oldSelf" in said) == (2, True)


def test_a_repository_without_a_commit_has_nothing_to_compare_with(repository: Path) -> None:
    git(repository, "checkout", "-q", "--orphan", "new")
    (repository / "envs/widget.yaml").write_text(SILVER)
    assert check(repository)[0] == 0
    assert check(repository, "--changed-since", "HEAD")[0] == 0
    assert check(repository, "--changed-since", "nowhere")[0] == 1


def test_a_base_that_cannot_be_looked_at_is_not_an_empty_base(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "tidegate.yaml").write_text(CONFIGURATION)
    (tmp_path / "envs/definition.yaml").write_text(DEFINITION)
    (tmp_path / "envs/widget.yaml").write_text(GOLD)
    git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256")
    assert check(tmp_path)[0] == 0
    commit_all(tmp_path)
    status, said = check(tmp_path)
    assert (status, "could not be evaluated: self == oldSelf" in said) == (2, True)
    done = tidegate("plan", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith("names its objects by SHA-256, which is not supported yet; use one of SHA-1\n")
