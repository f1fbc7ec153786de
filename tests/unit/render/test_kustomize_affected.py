"""Which overlays of a monorepo a change affects, told by `reads` alone, held against what kustomize itself builds."""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config.affected import touched
from bot.model.environment import Source
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize
from bot.render.kustomize.kustomization import FILES
from bot.render.kustomize.walk import Walker
from tests.support.kustomizations import build, laid_out, renderer
from tests.support.monorepo import monorepo, overlays
from tests.support.trees import tree as make_tree

OVERLAYS, EDITS = 500, 50


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return monorepo(OVERLAYS)


def reads(made: Kustomize, tree: Tree, path: str) -> frozenset[str]:
    return made.reads(tree, Source(path=path))


CHANGES = {
    "memory: 64Mi": "memory: {}Mi", "replicas: ": "replicas: {}", "A=1": "A={}x", "namespace: team": "namespace: n{}",
    "port: 80": "port: {}00", "limits: []": "x: y{}", "value: high": "value: n{}", "path: /metrics": "path: /m{}",
    "targetPort": "name: p{}, targetPort", "[limits.yaml]": "[limits.yaml]\nnameSuffix: -s{}",
    "[monitor.yaml]": "[monitor.yaml]\nnameSuffix: -s{}",
    "envs: [settings.env]": "envs: [settings.env], literals: [C={}]",
}  # fmt: skip


def edited(text: str, number: int) -> str:
    """A change that is legal wherever it is made, and that changes what the file means where it can."""
    for old, new in CHANGES.items():
        if old in text:
            return text.replace(old, new.format(number), 1)
    return text + f"# {number}\n"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_500_overlays_none_is_missed(
    files: dict[str, str], tmp_path: Path, record_property: Callable[..., None]
) -> None:
    """For each edit the program itself says whether overlays differ: some that are told, and some that are not."""
    made, chance, base = renderer(), random.Random(7), make_tree(files)
    before, after = laid_out(files, tmp_path / "before"), laid_out(files, tmp_path / "after")
    reading = {each: reads(made, base, each) for each in overlays(OVERLAYS)}
    own = sorted(each for each in files if "clusters" in each)
    shared = sorted(set(files) - set(own))
    told_all, falsely = 0, 0.0
    for number in range(EDITS):
        path = chance.choice(shared if number % 2 else own)
        text = edited(files[path], number)
        (after / path).write_text(text)
        head = make_tree({**files, path: text})
        told = [each for each in overlays(OVERLAYS) if touched(reading[each] | reads(made, head, each), base, head)]
        rest = sorted(set(overlays(OVERLAYS)) - set(told))
        for each in chance.sample(rest, min(4, len(rest))):
            assert build(before / each).documents == build(after / each).documents, f"{path}: {each} was missed"
        looked = chance.sample(told, min(4, len(told)))
        same = [each for each in looked if build(before / each).documents == build(after / each).documents]
        told_all += len(told)
        falsely += len(same) / max(1, len(looked)) * len(told)
        print(f"{path}: {len(told)} told, {len(same)} of {len(looked)} looked at falsely")
        (after / path).write_text(files[path])
    record_property("told", told_all)
    record_property("falsely", falsely)
    print(f"{told_all} told over {EDITS} edits, about {falsely:g} falsely")
    assert falsely <= told_all / 10


