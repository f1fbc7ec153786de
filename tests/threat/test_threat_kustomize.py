"""Hostile kustomizations: refused in words and at their place, or built to exactly what the files say."""

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.errors import RenderError
from bot.git.local import LocalRepository
from bot.jail import Limits
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize
from tests.support.kustomizations import render, renderer
from tests.support.programs import program
from tests.support.trees import Files
from tests.support.trees import tree as make_tree

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n"
BASE = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": MAP, "secret.txt": "hunter2\n"}
SHA = "0123456789abcdef0123456789abcdef01234567"


def tree_of(text: str, files: Files | None = None, **kinds: Any) -> Tree:
    return make_tree({**BASE, "o/kustomization.yaml": text, **(files or {})}, **kinds)


async def refused(tree: Tree, made: Kustomize | None = None) -> list[Finding]:
    """The findings of a render that was refused before any program ran: the one that would run is not there."""
    made = made or without_program()
    with pytest.raises(RenderError) as caught:
        await render(made, tree, "o")
    found = list(caught.value.findings)
    assert all(each.level == "error" and each.message and each.fix and each.path and each.line for each in found)
    return found


def without_program(**options: Any) -> Kustomize:
    made = renderer(**options)
    made._builder._names = ("/nonexistent/kustomize", "/nonexistent/kubectl")
    return made


async def test_row_21_names_that_look_like_options_stay_names() -> None:
    files = {
        "--help/kustomization.yaml": "resources: [-o]\n",
        "--help/-o/kustomization.yaml": "resources: [--x.yaml]\n",
        "--help/-o/--x.yaml": MAP,
    }
    rendered = await render(renderer(), make_tree(files), "--help")
    assert [each.id.name for each in rendered.resources] == ["a"]


@pytest.mark.parametrize(
    "text",
    ["resources: [link.yaml]", "resources: [linked]", "resources: [linked/sub]", "components: [linked]",
     "resources: [module]", "resources: [module/deploy]", "configMapGenerator: [{name: a, files: [link.yaml]}]",
     "patches: [{path: link.yaml}]", "crds: [link.yaml]", "openapi: {path: link.yaml}"],
)  # fmt: skip
async def test_rows_22_and_30_links_and_submodules_are_refused_and_seen(text: str) -> None:
    links = {"o/link.yaml": "../secret.txt", "o/linked": "../base"}
    tree = tree_of(text + "\n", links=links, submodules=("o/module",))
    (found,) = await refused(tree)
    assert "never followed" in found.message or "never fetched" in found.message
    assert (found.path, found.line) == ("o/kustomization.yaml", 1)
    reads = without_program().reads(tree, Source(path="o"))
    assert reads & {"o/link.yaml", "o/linked", "o/module"}, "a link that changes must be noticed"


async def test_row_22_a_kustomization_file_that_is_a_link_is_refused() -> None:
    tree = make_tree(BASE, links={"o/kustomization.yaml": "../base/kustomization.yaml"})
    (found,) = await refused(tree)
    assert "never followed" in found.message


async def test_a_folder_with_two_kustomization_files_is_refused() -> None:
    for folder in ("o", "base"):
        files = {f"{folder}/kustomization.yml": "resources: [a.yaml]\n", "o/a.yaml": MAP}
        (found,) = await refused(tree_of("resources: [../base]\n", files))
        assert f"{folder} holds two kustomization files" in found.message


