"""A repository on this machine: its working tree, also from a folder within it, and what differs from a commit."""

import os
import subprocess
from pathlib import Path

import pytest

from bot.errors import InputError, TreeError
from bot.git.local import PIECE, LocalRepository
from tests.support.commits import GIT, committed, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    for name in ("a/same", "a/other", "a/gone", "top"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("top")
    return committed(tmp_path)


async def test_the_working_tree_is_whole_wherever_one_stands(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(repository / "pipe")
    monkeypatch.chdir(repository / "a")
    tree = await (await LocalRepository.find(Path())).working_tree()
    assert set(tree.entries) == {"a/same", "a/other", "a/gone", "top", "link"}
    assert tree.entries["link"].mode == "120000"


async def test_what_is_the_same_as_a_commit_has_its_ids(repository: Path) -> None:
    (repository / "a/gone").unlink()
    (repository / "a/other").write_text("a/0ther")
    (repository / "new").write_text("new")
    (repository / "top").chmod(0o755)
    local = await LocalRepository.find(repository)
    base = await local.tree("HEAD")
    tree = await local.compared(await local.working_tree(), base)
    before = {(path, entry.mode, entry.blob) for path, entry in base.entries.items()}
    same = {path for path, entry in tree.entries.items() if (path, entry.mode, entry.blob) in before}
    assert same == {"a/same", "top", "link"}
    assert set(tree.entries) == {"a/same", "a/other", "top", "link", "new"}
    loaded = await local.load(tree, frozenset({"a/same", "a/other"}))
    assert (loaded.read("a/same"), loaded.read("a/other")) == (b"a/same", b"a/0ther")
    (repository / "link").unlink()
    (repository / "link").symlink_to("new")
    again = await local.compared(await local.working_tree(), base)
    assert again.entries["link"].blob != base.entries["link"].blob


async def test_what_a_sparse_checkout_leaves_out_is_as_the_index_has_it(repository: Path) -> None:
    local = await LocalRepository.find(repository)
    base = await local.tree("HEAD")
    for arguments in (["sparse-checkout", "set", "--no-cone", "/*", "!/a/", "/a/other"], ["checkout", "-q"]):
        git(repository, *arguments)
    assert sorted(os.listdir(repository / "a")) == ["other"]
    (repository / "a/other").unlink()
    tree = await local.compared(await local.working_tree(), base)
    assert set(tree.entries) == {"a/same", "a/gone", "top", "link"}
    loaded = await local.load(tree, frozenset(tree.entries))
    assert (loaded.read("a/same"), loaded.read("top")) == (b"a/same", b"top")
    assert {path for path in tree.entries if tree.entries[path].blob != base.entries[path].blob} == set()


async def test_what_lies_behind_a_link_is_not_read(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a"
    (repository / "a").rename(elsewhere)
    (repository / "a").symlink_to(elsewhere)
    tree = await (await LocalRepository.find(repository)).working_tree()
    assert {path: entry.mode for path, entry in tree.entries.items()} == {
        "a": "120000",
        "link": "120000",
        "top": "100644",
    }


async def test_a_folder_in_the_place_of_a_file_is_no_submodule_and_a_repository_is(repository: Path) -> None:
    (repository / "top").unlink()
    (repository / "top").mkdir()
    (repository / "top/new").write_text("new")
    git(repository, "init", "-q", "a/inner")
    tree = await (await LocalRepository.find(repository)).working_tree()
    assert {path for path, entry in tree.entries.items() if entry.mode == "160000"} == {"a/inner"}
    assert {"top", "top/new"} & set(tree.entries) == {"top/new"}


async def test_a_submodule_stays_one_and_what_is_ignored_is_left_out(repository: Path) -> None:
    git(repository, "init", "-q", "module")
    (repository / ".gitignore").write_text("ignored\n")
    (repository / "ignored").write_text("secret")
    head = subprocess.run(
        [*GIT, "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout
    for arguments in (
        ["update-index", "--add", "--cacheinfo", f"160000,{head.strip()},module"],
        ["commit", "-qm", "m"],
    ):
        git(repository, *arguments)
    local = await LocalRepository.find(repository)
    base = await local.tree("HEAD")
    tree = await local.compared(await local.working_tree(), base)
    assert set(tree.entries) - set(base.entries) == {".gitignore"}
    assert tree.entries["module"] == base.entries["module"]
    assert tree.entries["module"].mode == "160000"


async def test_what_is_no_file_any_more_is_not_read_as_one(repository: Path) -> None:
    local = await LocalRepository.find(repository)
    base = await local.tree("HEAD")
    (repository / "top").unlink()
    os.mkfifo(repository / "top")
    (repository / "link").unlink()
    (repository / "link").write_text("top")  # what the link held
    tree = await local.compared(await local.working_tree(), base)
    assert "top" not in tree.entries
    assert tree.entries["link"].mode == "100644"
    (repository / "a/same").unlink()
    (repository / "a/same").mkdir()
    with pytest.raises(TreeError, match="a/same: Is a directory"):
        await local.load(tree, frozenset({"a/same"}))


async def test_a_file_of_any_length_is_read_to_its_end(repository: Path) -> None:
    local = await LocalRepository.find(repository)
    for length in (0, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE):
        (repository / "top").write_bytes(b"x" * length)
        loaded = await local.load(await local.working_tree(), frozenset({"top"}))
        assert loaded.read("top") == b"x" * length


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, PIECE, 2 * PIECE + 11])
async def test_a_file_that_grew_or_shrank_since_it_was_listed_is_read_as_it_is(repository: Path, length: int) -> None:
    local = await LocalRepository.find(repository)
    (repository / "top").write_bytes(b"0123456789")
    listed = await local.working_tree()
    (repository / "top").write_bytes(b"x" * length)
    assert (await local.load(listed, frozenset({"top"}))).read("top") == b"x" * length


async def test_a_git_file_that_names_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("junk")
    with pytest.raises(InputError, match="does not name a git folder"):
        await LocalRepository.find(tmp_path)


async def test_a_clone_that_lacks_what_is_asked_for_says_why(repository: Path, tmp_path: Path) -> None:
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    whole = await LocalRepository.find(repository)
    assert await whole.resolve("HEAD~1")
    with pytest.raises(InputError, match=r"^there is no commit 'nowhere'$"):
        await whole.resolve("nowhere")
    shallow, bare = tmp_path / "shallow", tmp_path / "bare"
    for more in (["--depth", "1", str(shallow)], ["--bare", str(bare)]):
        subprocess.run([*GIT, "clone", "-q", f"file://{repository}", *more], check=True)
    with pytest.raises(InputError, match="there is no commit 'HEAD~1'; this clone is shallow"):
        await (await LocalRepository.find(shallow)).resolve("HEAD~1")
    with pytest.raises(InputError, match="bare repository"):
        await LocalRepository.find(bare / "refs")


async def test_a_worktree_of_a_folder_with_any_name(repository: Path) -> None:
    odd = os.fsdecode(os.fsencode(repository.parent) + b"/odd-\xff")
    repository.rename(odd)
    git(odd, "worktree", "add", "-q", str(repository))
    assert b"\xff" in (repository / ".git").read_bytes()
    assert "top" in (await (await LocalRepository.find(repository)).working_tree()).entries
