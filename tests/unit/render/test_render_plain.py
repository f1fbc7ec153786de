"""The plain renderer: which files it reads, and what it makes of a source that cannot be used."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.tree import UNCOMMITTED, Tree
from bot.render.plain import MOST, Plain

Trees = Callable[..., Tree]


def manifest(name: str, kind: str = "ConfigMap") -> str:
    """A small object."""
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"


async def names(tree: Tree, path: str = "envs/prod") -> list[str]:
    """The rendered objects' names."""
    return [each.id.name for each in (await Plain().render(tree, Source(path=path), Kubernetes())).resources]


async def problems(tree: Tree, path: str = "envs/prod") -> list[Finding]:
    """Why it does not render."""
    with pytest.raises(RenderError) as error:
        await Plain().render(tree, Source(path=path), Kubernetes())
    return list(error.value.findings)


async def test_every_manifest_below_the_source_is_read_in_order_of_path(tree: Trees) -> None:
    files = {
        "envs/prod/z.yaml": manifest("z"), "envs/prod/b/deep/er.yml": manifest("er"),
        "envs/prod/a.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}',
        "envs/prod/.hidden.yaml": manifest("hidden"), "envs/prod/many.yaml": manifest("m1") + "---\n" + manifest("m2"),
        "envs/prod/README.md": "# not read", "envs/prod/values.yaml.bak": ":",
        "envs/production/no.yaml": manifest("no"),
        "envs/dev/no.yaml": manifest("no"),
    }  # fmt: skip
    assert await names(tree(files)) == ["hidden", "a", "er", "m1", "m2", "z"]


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
async def test_build_files_are_skipped_and_what_is_beside_them_is_read(tree: Trees, name: str) -> None:
    files = {
        "envs/prod/a.yaml": manifest("a"),
        f"envs/prod/x/{name}": "resources: [b.yaml]\n",
        "envs/prod/x/b.yaml": manifest("b"),
    }
    assert await names(tree(files)) == ["a", "b"]
    assert f"envs/prod/x/{name}" not in Plain().reads(tree(files), Source(path="envs/prod"))


async def test_the_whole_repository_may_be_the_source(tree: Trees) -> None:
    files = {"tidegate.yaml": "version: 1\n", "a.yaml": manifest("a"), "sub/tidegate.yaml": manifest("b")}
    for path in ("", ".", "./"):
        assert await names(tree(files), path) == ["a", "b"]


@pytest.mark.parametrize("path", ["envs/prod/", "./envs/prod", "envs//prod", "envs/x/../prod", "envs/prod/a.yaml"])
async def test_a_path_may_be_written_in_several_ways(tree: Trees, path: str) -> None:
    assert await names(tree({"envs/prod/a.yaml": manifest("a")}), path) == ["a"]


@pytest.mark.parametrize("path", ["..", "../other", "/etc", "/", "envs/../../x", "//etc"])
async def test_a_path_outside_the_repository_is_refused(tree: Trees, path: str) -> None:
    made = tree({"envs/prod/a.yaml": manifest("a")})
    (found,) = await problems(made, path)
    assert found.message == f"source {path} is outside the repository"
    assert Plain().reads(made, Source(path=path)) == frozenset()


async def test_a_path_that_only_looks_like_a_parent_is_one_of_ours(tree: Trees) -> None:
    assert await names(tree({"..envs/a.yaml": manifest("a")}), "..envs") == ["a"]


async def test_a_path_that_is_not_there_is_told_with_the_nearest(tree: Trees) -> None:
    (found,) = await problems(tree({"envs/prod/a.yaml": manifest("a")}), "envs/prd")
    assert found.message == "source envs/prd does not exist at c0ffee0"
    assert found.fix == "did you mean envs/prod?"
    (found,) = await problems(replace(tree({"a.yaml": manifest("a")}), revision=UNCOMMITTED), "envs/prd")
    assert found.message == "source envs/prd does not exist in the working tree"


async def test_a_file_that_is_no_manifest_is_no_source(tree: Trees) -> None:
    (found,) = await problems(tree({"envs/notes.txt": "x"}), "envs/notes.txt")
    assert found.message == "source envs/notes.txt is a file, but no manifest"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"envs/prod/README.md": "x"},
         "it has no .yaml, .yml or .json file"),
        ({"envs/prod/a.yaml": "# nothing\n---\n---\n"},
         "its manifests hold no object"),
        ({"envs/prod/a.yaml": "apiVersion: v1\nkind: List\nitems: []\n"},
         "its manifests hold no object"),
    ],
)  # fmt: skip
async def test_nothing_is_an_error(tree: Trees, files: dict[str, str], why: str) -> None:
    message = f"envs/prod renders to no object, since {why}; an empty environment is never applied"
    assert [each.message for each in await problems(tree(files))] == [message]


@pytest.mark.parametrize("path", ["", ".", "./"])
async def test_a_repository_without_manifests_is_an_error(tree: Trees, path: str) -> None:
    (found,) = await problems(tree({"README.md": "x"}), path)
    assert found.message.startswith("the repository renders to no object")
    assert found.path == ""