async def test_rows_23_and_24_rendered_bytes_are_the_blobs_bytes(tmp_path: Path) -> None:
    text = "a: $Id$\r\nb: $Format:%B$\n"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "kustomization.yaml").write_text("configMapGenerator: [{name: a, files: [f.txt]}]\n")
    (tmp_path / "f.txt").write_bytes(text.encode())
    subprocess.run([*git, "add", "."], check=True)
    (tmp_path / ".gitattributes").write_text("*.txt ident text eol=crlf working-tree-encoding=UTF-16 export-subst\n")
    subprocess.run([*git, "add", ".gitattributes"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x\n\nkind: Pod"], check=True)
    repository = await LocalRepository.find(tmp_path)
    tree, made = await repository.tree("HEAD"), renderer()
    while missing := tree.missing(made.reads(tree, Source(path="."))):
        tree = await repository.load(tree, missing)
    rendered = await render(made, tree, ".")
    assert rendered.resources[0].body["data"] == {"f.txt": text}


async def test_row_25_what_git_lfs_keeps_is_refused() -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n"
    tree = tree_of("configMapGenerator: [{name: a, files: [big.bin]}]\n", {"o/big.bin": pointer})
    (found,) = await refused(tree)
    assert "git LFS" in found.message


CHART = {
    "o/charts/shop/Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}\n",
    "o/charts/shop/values.yaml": "a: b\n",
    "o/charts/shop/templates/a.yaml": MAP,
}


@pytest.mark.parametrize(
    "entry",
    ["releaseName: --post-renderer=./x", "releaseName: -f", "releaseName: s, namespace: --post-renderer=./x",
     "releaseName: s, nameTemplate: -x", "releaseName: s, apiVersions: [--post-renderer=./x]",
     "releaseName: s, kubeVersion: -x", "releaseName: s, version: --x", "ReleaseName: --post-renderer=./x"],
)  # fmt: skip
async def test_row_26_words_of_a_chart_are_never_options_of_helm(entry: str, tmp_path: Path) -> None:
    text = f"helmCharts:\n- {{name: shop, {entry}}}\n"
    (found,) = await refused(tree_of(text, CHART), without_program(inflate=True))
    assert "dash" in found.message
    assert (found.path, found.line) == ("o/kustomization.yaml", 2)


@pytest.mark.parametrize(
    "entry",
    ["helmCharts: [{name: -x, releaseName: s}]", "helmCharts: [{name: shop, releaseName: s, repo: -x}]",
     "helmCharts: [{name: shop, releaseName: s, valuesFile: -x}]",
     "helmCharts: [{name: shop, releaseName: s, additionalValuesFiles: [a, -x]}]",
     *(f"helmChartInflationGenerator: [{{chartName: shop, releaseName: s, {field}: -x}}]"
       for field in ("chartVersion", "releaseNamespace", "values", "chartRepoUrl"))],
)  # fmt: skip
async def test_row_26_nor_are_those_of_any_other_field(entry: str) -> None:
    found, *_ = await refused(tree_of(f"{entry}\n", CHART), without_program(inflate=True))
    assert "dash" in found.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helmCharts: [{name: shop, releaseName: s}]", "does not allow"),
        ("HELMCHARTS: [{name: shop, releaseName: s}]", "does not allow"),
        ("generators: [g.yaml]", "does not allow"),
        ("helmChartInflationGenerator: [{chartName: shop, releaseName: s}]", "does not allow"),
    ],
)
async def test_row_26_charts_are_off_unless_the_server_allows_them(text: str, words: str) -> None:
    generator = (
        "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: shop\nreleaseName: s\n"
    )
    (found,) = await refused(tree_of(text + "\n", {**CHART, "o/g.yaml": generator}))
    assert words in found.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helmCharts: [{name: gone, repo: 'https://charts.example.org', releaseName: s}]", "is not at o/charts/gone"),
        ("helmCharts: [{name: shop, repo: 'oci://x.example.org', version: '1', releaseName: s}]", "shop-1/shop"),
        ("helmCharts: [{name: shop, releaseName: s}]\nhelmGlobals: {configHome: .}", "plugins"),
        ("helmCharts: [{name: shop}]", "releaseName"),
        ("helmCharts: [{name: ../shop, releaseName: s}]", "is a path"),
    ],
)
async def test_rows_26_and_45_a_chart_is_never_downloaded(text: str, words: str) -> None:
    found = await refused(tree_of(text + "\n", CHART), without_program(inflate=True))
    assert any(words in each.message for each in found), found


