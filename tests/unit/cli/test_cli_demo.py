"""The demo's words: what to try fits the repository, and nothing is made for one that cannot be used."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.demo.own import OwnRepository
from bot.cli.demo.server import Server
from bot.cli.demo.stage import Stage
from bot.cli.demo.walk.browser import Place
from bot.cli.demo.walk.own import annotated, edited
from bot.model.noun import Sha
from tests.support.typed import tidegate


def stage(folder: Path, own: OwnRepository | None) -> Stage:
    place = Place(
        forge="http://127.0.0.1:1", tidegate="http://127.0.0.1:2", repository="acme/shop", pid_file=folder / "pid",
        folders={"qa": folder / "qa"}, developer="bo", approver="ana",
    )  # fmt: skip
    nothing: Any = None
    return Stage(
        place=place, tokens={}, environments=(), own=own, sample={}, forge=nothing, memory=folder / "demo.json",
        session=nothing,
    )  # fmt: skip


def test_what_to_try_with_an_own_repository_names_nothing_of_the_sample(tmp_path: Path) -> None:
    own = OwnRepository(
        name="mine", top=tmp_path, head=Sha("0" * 40), environments=(), teams=frozenset(), proposal=""
    )  # fmt: skip
    text = "\n".join(stage(tmp_path, own).invitation(0))
    assert "staging" not in text
    assert "  1. as bo: edit a file there and open a pull request" in text
    assert "/gate approve staging" in "\n".join(stage(tmp_path, None).invitation(1))


def test_nothing_is_made_for_a_repository_that_is_not_there(tmp_path: Path) -> None:
    done = tidegate("demo", "--repo", str(tmp_path / "gone"), "--state", str(tmp_path / "state"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "gone: there is no such folder" in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("metadata", "labels"),
    [
        ("metadata:\n  name: a\n", {"tidegate-walk": "edited"}),
        ("metadata:\n  name: a\n  labels:\n    b: c\n", {"tidegate-walk": "edited", "b": "c"}),
        ("metadata: {name: a}\n", {"tidegate-walk": "edited"}),
        ("metadata: {name: a, labels: {b: c}}\n", None),
        ("metadata: {name: a,\n  namespace: b}\n", None),
        ("metadata: {{ .Values.metadata }}\n", None),
    ],
)
def test_the_walk_edits_an_object_however_it_is_written(metadata: str, labels: dict[str, str] | None) -> None:
    text = edited(f"apiVersion: v1\nkind: ConfigMap\n{metadata}data: {{}}\n")
    found = yaml.safe_load(text)["metadata"] if text else None
    assert (found and found["labels"]) == labels


@pytest.mark.parametrize(("text", "said"), [("resources: [a.yaml]", True), ("commonAnnotations: {a: b}\n", False)])
def test_the_walk_edits_an_overlay_that_has_no_object_of_its_own(text: str, said: bool) -> None:
    changed = annotated(text)
    assert (changed is not None) == said
    assert changed is None or yaml.safe_load(changed) == {
        "resources": ["a.yaml"],
        "commonAnnotations": {"tidegate-walk": "edited"},
    }


@pytest.mark.parametrize(("count", "said"), [(1, "1 change"), (2, "2 changes")])
def test_the_log_is_told_in_plain_words(tmp_path: Path, count: int, said: str) -> None:
    told: list[str] = []
    event = {"event": "applying", "environment": "hub:acme/shop/prod", "repair": False, "changes": count,
             "timestamp": "2026-11-20T12:00:00Z"}  # fmt: skip
    Server(tmp_path / "server.yaml", tmp_path / "pid", told.append)._told(event)
    assert told[0].endswith(f"prod: applying {said}")


def test_a_pull_request_that_says_what_it_said_is_not_told_again(tmp_path: Path) -> None:
    told: list[str] = []
    server = Server(tmp_path / "server.yaml", tmp_path / "pid", told.append)
    for title in ("planning", "prod ~1", "prod ~1", "prod applied"):
        event = {"event": "told", "pull": "local:acme/shop#2", "title": title, "seconds": 0.1}
        server._told({**event, "timestamp": "2026-11-20T12:00:00Z"})
    assert [each.partition("2: ")[2] for each in told] == [
        "planning (0.1 s)",
        "prod ~1 (0.1 s)",
        "prod applied (0.1 s)",
    ]
