"""Which overlays of a monorepo a change affects, told by `reads` alone, held against what kustomize itself builds."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.config.affected import touched
from bot.model.environment import Source
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize
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