FUNCTION = """\
apiVersion: example.com/v1
kind: Fn
metadata:
  name: f
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./run.sh}
"""
DISGUISED = FUNCTION.replace("example.com/v1", "builtin").replace("kind: Fn", "kind: PrefixTransformer")
OLDER = DISGUISED.replace("config.kubernetes.io/function", "config.k8s.io/function")
PLUGIN = "apiVersion: example.com/v1\nkind: Fn\nmetadata: {name: f}\n"
SCRIPT = "#!/bin/sh\ntouch /tmp/owned\n"


@pytest.mark.parametrize("field", ["generators", "transformers", "validators", "Transformers"])
@pytest.mark.parametrize(
    "function",
    [FUNCTION, DISGUISED, OLDER, PLUGIN, FUNCTION.replace("exec: {path: ./run.sh}", "container: {image: x}")],
)
@pytest.mark.parametrize("where", ["f.yaml", "folder", "inline", "list"])
async def test_row_27_functions_and_plugins_are_refused(field: str, function: str, where: str) -> None:
    files = {
        "o/run.sh": SCRIPT, "o/f.yaml": function, "o/folder/kustomization.yaml": "resources: [f.yaml]\n",
        "o/folder/f.yaml": function,
        "o/list": "apiVersion: v1\nkind: List\nitems:\n- " + function.replace("\n", "\n  ").rstrip() + "\n",
    }  # fmt: skip
    entry = "|\n  " + function.replace("\n", "\n  ") if where == "inline" else where
    found = await refused(tree_of(f"resources: [../base]\n{field}:\n- {entry}\n", files))
    assert {each.message.partition(" ")[2] for each in found} == {
        "is a function or plugin, a program that a render never runs"
    }


@pytest.mark.parametrize("text", ["only words", "- words", "kind: List\nitems: [words]"])
async def test_row_27_what_configures_nothing_is_refused(text: str) -> None:
    (found,) = await refused(tree_of("transformers: [t.yaml]\n", {"o/t.yaml": text + "\n"}))
    assert "never runs" in found.message


async def test_row_27_a_configuration_that_is_read_in_two_ways_is_refused() -> None:
    text = FUNCTION.replace("apiVersion", "apiVersion: builtin\napiVersion", 1)
    (found,) = await refused(tree_of("transformers: [t.yaml]\n", {"o/t.yaml": text}))
    assert (found.path, found.line) == ("o/t.yaml", 2)


