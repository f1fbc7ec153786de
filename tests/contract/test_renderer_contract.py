"""What every renderer keeps, whatever it reads: the definition of done for a new one.

A new renderer joins by a line in `CASES`: itself, a source and files that it renders to two objects.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import RenderError
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.noun import noun
from bot.model.tree import Tree
from bot.render import Piecewise, Renderer
from bot.render.helm import Helm, HelmOptions
from bot.render.kustomize import Kustomize, KustomizeOptions
from bot.render.plain import Plain
from tests.support.trees import tree
from tests.tools.build import Missing, locate

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {key: value}\n"
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:a'}\nrules: []\n"


@noun
class Case:
    """A renderer, and files below `envs/prod` that it renders to a ConfigMap and a ClusterRole."""

    renderer: Renderer
    files: Mapping[str, str]


CHART = {
    "envs/prod/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "envs/prod/templates/a.yaml": CONFIG,
    "envs/prod/templates/b.yaml": ROLE,
}
OVERLAY = {
    "envs/prod/kustomization.yaml": "resources: [a.yaml, ../../base]\n",
    "envs/prod/a.yaml": CONFIG,
    "base/Kustomization": "resources: [b.yml]\n",
    "base/b.yml": ROLE,
}
JAIL = Jail("best-effort")


def real(name: str, make: Callable[[str], Renderer], files: Mapping[str, str]) -> Any:
    """A case of a real program, skipped with the reason where it is missing."""
    try:
        path = str(locate(name))
    except Missing as error:
        return pytest.param(Case(renderer=make(name), files=files), marks=pytest.mark.skip(reason=str(error)))
    return Case(renderer=make(path), files=files)


CASES = [
    Case(renderer=Plain(), files={"envs/prod/a.yaml": CONFIG, "envs/prod/sub/b.yml": ROLE}),
    real("kustomize", lambda path: Kustomize(JAIL, (path, "kubectl"), KustomizeOptions()), OVERLAY),
    real("helm", lambda path: Helm(JAIL, path, HelmOptions()), CHART),
    real("helm4", lambda path: Helm(JAIL, path, HelmOptions()), CHART),
]
SOURCE = Source(path="envs/prod")

pytestmark = pytest.mark.parametrize("case", CASES, ids=["plain", "kustomize", "helm", "helm4"])


@pytest.fixture(autouse=True)
def launcher() -> Iterator[None]:
    """What the jail started ends with each test."""
    yield
    JAIL.close()


async def findings(case: Case, made: Tree, source: Source = SOURCE) -> RenderError:
    """The error that a render ends with, whose findings a person can act on."""
    with pytest.raises(RenderError) as error:
        await case.renderer.render(made, source, Kubernetes())
    assert error.value.findings
    for each in error.value.findings:
        assert each.level in ("error", "unknown")
        assert each.check
        assert each.message
        assert each.fix
    return error.value


async def test_the_same_tree_gives_the_same_resources(case: Case) -> None:
    made = tree(case.files)
    first, second = [await case.renderer.render(made, SOURCE, Kubernetes()) for _ in range(2)]
    assert first == second
    assert {str(each.id) for each in first.resources} == {"ConfigMap shop/a", "ClusterRole system:a"}
    assert first.tools


async def test_every_resource_says_where_it_came_from(case: Case) -> None:
    for each in (await case.renderer.render(tree(case.files), SOURCE, Kubernetes())).resources:
        assert each.origin
        assert each.origin.path in case.files
        assert each.origin.line >= 1
        if each.origin.locate:
            line, column = each.origin.locate(("metadata", "name"))
            assert (line >= 1, column >= 1) == (True, True)


async def test_identity_and_body_agree(case: Case) -> None:
    for each in (await case.renderer.render(tree(case.files), SOURCE, Kubernetes())).resources:
        assert each.id.name == each.body["metadata"]["name"]
        assert each.id.scope == each.body["metadata"].get("namespace", "")
        assert each.id.kind == each.body["kind"]
        assert each.id.group == each.body["apiVersion"].rpartition("/")[0]


async def test_it_needs_no_file_that_it_does_not_name(case: Case) -> None:
    made = tree({**case.files, "other/secret.yaml": "not: read", "envs/production/x.yaml": "not: read"})
    bare = replace(made, blobs={})
    assert case.renderer.claims(bare, SOURCE)
    loaded: frozenset[str] = frozenset()
    while missing := bare.missing(case.renderer.reads(bare, SOURCE)):
        assert not missing & loaded
        loaded |= missing
        bare = replace(bare, blobs=dict(bare.blobs) | {made.entries[each].blob: made.read(each) for each in missing})
    assert loaded <= set(case.files)
    assert (await case.renderer.render(bare, SOURCE, Kubernetes())) == (
        await case.renderer.render(made, SOURCE, Kubernetes())
    )


async def test_a_file_that_was_not_loaded_is_an_error_and_not_an_absence(case: Case) -> None:
    made = tree(case.files)
    await findings(case, replace(made, blobs={}))
    for path in case.files:
        without = {blob: data for blob, data in made.blobs.items() if blob != made.entries[path].blob}
        error = await findings(case, replace(made, blobs=without))
        assert path in {each.path for each in error.findings}


async def test_nothing_is_never_a_result(case: Case) -> None:
    await findings(case, tree({"envs/prod/README.md": "# nothing"}))
    await findings(case, tree({"envs/dev/a.yaml": CONFIG}))


@pytest.mark.parametrize("path", ["../prod", "/envs/prod", "envs/../../prod", "envs/missing"])
async def test_a_source_that_is_not_in_the_repository_is_refused(case: Case, path: str) -> None:
    source = Source(path=path)
    assert case.renderer.reads(tree(case.files), source) == frozenset()
    await findings(case, tree(case.files), source)


@pytest.mark.parametrize("mode", ["120000", "160000"])
async def test_links_and_submodules_are_refused(case: Case, mode: str) -> None:
    path = min(case.files)
    made = tree(case.files, {path: mode})
    reads = case.renderer.reads(made, SOURCE)
    assert path in reads, "a new link must be seen as a change"
    assert path not in made.missing(reads), "a link is never loaded"
    await findings(case, made)


async def test_a_broken_file_is_told_with_its_place(case: Case) -> None:
    path = min(case.files)
    error = await findings(case, tree(dict(case.files) | {path: CONFIG + "key: [hunter2\n"}))
    assert path in {each.path for each in error.findings}
    assert all(each.line for each in error.findings)
    assert "hunter2" not in repr(error)


async def test_a_source_that_is_read_in_parts_yields_the_same(case: Case) -> None:
    if not isinstance(case.renderer, Piecewise):
        pytest.skip(f"{case.renderer.name} does not read in parts")
    made = tree(case.files)
    whole = await case.renderer.render(made, SOURCE, Kubernetes())
    paths = case.renderer.pieces(made, SOURCE)
    assert frozenset(paths) == case.renderer.reads(made, SOURCE)
    parts = [each for path in paths for each in case.renderer.piece(made, path)]
    assert parts == list(whole.resources)
    assert list(case.renderer.across(SOURCE, whole.resources)) == []
    assert [
        each.level for each in case.renderer.across(SOURCE, [*whole.resources, *map(replace, whole.resources)])
    ] == ["error"] * 2
    assert [each.level for each in case.renderer.nothing(made, SOURCE)] == ["error"]
