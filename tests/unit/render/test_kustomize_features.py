"""Everything that a kustomization can say builds to what the program itself makes of it, and is traced to its place."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from bot.document import load_documents
from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.render.kustomize import Kustomize, KustomizeOptions
from tests.support.kustomizations import JAIL, build, laid_out, render, renderer
from tests.support.programs import program
from tests.support.trees import tree as make_tree

FEATURES: dict[str, dict[str, str | bytes]] = yaml.safe_load(
    Path(__file__).with_name("kustomize_features.yaml").read_text(encoding="utf-8")
)
BASE = FEATURES.pop("base")
CHART = FEATURES.pop("a chart")
FEATURES["generators with hashes"]["o/sub/b.bin"] = bytes(range(256))


async def same(files: Mapping[str, str | bytes], folder: Path, *options: str) -> Rendered:
    """Render `o`, and hold it against the program's own output."""
    rendered = await render(renderer(), make_tree(files), "o")
    done = build(laid_out(files, folder) / "o", *options)
    assert done.status == 0, done.errors
    assert [each.body for each in rendered.resources] == done.documents
    assert rendered.resources
    return rendered


@pytest.mark.parametrize("name", FEATURES)
async def test_it_builds_to_what_kustomize_makes_of_it(name: str, tmp_path: Path) -> None:
    files = {**BASE, **FEATURES[name]}
    rendered = await same(files, tmp_path)
    for each in rendered.resources:
        assert each.origin
        assert each.origin.path in files, each.origin
        assert each.origin.locate, each
        text = files[each.origin.path]
        assert isinstance(text, str)
        line, _ = each.origin.locate(("metadata", "name"))
        assert 1 <= each.origin.line <= line <= text.count("\n") + 1
        shown = text.splitlines()[each.origin.line - 1 :]
        assert any(each.id.kind in row or "name" in row or "Generator" in row for row in shown)


