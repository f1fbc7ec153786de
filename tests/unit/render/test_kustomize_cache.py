"""What is remembered of builds and laid out for them: by every byte of it, whole, and in nobody else's reach."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.errors import ProgramError
from bot.render.kustomize import scratch
from bot.render.kustomize.cache import Cache, key_of
from bot.render.kustomize.scratch import Scratch, sweep

ROOM = 100_000


def test_every_word_name_and_byte_is_in_the_key() -> None:
    words = [(), ("a",), ("ab",), ("a", "b"), ("b", "a"), ("a", "b", "")]
    files: list[dict[str, bytes]] = [{}, {"a": b""}, {"b": b""}, {"a": b"b"}, {"ab": b""}, {"a": b"", "b": b""}]
    keys = [*(key_of(each, {}) for each in words), *(key_of((), each) for each in files[1:])]
    assert len(set(keys)) == len(keys)


def test_what_was_damaged_on_disk_is_not_an_answer(tmp_path: Path) -> None:
    cache = Cache(0, tmp_path / "store", ROOM)
    cache.store("key", b"kind: Pod")
    assert cache.output("key") == b"kind: Pod"
    stored = tmp_path / "store" / "key"
    for data in (stored.read_bytes()[:-1], stored.read_bytes().replace(b"Pod", b"Job"), b""):
        stored.write_bytes(data)
        assert cache.output("key") is None
    assert cache.output("other") is None


def test_what_is_kept_on_disk_stays_within_its_room(tmp_path: Path) -> None:
    cache = Cache(0, tmp_path / "store", ROOM)
    cache.store("large", bytes(ROOM // 2))
    assert cache.output("large") is None, "one answer does not take the room of all others"
    for number in range(20):
        cache.store(str(number), bytes(ROOM // 5))
    sizes = {each.name: each.stat().st_size for each in (tmp_path / "store").iterdir()}
    assert "19" in sizes
    assert sum(sizes.values()) <= ROOM + 64 * len(sizes)


@pytest.mark.parametrize("kind", ["open", "file", "link"])
def test_a_folder_that_others_may_write_to_is_not_used(kind: str, tmp_path: Path) -> None:
    place, own = tmp_path / "place", tmp_path / "own"
    own.mkdir(mode=0o700)
    if kind == "open":
        place.mkdir()
        place.chmod(0o777)
    elif kind == "file":
        place.write_bytes(b"")
    else:
        place.symlink_to(own)
    cache = Cache(0, place, ROOM)
    cache.store("key", b"kind: Pod")
    assert cache.output("key") is None
    with pytest.raises(ProgramError, match="scratch folder"), Scratch(place, ROOM).laid_out({"a": b"b"}):
        pass
    assert list(own.iterdir()) == []


def test_a_build_can_change_nothing_that_another_one_gets(tmp_path: Path) -> None:
    made = Scratch(tmp_path / "scratch", ROOM)
    with made.laid_out({"a/b": b"c"}, ("own",)) as run:
        assert (run / "a/b").read_bytes() == b"c"
        assert (run / "a/b").stat().st_mode & 0o777 == 0o444
        assert (run / "own").is_dir()
    with made.laid_out({"d": b"c"}) as run:
        assert [each.name for each in run.rglob("*") if each.is_file()] == ["d"]


def test_what_a_loss_of_power_may_have_torn_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Scratch(tmp_path, ROOM).laid_out({"a": b"whole"}):
        (content,) = (tmp_path / "contents").iterdir()
    content.chmod(0o600)
    content.write_bytes(b"")
    os.utime(content, (time.time() - 120,) * 2)
    monkeypatch.setattr(time, "monotonic", lambda: 60.0)
    with Scratch(tmp_path, ROOM).laid_out({"a": b"whole"}) as run:
        assert (run / "a").read_bytes() == b"whole"


def test_a_content_that_another_process_replaces_just_then_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def refused(content: str | Path, place: Path) -> None:
        if "contents" in Path(content).parts:  # what the kernel says of a file that lost its name meanwhile
            raise FileNotFoundError(2, "No such file or directory")
        link(content, place)

    monkeypatch.setattr(os, "link", refused)
    made = Scratch(tmp_path, ROOM)
    for _ in range(2):
        with made.laid_out({"a": b"b"}) as run:
            assert (run / "a").read_bytes() == b"b"
    assert len(list((tmp_path / "contents").iterdir())) == 1


def test_room_is_made_while_another_process_makes_room_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list_folder = os.scandir

    class Gone:
        """What was listed, and is no more when it is looked at."""

        path = str(tmp_path / "contents" / "gone")

        def stat(self) -> os.stat_result:
            raise FileNotFoundError

    @contextmanager
    def listed(folder: Path) -> Iterator[list[object]]:
        with list_folder(folder) as listing:
            yield [*listing, *([Gone()] if Path(folder).name == "contents" else [])]

    made = Scratch(tmp_path, ROOM)
    monkeypatch.setattr(os, "scandir", listed)
    for number in range(20):
        with made.laid_out({"a": bytes([number]) * (ROOM // 5)}) as run:
            assert (run / "a").stat().st_size == ROOM // 5
    monkeypatch.undo()
    assert sum(each.stat().st_size for each in (tmp_path / "contents").iterdir()) <= ROOM


def test_a_desk_of_too_many_folders_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MOST_FOLDERS", 3)
    made = Scratch(tmp_path / "scratch", ROOM)
    with made.laid_out({f"{number}/a": b"" for number in range(9)}) as run:
        pass
    assert not run.exists()


def test_only_what_dead_processes_left_is_removed(tmp_path: Path) -> None:
    for name in ("own-dead", "own-alive"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").write_bytes(b"")
    with (tmp_path / "own-alive" / "lock").open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert [each.name for each in tmp_path.iterdir()] == ["own-alive"]
        dead = tmp_path / "own-dead"
        dead.mkdir()
        (dead / "lock").write_bytes(b"")
        with Scratch(tmp_path, ROOM).laid_out({"a": b""}) as run:
            assert not dead.exists()
            sweep(tmp_path)
            assert (run / "a").exists()


def test_what_a_process_has_just_made_is_not_taken_for_what_a_dead_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    met: list[int] = []

    def another_starts_first(handle: int, operation: int) -> None:
        if operation == fcntl.LOCK_EX and not met:
            met.append(handle)
            sweep(tmp_path)
            assert not list(tmp_path.glob("own-*"))
        lock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", another_starts_first)
    with Scratch(tmp_path, ROOM).laid_out({"a": b"b"}) as run:
        assert met
        assert (run / "a").read_bytes() == b"b"
