"""The operator's folder of definitions is read at the start, or the start says in one line why not."""

from pathlib import Path

import pytest

from bot.check.schemas.custom.supplied import load_crds
from bot.errors import SettingsError

GATE = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gates.acme.io}
spec:
  group: acme.io
  names: {kind: Gate, plural: gates}
  scope: Cluster
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


def test_definitions_are_found_at_any_depth_and_in_lists(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yaml").write_text("kind: Namespace\n---\n" + GATE)
    (tmp_path / "b.yml").write_text("kind: List\nitems:\n- " + GATE.replace("gates", "tides").replace("\n", "\n  "))
    (tmp_path / "README.md").write_text("[")
    assert [each.id.name for each in load_crds(tmp_path)] == ["tides.acme.io", "gates.acme.io"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "a.yaml: not valid YAML"),
        (GATE.replace("metadata: {name: gates.acme.io}", "metadata: {}"), "has no name"),
        (GATE.replace("/v1\n", "/v1beta1\n"), "gates.acme.io is not of apiextensions.k8s.io/v1"),
        ("kind: Namespace\n", "holds no CustomResourceDefinition"),
    ],
)
def test_what_cannot_be_used_stops_the_start_with_one_line(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_crds(tmp_path)
    (line,) = caught.value.lines
    assert why in line
    assert "\n" not in line


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no CustomResourceDefinition"):
        load_crds(tmp_path / "none")