ADDS = '[{"op": "add", "path": "/metadata/annotations/x", "value": "y"}]'
REFUSED = {
    "a patch of annotations that are not there": "patchesJson6902:\n"
    f"- target: {{group: apps, version: v1, kind: Deployment, name: web}}\n  patch: '{ADDS}'",
    "a patch without its object": "patches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: other}}'}]",
    "an unknown field": "resource: [a.yaml]",
    "a component that is none": "components: [../base]",
    "an object twice": "components: [../twice]",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_kustomize_refuses_is_refused(name: str, tmp_path: Path) -> None:
    twice = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [service.yaml]\n"
    text = "resources: [../base]\n" + REFUSED[name] + "\n"
    files = {**BASE, "o/kustomization.yaml": text, "twice/kustomization.yaml": twice,
             "twice/service.yaml": BASE["base/service.yaml"]}  # fmt: skip
    assert build(laid_out(files, tmp_path) / "o").status != 0
    with pytest.raises(RenderError) as caught:
        await render(renderer(), make_tree(files), "o")
    assert [each.level for each in caught.value.findings] == ["error"]


async def test_a_manifest_that_cannot_be_read_is_told_at_its_line() -> None:
    files = {"o/kustomization.yaml": "resources: [a.yaml]\n", "o/a.yaml": f"{CONFIG_MAP}data:\n  a: [hunter2\nb: c\n"}
    with pytest.raises(RenderError) as caught:
        await render(renderer(), make_tree(files), "o")
    (found,) = caught.value.findings
    assert (found.path, found.line, "hunter2" in repr(found)) == ("o/a.yaml", 6, False)


async def test_kubectl_builds_where_kustomize_is_missing(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not on PATH")
    files = {**BASE, **FEATURES["components"]}
    made = Kustomize(JAIL, ("/nonexistent/kustomize", kubectl), KustomizeOptions())
    rendered = await render(made, make_tree(files), "o")
    command = [kubectl, "kustomize", str(laid_out(files, tmp_path) / "o")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)
    assert [each.body for each in rendered.resources] == [each.value for each in load_documents(done.stdout)]
    assert "kubectl" in rendered.tools[0]


async def origins(name: str, tmp_path: Path) -> dict[str, tuple[str, int]]:
    """Where each object of a feature comes from."""
    rendered = await same({**BASE, **FEATURES[name]}, tmp_path)
    return {f"{each.id.kind} {each.id.name}": (each.origin.path, each.origin.line) for each in rendered.resources
            if each.origin}  # fmt: skip


async def test_origins_are_the_files_of_the_repository(tmp_path: Path) -> None:
    assert await origins("namespace prefix suffix", tmp_path / "a") == {
        "Deployment a-web-z": ("base/deployment.yaml", 1),
        "Service a-web-z": ("base/service.yaml", 1),
    }
    assert await origins("components", tmp_path / "b") == {
        "Deployment web": ("base/deployment.yaml", 1),
        "Service web": ("base/service.yaml", 1),
        "ConfigMap settings-4h2mbtbbt6": ("comp/kustomization.yaml", 5),
        "ConfigMap one": ("comp/extra.yaml", 4),
        "ConfigMap two": ("comp/extra.yaml", 5),
    }
    assert await origins("json patch of annotations", tmp_path / "c") == await origins("json patch", tmp_path / "d")
    made = await origins("generators by file", tmp_path / "e")
    assert made.pop("Deployment web") and made.pop("Service web")
    assert list(made.values()) == [("o/g.yaml", 1)]


async def test_a_field_is_found_where_it_stands(tmp_path: Path) -> None:
    rendered = await same({**BASE, **FEATURES["generators with hashes"]}, tmp_path)
    made = {each.id.name.rpartition("-")[0] or each.id.name: each for each in rendered.resources}
    web, settings = made["web"], made["settings"]
    assert web.origin and web.origin.locate and settings.origin and settings.origin.locate
    deployment = next(each for each in rendered.resources if each.id.kind == "Deployment")
    assert deployment.origin and deployment.origin.locate
    assert deployment.origin.locate(("spec", "template", "spec", "containers", 0, "image")) == (13, 9)
    assert deployment.origin.locate(("spec", "strategy")) == (5, 1)
    assert settings.origin.locate(("data", "x")) == (6, 14)
    assert settings.origin.locate(("data", "A"))[0] == 3


async def test_a_remembered_render_has_the_lines_of_the_files_as_they_are_now() -> None:
    made, text = renderer(), "configMapGenerator:\n- {name: a, literals: [x=1]}\n"
    for above, line in (("", 2), ("# why\n" * 40, 42), ("", 2)):
        (found,) = (await render(made, make_tree({"o/kustomization.yaml": above + text}), "o")).resources
        assert found.origin
        assert found.origin.line == line


async def test_a_chart_of_the_repository_is_inflated_where_that_is_allowed(tmp_path: Path) -> None:
    helm = program("helm")
    made = renderer(inflate=True, helm=str(helm))
    tree = make_tree(CHART)
    assert set(CHART) <= made.reads(tree, Source(path="o"))
    rendered = await made.render(tree, Source(path="o"), Kubernetes(version="1.31", api_versions=("example.com/v1",)))
    options = ("--enable-helm", "--helm-command", str(helm), "--helm-api-versions", "example.com/v1")
    done = build(laid_out(CHART, tmp_path) / "o", *options)
    assert [each.body for each in rendered.resources] != []
    assert [each.body for each in rendered.resources if "second" in each.id.name] == [
        each for each in done.documents if "second" in each["metadata"]["name"]
    ]
    first = next(each for each in rendered.resources if each.id.name == "p-s-cm")
    assert first.body["data"] == {"replicas": "4", "color": "blue", "kube": "v1.31", "api": "true", "file": "text"}
    assert {(each.origin.path, each.origin.line) for each in rendered.resources if each.origin} == {
        ("o/kustomization.yaml", 4), ("o/kustomization.yaml", 10),
    }  # fmt: skip
    assert len(rendered.tools) == 2


async def test_a_chart_that_does_not_render_the_same_twice_is_refused() -> None:
    files = {**CHART, "o/vendored/shop/templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
             "data: {x: {{ randAlphaNum 8 | quote }}}\n"}  # fmt: skip
    made = renderer(inflate=True, helm=str(program("helm")))
    files["o/kustomization.yaml"] = "helmCharts: [{name: shop, releaseName: s}]\nhelmGlobals: {chartHome: vendored}\n"
    with pytest.raises(RenderError, match="same twice"):
        await render(made, make_tree(files), "o")


async def test_a_program_that_takes_the_place_of_another_is_noticed(tmp_path: Path) -> None:
    place, fresh = tmp_path / "kustomize", tmp_path / "fresh"
    shutil.copy(program("kustomize"), place)
    made = Kustomize(JAIL, (str(place), "kubectl"), KustomizeOptions())
    tree = make_tree({"a/kustomization.yaml": "resources: [b.yaml]\n", "a/b.yaml": CONFIG_MAP})
    before = await made.render(tree, Source(path="a"), Kubernetes())
    shutil.copy(place, fresh)
    with fresh.open("ab") as binary:
        binary.write(b"another build")
    fresh.replace(place)
    after = await made.render(tree, Source(path="a"), Kubernetes())
    assert before.tools[0].split()[:2] == after.tools[0].split()[:2]
    assert before.tools != after.tools
    assert before.resources == after.resources


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
