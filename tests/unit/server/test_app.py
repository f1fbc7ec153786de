"""What renders and checks is put together as the settings say."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from bot.app import MIB, checks, evaluator, make_kubernetes, offline_tools, renderers
from bot.check.own import OwnChecks
from bot.check.rego import Rego
from bot.jail import Jail, Limits
from bot.render.helm import Helm, HelmOptions
from bot.render.kustomize import Kustomize, KustomizeOptions
from bot.settings import RenderSettings, Settings

T = TypeVar("T")

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  group: example.org
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


def held(value: object, kind: type[T]) -> Iterator[T]:
    """All of that kind which an object of ours has, however deep."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from held(each, kind)
    elif type(value).__module__.startswith("bot."):
        inside = [each.name for each in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else vars(value)
        for name in inside:
            yield from held(getattr(value, name), kind)


def test_every_foreign_program_has_the_limits_of_the_settings() -> None:
    settings = RenderSettings(seconds=1, processor=2, memory=64, output=3)
    limits = Limits(seconds=1, processor=2, memory=64 * MIB, output=3 * MIB)
    jail = Jail("best-effort")
    parts = (*renderers(settings, jail), *checks(settings, jail))
    for kind in (Helm, Kustomize, Rego, OwnChecks):
        [part] = [each for each in parts if isinstance(each, kind)]
        assert set(held(part, Limits)) == {limits}, kind


@pytest.mark.parametrize("mode", ["required", "best-effort"])
def test_every_foreign_program_runs_in_the_jail_of_the_settings(mode: str) -> None:
    settings = RenderSettings.model_validate({"jail": mode})
    for made in (evaluator(settings), offline_tools(settings)):
        assert {each.mode for each in held(made, Jail)} == {mode}


def test_what_the_settings_do_not_allow_is_not_allowed(tmp_path: Path) -> None:
    made = renderers(RenderSettings(), Jail("best-effort"), tmp_path)
    builds = {(each.inflate, each.bases, each.scratch) for each in held(made, KustomizeOptions)}
    assert builds == {(False, (), tmp_path / "kustomize")}
    assert {(each.charts, each.scratch) for each in held(made, HelmOptions)} == {((), tmp_path / "helm")}


def test_nothing_is_left_unchecked() -> None:
    made = [type(each).__name__ for each in checks(RenderSettings(), Jail("best-effort"))]
    assert made == ["Schemas", "PlainSecrets", "Policies", "Leaks", "Rego", "OwnChecks"]


def test_every_target_has_the_api_of_its_settings(tmp_path: Path) -> None:
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "thing.yaml").write_text(DEFINITION)
    api = {"version": "1.34", "api_versions": ["example.org/v1"], "crds": tmp_path / "crds"}
    targets = {
        "prod": {"kind": "directory", "path": tmp_path, "kubernetes": api},
        "dev": {"kind": "directory", "path": tmp_path},
    }
    made = make_kubernetes(Settings.model_validate({"forges": {}, "targets": targets, "repositories": []}))
    assert (made["prod"].version, made["prod"].api_versions) == ("1.34", ("example.org/v1",))
    assert [each.id.name for each in made["prod"].crds] == ["things.example.org"]
    assert made["dev"].crds == ()