async def test_links_are_refused_and_not_read(tree: Trees) -> None:
    links = {"envs/prod/base": "../../base", "envs/prod/l.yaml": "/etc/passwd"}
    made = tree({"envs/prod/a.yaml": manifest("a"), "base/b.yaml": manifest("b")}, links, ("envs/prod/vendor\r",))
    found = await problems(made)
    assert [(each.path, each.message) for each in found] == [
        ("envs/prod/base", "envs/prod/base is a symbolic link, which is never followed"),
        ("envs/prod/l.yaml", "envs/prod/l.yaml is a symbolic link, which is never followed"),
        ("envs/prod/vendor\\r", "envs/prod/vendor\\r is a submodule, which is never fetched"),
    ]
    reads = Plain().reads(made, Source(path="envs/prod"))
    assert reads == {"envs/prod/a.yaml", *links, "envs/prod/vendor\r"}, "a new link must be seen as a change"
    assert replace(made, blobs={}).missing(reads) == {"envs/prod/a.yaml"}, "a link is never loaded"


@pytest.mark.parametrize("link", ["envs", "envs/prod"])
async def test_a_source_behind_a_link_is_refused(tree: Trees, link: str) -> None:
    (found,) = await problems(tree({"base/b.yaml": manifest("b")}, {link: "base"}))
    assert found.message == f"{link} is a symbolic link, which is never followed"


async def test_a_duplicate_names_both_places(tree: Trees) -> None:
    files = {"envs/prod/a.yaml": manifest("x") + "---\n" + manifest("a"), "envs/prod/b.yaml": "\n\n" + manifest("a")}
    (found,) = await problems(tree(files))
    assert found.message == "ConfigMap a is defined twice: here and at envs/prod/a.yaml:5"
    assert (found.path, found.line) == ("envs/prod/b.yaml", 3)


async def test_another_version_is_a_duplicate_and_another_group_or_namespace_is_not(tree: Trees) -> None:
    text = "apiVersion: {0}\nkind: Ingress\nmetadata: {{name: a, namespace: {1}}}\n"
    one, other = text.format("networking.k8s.io/v1", "here"), text.format("networking.k8s.io/v1beta1", "here")
    assert len(await problems(tree({"envs/prod/a.yaml": one + "---\n" + other}))) == 1
    elsewhere = [text.format("extensions/v1", "here"), text.format("networking.k8s.io/v1", "there")]
    assert await names(tree({"envs/prod/a.yaml": "---\n".join([one, *elsewhere])})) == ["a", "a", "a"]


async def test_the_problems_of_all_files_are_told_together(tree: Trees) -> None:
    files = {
        "envs/prod/a.yaml": "a: [1\n",
        "envs/prod/b.yaml": "a: 1\na: 2\n",
        "envs/prod/c.json": "{]",
        "envs/prod/d.yaml": "kind: X\n",
    }
    found = await problems(tree(files))
    assert [(each.path, each.line, each.column) for each in found] == [
        ("envs/prod/a.yaml", 2, 1), ("envs/prod/b.yaml", 2, 1), ("envs/prod/c.json", 1, 2), ("envs/prod/d.yaml", 1, 1),
    ]  # fmt: skip
    assert all(each.level == "error" and each.check == "render" and each.line and each.fix for each in found)


async def test_many_problems_are_cut_and_counted(tree: Trees) -> None:
    found = await problems(tree({"envs/prod/a.yaml": "---\n".join(["a: 1\n"] * (MOST + 7))}))
    assert len(found) == MOST + 1
    assert found[-1].message == "7 more problems are not shown"


async def test_a_file_name_stays_on_its_line(tree: Trees) -> None:
    name = "envs/prod/a\n\x1b[31m\u202e.yaml"
    (bad,) = await problems(tree({name: "a: 1\n"}))
    assert bad.path == "envs/prod/a\\n\\x1b[31m\\u202e.yaml"
    (good,) = (await Plain().render(tree({name: manifest("a")}), Source(path="envs/prod"), Kubernetes())).resources
    assert good.origin
    assert good.origin.path == bad.path


async def test_a_long_path_is_kept_whole(tree: Trees) -> None:
    name = "envs/prod/" + "/".join(["deep" * 10] * 20) + "/a.yaml"
    (found,) = (await Plain().render(tree({name: manifest("a")}), Source(path="envs/prod"), Kubernetes())).resources
    assert found.origin
    assert found.origin.path == name


async def test_json_is_read_as_json(tree: Trees) -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"wave": "\\ud83c\\udf0a"}}'
    (found,) = (
        await Plain().render(tree({"envs/prod/a.json": text}), Source(path="envs/prod"), Kubernetes())
    ).resources
    assert found.body["data"] == {"wave": "\N{WATER WAVE}"}
    (refused,) = await problems(tree({"envs/prod/a.json": manifest("a")}))
    assert refused.line == 1


async def test_a_file_that_was_not_loaded_is_an_error(tree: Trees) -> None:
    (found,) = await problems(replace(tree({"envs/prod/a.yaml": manifest("a")}), blobs={}))
    assert found.message.startswith("envs/prod/a.yaml was not loaded")


@pytest.mark.parametrize(
    ("files", "claimed"),
    [
        ({"envs/prod/a.yaml": ""}, True),
        ({"envs/prod/x/kustomization.yaml": ""}, True),
        ({"envs/prod/kustomization.yaml": ""}, False),
        ({"envs/prod/Kustomization": ""}, False),
        ({"envs/prod/Chart.yaml": ""}, False),
        ({}, True),
    ],
)
def test_a_folder_that_another_tool_builds_is_not_claimed(tree: Trees, files: dict[str, Any], claimed: bool) -> None:
    assert Plain().claims(tree(files), Source(path="./envs/prod/")) is claimed
    at_the_root = {path.removeprefix("envs/prod/"): text for path, text in files.items()}
    assert Plain().claims(tree(at_the_root), Source(path=".")) is claimed
