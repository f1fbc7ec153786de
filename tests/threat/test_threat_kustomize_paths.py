"""What a kustomization names: odd names stay names; links, pointers and what leads out or may change are refused."""

import pytest
from aiohttp import web

from bot.model.environment import Source
from tests.support.kustomizations import BASE, MAP, refused, render, renderer, tree_of, without_program
from tests.support.trees import tree as make_tree

SHA = "0123456789abcdef0123456789abcdef01234567"


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


async def test_row_25_what_git_lfs_keeps_is_refused() -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n"
    tree = tree_of("configMapGenerator: [{name: a, files: [big.bin]}]\n", {"o/big.bin": pointer})
    (found,) = await refused(tree)
    assert "git LFS" in found.message


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
    "reference", ["", "?ref=main", "?ref=v1.0.0", f"?ref={SHA[:12]}", f"?version=main&ref={SHA[:39]}"]
)
async def test_row_45_a_base_that_may_change_is_refused(reference: str) -> None:
    text = f"resources: ['https://git.example.org/a/b//deploy{reference}']\n"
    (found,) = await refused(tree_of(text), without_program(bases=("https://git.example.org/*",)))
    assert "at any time" in found.message
    assert "40 hexadecimal digits" in found.fix


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