def test_what_500_overlays_share_is_looked_up_once(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: Counter[str] = Counter()
    look = Walker._find

    def counted(self: Walker, ground: Any, folder: str, file: str, data: bytes, kind: str) -> Any:
        looked_up[file + kind] += 1
        return look(self, ground, folder, file, data, kind)

    monkeypatch.setattr(Walker, "_find", counted)
    made, tree = renderer(), make_tree(files)
    for each in overlays(OVERLAYS):
        assert reads(made, tree, each)
    once = looked_up.copy()
    assert len(once) > OVERLAYS
    assert set(once.values()) == {1}
    for each in overlays(OVERLAYS):
        assert reads(made, tree, each)
    assert looked_up == once


@pytest.mark.parametrize(
    ("change", "affected"),
    [
        ({"clusters/c01/app1-001/kustomization.yml": "resources: []\n"}, {"clusters/c01/app1-001"}),
        ({"apps/app1/Kustomization": "resources: []\n"}, {each for each in overlays(OVERLAYS) if "/app1-" in each}),
        ({"apps/app1/notes.yaml": "a: b\n", "docs/a.md": "b"}, set()),
    ],
    ids=["a second build file", "a second build file of a base", "files that nothing names"],
)  # fmt: skip
def test_names_that_come_are_noticed(files: dict[str, str], change: dict[str, str], affected: set[str]) -> None:
    made, base = renderer(), make_tree(files)
    head = make_tree({**files, **change})
    told = {each for each in overlays(OVERLAYS) if touched(reads(made, base, each), base, head)}
    assert told == affected


CONFIGURED = [
    "kind: PatchTransformer\npath: x", "kind: PatchJson6902Transformer\npath: x", "kind: Replacement\npath: x",
    "kind: PatchStrategicMergeTransformer\npaths: [x]", "kind: ValueAddTransformer\ntargetFilePath: x",
    "kind: ReplacementTransformer\nreplacements: [{path: x}]", "kind: ConfigMapGenerator\nfiles: [k=x]",
    "kind: SecretGenerator\nenvs: [x]", "kind: SecretGenerator\nenv: x",
]  # fmt: skip


@pytest.mark.parametrize("field", ["generators", "transformers", "validators"])
@pytest.mark.parametrize("text", CONFIGURED)
def test_what_the_configuration_of_a_plugin_names_is_read(text: str, field: str) -> None:
    whole = f"apiVersion: builtin\nmetadata: {{name: t}}\n{text}\n"
    listed = json.dumps({"kind": "List", "items": [yaml.safe_load(whole)]})
    for entry, more in (
        ("t.yaml", {"o/t.yaml": whole}), ("t.yaml", {"o/t.yaml": f"# nothing\n---\n{whole}"}),
        ("t.json", {"o/t.json": listed}), (json.dumps(whole), {}),
        ("../t", {"t/kustomization.yaml": "resources: [t.yaml]\n", "t/t.yaml": whole}),
    ):  # fmt: skip
        tree = make_tree({"o/kustomization.yaml": f"{field}: [{entry}]\n", "o/x": "a: b\n", **more})
        assert {"o/x", *more} <= reads(renderer(), tree, "o"), entry


def test_what_is_not_there_is_named_for_its_coming() -> None:
    text = "resources: [gone]\nconfigMapGenerator: [{name: a, files: [f.txt]}]\n"
    named = reads(renderer(), make_tree({"o/kustomization.yaml": text}), "o")
    assert {"o/gone", *(f"o/gone/{each}" for each in FILES), "o/f.txt", *(f"o/{each}" for each in FILES)} == named
    chart = make_tree({"o/kustomization.yaml": "helmCharts: [{name: web, releaseName: w}]\n"})
    assert "o/charts/web/Chart.yaml" in reads(renderer(inflate=True), chart, "o")


CHARTS = [
    "helmCharts: [{name: web, releaseName: w, valuesFile: v.yaml}]",
    "helmCharts: [{name: web, releaseName: w, additionalValuesFiles: [v.yaml]}]",
    "helmChartInflationGenerator: [{chartName: web, releaseName: w, values: v.yaml}]",
    "generators: ['{apiVersion: builtin, kind: HelmChartInflationGenerator, name: web, releaseName: w, "
    "valuesFile: v.yaml}']",
]


@pytest.mark.parametrize("text", CHARTS)
def test_a_chart_and_the_values_that_it_is_given_are_read(text: str) -> None:
    files = {"o/v.yaml": "a: b\n", "o/charts/web/Chart.yaml": "name: web\n", "o/charts/web/files/x": "y"}
    tree = make_tree({"o/kustomization.yaml": text + "\n", **files})
    assert files.keys() <= reads(renderer(inflate=True), tree, "o")