OUTSIDE = [
    "../..",
    "../../secret.txt",
    "../../../etc/passwd",
    "/etc/passwd",
    "/proc/self/environ",
    "a/../../../secret.txt",
]
FIELDS = [
    "resources: [{}]", "bases: [{}]", "components: [{}]", "crds: [{}]", "configurations: [{}]", "openapi: {{path: {}}}",
    "patches: [{{path: {}}}]", "patchesStrategicMerge: [{}]",
    "patchesJson6902: [{{path: {}, target: {{version: v1, kind: ConfigMap, name: a}}}}]",
    "configMapGenerator: [{{name: a, files: [{}]}}]", "configMapGenerator: [{{name: a, files: [k={}]}}]",
    "secretGenerator: [{{name: a, envs: [{}]}}]", "secretGenerator: [{{name: a, env: {}}}]",
    "replacements: [{{path: {}}}]", "generators: [{}]", "transformers: [{}]", "validators: [{}]", "RESOURCES: [{}]",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("field", FIELDS)
async def test_row_30_a_path_outside_the_repository_is_refused(field: str, path: str) -> None:
    (found,) = await refused(tree_of("namePrefix: p-\n" + field.format(path) + "\n"))
    assert "leaves the repository" in found.message or "absolute path" in found.message
    assert (found.path, found.line) == ("o/kustomization.yaml", 2)


@pytest.mark.parametrize(
    "field", ["path: ../../secret.txt", "files: [../../secret.txt]", "replacements: [{path: ../../x}]"]
)
async def test_row_30_nor_by_the_configuration_of_a_transformer(field: str) -> None:
    kind = {"p": "PatchTransformer", "f": "SecretGenerator", "r": "ReplacementTransformer"}[field[0]]
    text = f"apiVersion: builtin\nkind: {kind}\nmetadata: {{name: t}}\n{field}\n"
    (found,) = await refused(tree_of("transformers: [t.yaml]\n", {"o/t.yaml": text}))
    assert "leaves the repository" in found.message
    assert (found.path, found.line) == ("o/t.yaml", 4)


async def test_row_30_nor_a_single_file_outside_of_the_kustomizations_folder() -> None:
    (found,) = await refused(tree_of("configMapGenerator: [{name: a, files: [../secret.txt]}]\n"))
    assert "outside of the kustomization's folder" in found.message


@pytest.mark.parametrize(
    "values", ["../../v.yaml", "/etc/passwd", "file:///etc/passwd", "link.yaml", "https://x/v.yaml", "gone.yaml"]
)
@pytest.mark.parametrize("field", ["valuesFile: {}", "additionalValuesFiles: [{}]"])
async def test_row_31_values_files_are_files_of_the_repository(values: str, field: str) -> None:
    text = f"helmCharts:\n- {{name: shop, releaseName: s, {field.format(values)}}}\n"
    tree = tree_of(text, CHART, links={"o/link.yaml": "/etc/passwd"})
    (found,) = await refused(tree, without_program(inflate=True))
    assert (found.path, found.line) == ("o/kustomization.yaml", 2)


@pytest.mark.parametrize("home", ["../..", "/tmp", "linked"])
async def test_row_31_the_home_of_charts_is_in_the_repository(home: str) -> None:
    text = f"helmCharts: [{{name: shop, releaseName: s}}]\nhelmGlobals: {{chartHome: {home}}}\n"
    tree = tree_of(text, CHART, links={"o/linked": "charts"})
    assert await refused(tree, without_program(inflate=True))


async def test_row_31_links_in_a_chart_are_refused() -> None:
    text = "helmCharts: [{name: shop, releaseName: s}]\n"
    tree = tree_of(text, CHART, links={"o/charts/shop/Chart.lock": "/etc/passwd"})
    (found,) = await refused(tree, without_program(inflate=True))
    assert "Chart.lock" in found.message


@pytest.mark.parametrize(
    "reference", ["", "?ref=main", "?ref=v1.0.0", f"?ref={SHA[:12]}", f"?version=main&ref={SHA[:39]}"]
)
async def test_row_45_a_base_that_may_change_is_refused(reference: str) -> None:
    text = f"resources: ['https://git.example.org/a/b//deploy{reference}']\n"
    (found,) = await refused(tree_of(text), without_program(bases=("https://git.example.org/*",)))
    assert "at any time" in found.message
    assert "40 hexadecimal digits" in found.fix


async def test_row_47_the_same_revision_with_other_files_is_another_result() -> None:
    made = renderer()

    async def data(value: str, **more: Any) -> Rendered:
        files = {"o/a.yaml": MAP.replace("b}", value + "}"), "o/f.txt": value, **more}
        text = "resources: [a.yaml]\nconfigMapGenerator: [{name: g, files: [f.txt]}]\n"
        return await render(made, tree_of(text, files), "o")

    first, second, again = await data("one"), await data("two"), await data("one")
    assert first == again != second
    assert first is again, "it was remembered"
    assert {each.body["data"].get("a") for each in second.resources} == {None, "two"}


async def test_row_47_every_file_is_in_the_key(tmp_path: Path) -> None:
    """Whatever file a build reads, changing it alone gives another answer, from memory and from disk."""
    files = {
        **BASE, "o/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\nnamePrefix: x-\n",
        "o/p.yaml": MAP.replace("a: b", "p: p"),
    }  # fmt: skip
    made = renderer(store=tmp_path / "store")
    before = await render(made, make_tree(files), "o")
    for path, old, new in (
        ("o/kustomization.yaml", "x-", "y-"), ("o/p.yaml", "p: p", "p: q"), ("base/a.yaml", "a: b", "a: c"),
        ("base/kustomization.yaml", "resources", "namespace: n1\nresources"),
    ):  # fmt: skip
        changed = await render(made, make_tree({**files, path: files[path].replace(old, new)}), "o")
        assert changed != before, path
    fresh = renderer(store=tmp_path / "store")
    fresh._builder.build = None  # type: ignore[method-assign,assignment]
    assert await render(fresh, make_tree(files), "o") == before, "it comes from the disk"


async def test_row_47_another_program_or_version_of_the_api_is_in_the_key(tmp_path: Path) -> None:
    other = tmp_path / "kustomize"
    other.write_bytes(program("kustomize").read_bytes() + b"\0")
    other.chmod(0o755)
    first, second = renderer(), renderer()
    second._builder._names = (str(other), "")
    second._cache = first._cache
    one = await render(first, make_tree(BASE), "base")
    two = await render(second, make_tree(BASE), "base")
    assert one is not two
    assert one.tools != two.tools
    assert one.resources == two.resources


async def test_row_64_a_cycle_of_bases_ends() -> None:
    files = {"o/kustomization.yaml": "resources: [../p]\n", "p/kustomization.yaml": "resources: [../o]\n"}
    with pytest.raises(RenderError, match="cycle"):
        await render(renderer(), make_tree(files), "o")


async def test_row_64_what_does_not_fit_is_unknown_and_costs_nobody_else() -> None:
    made = renderer(room=200_000)
    files = {"o/a.yaml": MAP, "o/big.txt": "x" * 300_000}
    tree = tree_of("resources: [a.yaml]\nconfigMapGenerator: [{name: g, files: [big.txt]}]\n", files)
    with pytest.raises(RenderError) as caught:
        await render(made, tree, "o")
    assert [each.level for each in caught.value.findings] == ["unknown"]
    assert (await render(made, tree, "base")).resources


async def test_row_64_more_folders_than_are_read() -> None:
    files = {f"n{i}/kustomization.yaml": f"resources: [../n{i + 1}]\n" for i in range(5100)}
    with pytest.raises(RenderError, match="more folders"):
        await render(without_program(), make_tree(files), "n0")


async def test_row_64_many_contents_stay_within_the_room(tmp_path: Path) -> None:
    made = renderer(scratch=tmp_path / "scratch", room=100_000, kept=0)
    for number in range(12):
        text = f"configMapGenerator: [{{name: g{number}, files: [big.txt]}}]\n"
        await render(made, tree_of(text, {"o/big.txt": f"{number:x}" * 29_000 + "."}), "o")
    contents = list((tmp_path / "scratch" / "contents").iterdir())
    assert sum(each.stat().st_size for each in contents) <= 100_000
    (own,) = (tmp_path / "scratch").glob("own-*")
    assert [each.name for each in own.rglob("*") if each.is_file()] == ["lock"], "a build leaves no file behind"


async def test_what_was_a_folder_may_be_a_file_in_the_next_build(tmp_path: Path) -> None:
    made = renderer(scratch=tmp_path / "scratch")
    first = {"o/kustomization.yaml": "resources: [x/a.yaml]\n", "o/x/a.yaml": MAP}
    second = {"o/kustomization.yaml": "resources: [x]\n", "o/x": MAP}
    for files in (first, second, first):
        assert (await render(made, make_tree(files), "o")).resources


async def test_rows_65_and_64_a_build_that_is_too_long_is_unknown() -> None:
    made = renderer(limits=Limits(seconds=0.001))
    with pytest.raises(RenderError) as caught:
        await render(made, make_tree(BASE), "base")
    (found,) = caught.value.findings
    assert (found.level, found.path) == ("unknown", "base/kustomization.yaml")


@pytest.mark.parametrize(
    "field",
    ["resources: ['{}/x.yaml']", "resources: ['{}/a/b?ref=" + SHA + "']", "components: ['{}/a/b?ref=" + SHA + "']",
     "configMapGenerator: [{{name: a, files: ['k={}/x']}}]", "patches: [{{path: '{}/x.yaml'}}]",
     "crds: ['{}/x']", "openapi: {{path: '{}/x.json'}}", "transformers: ['{}/a/b?ref=" + SHA + "']"],
)  # fmt: skip
async def test_row_66_nothing_is_asked_for_over_the_network(field: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text=MAP)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        (found,) = await refused(tree_of(field.format(url) + "\n"), renderer())
        assert "cannot be pinned" in found.message or "does not allow" in found.message
    finally:
        await runner.cleanup()
    assert asked == []


@pytest.mark.parametrize(
    "text",
    ["resources: [empty.yaml]", "resources: []\nnamePrefix: a-", "resources: [../base]\npatches: [{path: gone.yaml}]"],
)
async def test_row_80_no_object_is_an_error_and_not_an_empty_environment(text: str) -> None:
    gone = MAP + "$patch: delete\n"
    with pytest.raises(RenderError) as caught:
        await render(renderer(), tree_of(text + "\n", {"o/empty.yaml": "# nothing\n", "o/gone.yaml": gone}), "o")
    (found,) = caught.value.findings
    assert (found.level, found.path, found.line) == ("error", "o/kustomization.yaml", 1)
    assert "no object" in found.message


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (MAP.replace("name: a", "generateName: a-"), "metadata.name"),
        (MAP.replace("name: a", "name: a, uid: x"), "uid"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: null}\n", "no value"),
        (MAP + "---\n" + MAP.replace("v1", "example.com/v1").replace("ConfigMap", "T") + "---\n"
         + MAP.replace("v1", "example.com/v2").replace("ConfigMap", "T"), "defined twice"),
    ],
)  # fmt: skip
async def test_rule_28_what_no_environment_can_hold_is_an_error(manifest: str, words: str) -> None:
    with pytest.raises(RenderError, match=words) as caught:
        await render(renderer(), tree_of("resources: [m.yaml]\n", {"o/m.yaml": manifest}), "o")
    assert {each.path for each in caught.value.findings} <= {"o/m.yaml", "o/kustomization.yaml"}


