"""Pure parts: what git prints, and diffs as numbered lines."""

import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.localforge.git.repository import GitDir
from bot.localforge.git.values import Change, Signature
from bot.localforge.git.write import Draft, commit_files
from bot.localforge.site.diff import file_views

NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0/"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..") and name.lower() != ".git" and len(name.encode()) < 100
)
LINES = st.lists(
    st.sampled_from(["a", "b", "diff --git a/x b/x", "@@ -1 +1 @@", "--- a/x", "", "+", "\\ No"]), max_size=8
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(NAMES, LINES, min_size=1, max_size=4), LINES)
async def test_git_tells_what_was_written(
    tmp_path_factory: object, files: dict[str, list[str]], more: list[str]
) -> None:
    folder: Path = tmp_path_factory.mktemp("git") / "x"  # type: ignore[attr-defined]  # pytest's own fixture
    git = await GitDir.create(folder, "main")
    who = Signature("A\n<B>", "a@b", "2026-01-01T00:00:00Z")
    content = {name: ("100644", "\n".join(lines).encode()) for name, lines in files.items()}
    first = await commit_files(
        git, Draft(branch="main", message="one\n\ntwo\0", author=who, committer=who, parent=None, files=content)
    )
    assert {each.path for each in await git.tree(first)} == set(files)
    name = next(iter(files))
    changed = ("100644", ("\n".join(more) + "\nend\n").encode())
    second = await commit_files(
        git, Draft(branch="main", message="m", author=who, committer=who, parent=first, files={name: changed})
    )
    changes = await git.changes(first, second)
    if changed[1] != content[name][1]:
        assert [each.path for each in changes] == [name]
        assert changes[0].patch is not None
        added = [line for line in changes[0].patch.split("\n") if line.startswith("+")]
        assert len(added) == changes[0].additions
    commit = await git.commit(second)
    assert (commit.parents, commit.author) == ((first,), Signature("AB", "a@b", "2026-01-01T00:00:00Z"))
    assert subprocess.run(["git", "fsck", "--strict"], cwd=folder, capture_output=True, check=False).returncode in (
        0,
        1,
        2,
    )


def change(patch: str | None) -> Change:
    return Change("a.yaml", None, "modified", "0" * 40, 1, 1, patch)


def note(line: int, path: str = "a.yaml") -> dict[str, object]:
    return {"path": path, "start_line": line, "end_line": line, "annotation_level": "failure", "message": str(line)}


def test_lines_are_numbered_and_carry_their_annotations() -> None:
    patch = "@@ -3,3 +3,3 @@ spec:\n same\n-old\n+new\n last\n\\ No newline at end of file"
    (view,) = file_views([change(patch)], [note(4), note(99), note(4, "other")])
    assert [(line.kind, line.old, line.new) for line in view.lines] == [
        ("hunk", None, None),
        ("same", 3, 3),
        ("gone", 4, None),
        ("add", None, 4),
        ("same", 5, 5),
        ("hunk", None, None),
    ]
    assert [line.text for line in view.lines if line.notes] == ["new"]
    assert [each["end_line"] for each in view.notes] == [99]


def test_a_binary_file_has_no_lines_and_keeps_its_annotations() -> None:
    (view,) = file_views([change(None)], [note(1)])
    assert (view.lines, len(view.notes), view.more) == ((), 1, 0)


def test_a_long_diff_says_what_it_leaves_out() -> None:
    (view,) = file_views([change("@@ -0,0 +1,3000 @@\n" + "\n".join(["+x"] * 3000))], [])
    assert len(view.lines) + view.more == 3001
    assert view.more > 0
