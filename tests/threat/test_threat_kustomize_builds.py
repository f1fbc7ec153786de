"""Builds of kustomize: exactly what the files say, within their limits, and without a secret where they fail."""

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import RenderError
from bot.git.local import LocalRepository
from bot.jail import Limits
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from tests.support.kustomizations import BASE, MAP, render, renderer, tree_of, without_program
from tests.support.programs import program
from tests.support.trees import tree as make_tree


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