async def test_rule_2_the_programs_are_told_with_version_and_digest() -> None:
    rendered = await render(renderer(), make_tree(BASE), "base")
    (tool,) = rendered.tools
    name, version, digest = tool.split()
    assert (name, version[0]) == ("kustomize", "v")
    assert digest.startswith("sha256:") and len(digest) == 71


BROKEN = {
    "a missing key of a generator": "secretGenerator: [{name: k, literals: [hunter2-is-secret]}]",
    "a repeated key": "secretGenerator: [{name: k, literals: [a=hunter2-is-secret, a=hunter2-is-secret]}]",
    "an env file": "secretGenerator: [{name: k, envs: [s.env]}]",
    "a patch without a target": "resources: [s.yaml]\npatches: [{patch: '{apiVersion: v1, kind: Secret,"
    " metadata: {name: z}, stringData: {p: hunter2-is-secret}}'}]",
    "a patch that is none": "resources: [s.yaml]\npatches: [{patch: swordfish-is-secret, target: {kind: Secret}}]",
    "an unknown field": "resources: [s.yaml]\nnamePrefixx: a",
    "a wrong type": "resources: [s.yaml]\nnamePrefix: [a]",
    "a base that is broken": "resources: [sub]",
    "a collision": "resources: [s.yaml, t.yaml]",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_rows_51_and_54_errors_hold_no_secret_and_no_path_of_the_machine(name: str, tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2-is-secret}\n"
    files = {
        "o/s.yaml": secret,
        "o/t.yaml": secret,
        "o/sub/kustomization.yaml": "vars: [x]\n",
        "o/s.env": "a=1\na=hunter2-is-secret\n=hunter2-is-secret\n",
    }
    made = renderer(scratch=tmp_path / "scratch")
    with pytest.raises(RenderError) as caught:
        await render(made, tree_of(BROKEN[name] + "\n", files), "o")
    (found,) = caught.value.findings
    print(name, "→", found.message)
    assert "hunter2" not in repr(found)
    assert "swordfish" not in repr(found)
    assert "aHVudGVyMi1pcy1zZWNyZXQ" not in repr(found)
    assert str(tmp_path) not in found.message
    assert "/tmp" not in found.message
    assert (found.level, found.path.partition("/")[0]) == ("error", "o")
    assert (found.path == "o/sub/kustomization.yaml") is (name == "a base that is broken")


async def test_row_54_a_build_sees_nothing_but_its_files(tmp_path: Path) -> None:
    """Even what a walk would overlook is not there: the folder of a build holds just what the walk named."""
    made = renderer(scratch=tmp_path / "scratch")
    seen: list[set[str]] = []
    build = made._builder.build

    async def look(run: Path, *rest: Any) -> Any:
        seen.append({each.relative_to(run).as_posix() for each in run.rglob("*") if each.is_file()})
        return await build(run, *rest)

    made._builder.build = look  # type: ignore[method-assign, assignment]
    await render(made, tree_of("resources: [../base]\n", {"o/other.yaml": MAP}), "o")
    assert seen == [{"tree/o/kustomization.yaml", "tree/base/kustomization.yaml", "tree/base/a.yaml"}]


async def test_keys_that_differ_in_case_are_refused() -> None:
    (found,) = await refused(tree_of("resources: [../base]\nResources: [../../x]\n"))
    assert 'sets "resources" twice' in found.message
    for text in ("helmCharts: [{name: shop, releaseName: s, ReleaseName: -x}]", "labels: [{pairs: {}, Pairs: {}}]"):
        (found,) = await refused(tree_of(text + "\n"))
        assert "twice in different spellings" in found.message
    for free in (
        "commonLabels: {a: b, A: c}", "commonAnnotations: {a: b, A: c}", "labels: [{pairs: {a: b, A: c}}]",
        "generatorOptions: {labels: {a: b, A: c}}", "generatorOptions: {annotations: {a: b, A: c}}",
    ):  # fmt: skip
        assert (await render(renderer(), tree_of(f"resources: [../base]\n{free}\n"), "o")).resources
    for text in ("resources: [../base]\n---\nresources: [../../x]\n", "---\n---\nresources: [../base]\n"):
        (found,) = await refused(tree_of(text))
        assert "more than one document" in found.message


async def test_renders_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    made = renderer(scratch=tmp_path / "scratch")
    trees = [make_tree({**BASE, "base/a.yaml": MAP.replace("a: b", f"n: '{n}'")}) for n in range(12)]
    results = await asyncio.gather(*(render(made, each, "base") for each in trees))
    assert [each.resources[0].body["data"]["n"] for each in results] == [str(n) for n in range(12)]


async def test_row_81_a_server_without_the_program_knows_nothing() -> None:
    tree = replace(make_tree(BASE))
    with pytest.raises(RenderError) as caught:
        await without_program().render(tree, Source(path="base"), Kubernetes())
    (found,) = caught.value.findings
    assert (found.level, "neither kustomize nor kubectl" in found.message) == ("unknown", True)
    assert "install one where Tidegate runs" in found.message
