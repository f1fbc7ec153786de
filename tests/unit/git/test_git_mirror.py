"""git as an object store: hostile names stay data, and nothing of the machine's configuration has an effect."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import InputError, TemporaryError, TreeError
from bot.git import process
from bot.git.mirror import MAX_BLOB, Mirror
from bot.git.objects import parse_merge, valid_branch
from bot.git.process import commit_id, environment
from bot.model.forge import Remote
from bot.model.noun import Sha


@dataclass
class Work:
    """A working repository that tests commit to, and a mirror that shares its objects."""

    top: Path
    mirror: Mirror

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", *arguments],
            cwd=self.top, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, files: dict[str, str], message: str = "change") -> Sha:
        for name, text in files.items():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return Sha(self.git("rev-parse", "HEAD"))


@pytest.fixture
def work(tmp_path: Path) -> Work:
    top = tmp_path / "work"
    top.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(top)], check=True)
    return Work(top=top, mirror=Mirror(top / ".git"))


async def test_a_tree_is_read_without_a_checkout(work: Work) -> None:
    sha = work.commit({"envs/dev/a.yaml": "a: 1\n", "b.txt": "b"})
    tree = await work.mirror.tree(sha)
    assert sorted(tree.entries) == ["b.txt", "envs/dev/a.yaml"]
    loaded = await work.mirror.load(tree, frozenset({"envs/dev/a.yaml"}))
    assert loaded.read("envs/dev/a.yaml") == b"a: 1\n"
    with pytest.raises(TreeError, match="was not loaded"):
        loaded.read("b.txt")


async def test_names_that_are_no_text_stay_apart(work: Work) -> None:
    for byte in (b"\xe9", b"\xea"):
        Path(os.fsdecode(os.fsencode(work.top) + b"/caf" + byte)).write_bytes(byte)
    tree = await work.mirror.tree(work.commit({}))
    assert sorted(tree.entries) == ["caf\udce9", "caf\udcea"]
    loaded = await work.mirror.load(tree, frozenset(tree.entries))
    assert [loaded.read(path) for path in sorted(tree.entries)] == [b"\xe9", b"\xea"]


async def test_what_a_merge_writes_is_on_the_disk_when_it_is_told(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = work.commit({"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"})
    one = work.commit({"a.yaml": "a: 2\n"})
    work.git("reset", "--quiet", "--hard", base)
    other = work.commit({"b.yaml": "b: 2\n"})
    monkeypatch.setitem(process.ISOLATION, "GIT_TRACE2_EVENT", str(tmp_path / "events"))
    await work.mirror.merge(one, other)
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    # newer versions of git tell it as a counter
    flushed = [
        int(each.get("value", each.get("count", 0)))
        for each in events
        if "hardware-flush" in (each.get("key", "").rpartition("/")[2], each.get("name"))
    ]
    assert flushed == [1], "of the merged tree"


async def test_an_object_that_is_lost_is_told(work: Work) -> None:
    tree = await work.mirror.tree(work.commit({"a.yaml": "a: 1\n"}))
    blob = tree.entries["a.yaml"].blob
    (work.top / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(TemporaryError, match=f"git has no object {blob}"):
        await work.mirror.load(tree, frozenset({"a.yaml"}))


async def test_symbolic_links_and_submodules_are_refused(work: Work) -> None:
    work.commit({"a.yaml": "a: 1\n"})
    os.symlink("/etc/passwd", work.top / "link.yaml")
    head = work.commit({})
    work.git("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    work.git("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    work.git("commit", "--quiet", "--message", "module")
    tree = await work.mirror.tree(work.git("rev-parse", "HEAD"))
    tree = await work.mirror.load(tree, frozenset(tree.entries))
    with pytest.raises(TreeError, match="symbolic link"):
        tree.read("link.yaml")
    with pytest.raises(TreeError, match="submodule"):
        tree.read("module")


def made(work: Work, command: str, text: str) -> str:
    """The id of an object that git makes of a text."""
    done = subprocess.run(
        ["git", *command.split()], cwd=work.top, input=text, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


async def test_trees_that_name_each_other_to_millions_of_files_are_refused_at_once(work: Work) -> None:
    listing = f"100644 blob {made(work, 'hash-object -w --stdin', 'a: 1')}\tfile"
    for _ in range(8):
        tree = made(work, "mktree", "\n".join(f"{listing}{number}" for number in range(10)) + "\n")
        listing = f"040000 tree {tree}\tfolder"
    with pytest.raises(InputError, match="more files than the 100000 that are read"):
        await work.mirror.tree(tree)


async def test_files_that_take_no_room_in_git_do_not_take_all_memory(work: Work) -> None:
    texts = [f"# {number}\n" + "#" * (14 * 2**20) for number in range(10)]
    tree = await work.mirror.tree(work.commit({f"{number}.yaml": text for number, text in enumerate(texts)}))
    few = await work.mirror.load(tree, frozenset({"0.yaml", "1.yaml"}))
    assert few.read("1.yaml") == texts[1].encode()
    with pytest.raises(InputError, match="140 MiB together; at most 128 MiB are read"):
        await work.mirror.load(few, frozenset(tree.entries))


async def test_a_file_that_is_too_large_is_refused_by_name(work: Work) -> None:
    tree = await work.mirror.tree(work.commit({"large.yaml": "x" * (MAX_BLOB + 1), "b.yaml": "b: 1\n"}))
    with pytest.raises(InputError, match=r"'large\.yaml' has 16777217 bytes"):
        await work.mirror.load(tree, frozenset({"large.yaml"}))
    assert (await work.mirror.load(tree, frozenset({"b.yaml"}))).read("b.yaml") == b"b: 1\n"


async def test_git_is_ended_when_it_prints_more_than_is_read(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    first = work.commit({}, "m" * 100_000)
    monkeypatch.setattr("bot.git.process.MAX_OUTPUT", 50_000)
    with pytest.raises(TemporaryError, match="printed more than is read"):
        await work.mirror.commits(None, first)


async def test_a_merge_is_computed_in_memory(work: Work) -> None:
    base = work.commit({"a": "1\n", "b": "1\n"})
    work.git("checkout", "--quiet", "-b", "topic")
    topic = work.commit({"a": "2\n"})
    work.git("checkout", "--quiet", "main")
    main = work.commit({"b": "2\n"})
    merged = await work.mirror.merge(main, topic)
    assert merged.tree is not None
    tree = await work.mirror.load(await work.mirror.tree(merged.tree), frozenset({"a", "b"}))
    assert (tree.read("a"), tree.read("b")) == (b"2\n", b"2\n")
    assert await work.mirror.descends(base, main)
    assert not await work.mirror.descends(topic, main)


async def test_a_conflict_names_its_paths(work: Work) -> None:
    work.commit({"dir/a b.yaml": "1\n"})
    work.git("checkout", "--quiet", "-b", "topic")
    topic = work.commit({"dir/a b.yaml": "2\n"})
    work.git("checkout", "--quiet", "main")
    main = work.commit({"dir/a b.yaml": "3\n"})
    merged = await work.mirror.merge(main, topic)
    assert merged.tree is None
    assert merged.conflicts == ("dir/a b.yaml",)


async def test_what_git_said_of_ids_is_not_asked_again(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = work.commit({"a": "1\n"}), work.commit({"a": "2\n"})
    asked = tmp_path / "asked"
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho >> {asked}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    mirror = work.mirror

    async def ask() -> tuple[object, ...]:
        return (
            await mirror.has(second), await mirror.descends(first, second), await mirror.parents(second),
            await mirror.commits(first, second), await mirror.merge(first, second), await mirror.tree(second),
        )  # fmt: skip

    answers, questions = await ask(), asked.read_text()
    assert questions == "\n" * len(answers)
    assert await ask() == answers
    assert asked.read_text() == questions


@pytest.mark.parametrize(("commits", "kept"), [(("m",) * 30, True), (("m" * 20_000,), False), (("m",) * 40, False)])
async def test_long_histories_are_not_kept(work: Work, commits: tuple[str, ...], kept: bool) -> None:
    first = work.commit({"a": "1\n"})
    for each in commits:
        last = work.commit({}, each)
    assert len(await work.mirror.commits(first, last)) == len(commits)
    shutil.rmtree(work.mirror.folder)
    if kept:
        assert len(await work.mirror.commits(first, last)) == len(commits)
    else:
        with pytest.raises(TemporaryError):
            await work.mirror.commits(first, last)


async def test_what_was_missing_is_asked_again(work: Work, tmp_path: Path) -> None:
    first = work.commit({"a": "1\n"})
    mirror = Mirror(tmp_path / "mirror.git")
    await mirror.open()
    assert not await mirror.has(first)
    assert not await mirror.descends(first, first)
    subprocess.run(["git", f"--git-dir={mirror.folder}", "fetch", "--quiet", str(work.top), "main"], check=True)
    assert await mirror.has(first)
    assert await mirror.descends(first, first)


async def test_a_mirror_that_was_removed_is_known_to_hold_nothing(work: Work) -> None:
    first = work.commit({"a": "1\n"})
    assert await work.mirror.has(first)
    shutil.rmtree(work.mirror.folder)
    await work.mirror.open()
    assert not await work.mirror.has(first)


async def test_attributes_change_no_byte(work: Work) -> None:
    text = "x: $Id$\r\n"
    (work.top / ".gitattributes").write_text("*.yaml ident text eol=lf working-tree-encoding=UTF-16\n")
    work.git("add", ".gitattributes")
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin", "--no-filters"],
        cwd=work.top,
        input=text,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    work.git("update-index", "--add", "--cacheinfo", f"100644,{blob},a.yaml")
    work.git("commit", "--quiet", "--message", "attributes")
    tree = await work.mirror.tree(work.git("rev-parse", "HEAD"))
    assert (await work.mirror.load(tree, frozenset({"a.yaml"}))).read("a.yaml") == text.encode()


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=x",
        "a..b",
        "a b",
        "a:b",
        "",
        "a\nb",
        "x.lock",
        "@{u}",
        "/a",
        "a/",
        "^a",
        "x.lock/a",
        ".a",
        "a/.b",
        "a.",
        "@",
        "a//b",
    ],
)
def test_names_that_are_no_branches_are_refused(name: str) -> None:
    assert valid_branch(name) is (name == "--upload-pack=x")


@pytest.mark.parametrize("text", ["--output=f", "HEAD", "main", "a" * 39, "A" * 40, "a" * 40 + "\n"])
def test_only_full_commit_ids_become_arguments(text: str) -> None:
    with pytest.raises(InputError):
        commit_id(text)


async def test_a_branch_that_looks_like_an_option_stays_a_name(work: Work, tmp_path: Path) -> None:
    work.commit({"a": "1\n"})
    with pytest.raises((InputError, TemporaryError)) as caught:
        await work.mirror.fetch(Remote(url="http://127.0.0.1:9/none.git", token="t0ken"), "--upload-pack=touch x")
    assert "t0ken" not in str(caught.value)
    assert not (tmp_path / "x").exists()


async def test_what_is_no_branch_is_never_asked_for(work: Work) -> None:
    with pytest.raises(InputError, match="cannot be a branch"):
        await work.mirror.fetch(Remote(url="http://127.0.0.1:9/none.git", token="t"), "a:refs/heads/b")


async def test_other_protocols_are_refused(work: Work) -> None:
    work.commit({"a": "1\n"})
    for url in (f"file://{work.top}", f"ext::sh -c 'touch {work.top}/owned'", str(work.top)):
        with pytest.raises(TemporaryError):
            await work.mirror.fetch(Remote(url=url, token="t"), "main")
    assert not (work.top / "owned").exists()


def test_the_machines_configuration_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/somebody/gitconfig")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    made = environment({})
    assert made["GIT_CONFIG_NOSYSTEM"] == "1"
    assert made["GIT_CONFIG_GLOBAL"] == made["HOME"] == os.devnull
    assert (made["GIT_TERMINAL_PROMPT"], made["GIT_NO_REPLACE_OBJECTS"], made["GIT_ATTR_NOSYSTEM"]) == ("0", "1", "1")
    assert "GITHUB_TOKEN" not in made


def test_a_clean_merge_is_its_tree() -> None:
    assert parse_merge(0, b"a" * 40 + b"\0").tree == "a" * 40
