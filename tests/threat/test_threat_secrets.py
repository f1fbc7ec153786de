"""Secrets never become text: a canary may be found in git and in the target's folder, and nowhere else."""

import base64
import os
import re
import stat
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage, put_up, sample_overlays
from tests.support.people import People
from tests.support.programs import program

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("servers")]

CANARY = "c4n4ry-Zx81-hunter2"
ENCODED = base64.b64encode(CANARY.encode()).decode()
OTHER = "c4n4ry-second-Qw77"
SECRET = """apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
stringData:
  password: {value}
data:
  token: {encoded}
"""


async def pages(stage: Stage, number: int) -> str:
    """Every page of the server that could show something of it."""
    base, repository = stage.place.tidegate, stage.place.repository
    urls = [f"{base}/", f"{base}/metrics", f"{base}/readyz", f"{base}/pulls/local/{repository}/{number}"]
    urls += [f"{base}/environments/local/{repository}/{name}" for name in ("dev", "staging", "prod")]
    text = ""
    for url in urls:
        for form in ("", "?format=json"):
            async with stage.session.get(url + form) as answer:
                text += await answer.text()
    return text


def files_with(folder: Path, *words: str) -> list[tuple[str, ...]]:
    """The files that hold one of the words, each as its way below the folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    found = [path for path in files if any(word.encode() in path.read_bytes() for word in words)]
    return [path.relative_to(folder).parts for path in found]


def leaks(folder: Path) -> list[tuple[str, ...]]:
    """The files of the server's own state that hold a canary."""
    words = CANARY, ENCODED, OTHER, base64.b64encode(OTHER.encode()).decode()
    return [each for each in files_with(folder, *words) if outside(each)]


def outside(file: tuple[str, ...]) -> bool:
    """Whether a file is neither of the target, nor of the forge, nor of the mirror of its git."""
    return file[0] not in ("targets", "forge") and file[:2] != ("state", "git")


async def allow_in_dev(people: People) -> None:
    """Have plain Secrets allowed in dev."""
    branch = "allow"
    await people.developer.branch(branch, "main")
    text, _ = await people.developer.read("tidegate.yaml", branch)
    allowed = re.sub(r"(  dev:\n)", r"\1    secrets: {plain: warning}\n", text)
    await people.developer.write("tidegate.yaml", allowed, branch, "allow plain secrets in dev")
    number = await people.developer.propose("allow", branch)
    await people.check_is(number, "success")
    await people.merge(number)
    await people.comment_says(number, "was merged into")


async def test_rows_51_and_56_a_secrets_value_is_nowhere_but_in_git_and_the_target(
    people: People, stage: Stage
) -> None:
    await allow_in_dev(people)
    await people.developer.branch("with-secret", "main")
    body = SECRET.format(value=CANARY, encoded=ENCODED)
    await people.developer.write("envs/dev/secret.yaml", body, "with-secret", "a secret")
    number = await people.developer.propose("a secret", "with-secret")
    await people.comment_says(number, "Secret", "1 new")
    await people.check_is(number, "success")
    await people.merge(number)
    await people.folder_shows("dev", lambda objects: any(ENCODED in each for each in objects.values()))

    await people.developer.branch("other-value", "main")
    await people.edit("other-value", "envs/dev/secret.yaml", CANARY, OTHER)
    second = await people.developer.propose("another value", "other-value")
    await people.comment_says(second, "Secret", "1 changed")
    seen = await pages(stage, number) + await pages(stage, second)
    record = await people.record()
    said = [each["body"] for each in record["comments"] if each["login"].endswith("[bot]")]
    told = "".join(said) + str(record["check_runs"])
    for word in (CANARY, ENCODED, OTHER):
        assert word not in seen
        assert word not in told
    assert leaks(stage.place.pid_file.parent) == []


TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"
BY_HAND = "ghp_" + "zY1xW2vU3tS4rQ5pO6nM7lK8jI9hG0fE1dC2"


async def test_rows_51_and_56_what_a_scanner_finds_in_another_object_is_shown_nowhere(
    people: People, stage: Stage
) -> None:
    first = await people.change(("envs/dev/config.yaml", "CURRENCY: EUR", "CURRENCY: USD"))
    await people.approver.answer(first, "/gate hold dev while somebody looks")
    await people.page_says("dev", lambda page: page["held"])
    path = next(each for each in stage.place.folders["dev"].rglob("*.yaml") if "CURRENCY: EUR" in each.read_text())
    path.write_text(path.read_text().replace("CURRENCY: EUR", f"CURRENCY: {BY_HAND}"))
    assert any('CURRENCY: "(secret)"' in each["text"] for each in (await people.page("dev"))["objects"])

    second = await people.change(("envs/dev/config.yaml", "data:\n", f"data:\n  token: key {TOKEN}\n"))
    text = await people.comment_says(second, "GitHub Personal Access Token")
    assert "+  token: key (secret, new)" in text
    assert '-  CURRENCY: "(secret)"' in text
    record = await people.record()
    seen = await pages(stage, first) + await pages(stage, second) + text + str(record["check_runs"])
    assert TOKEN not in seen
    assert BY_HAND not in seen
    assert [each for each in files_with(stage.place.pid_file.parent, TOKEN, BY_HAND) if outside(each)] == []


async def test_row_52_an_error_in_a_secret_does_not_quote_it(people: People, stage: Stage) -> None:
    await people.developer.branch("bad-secret", "main")
    body = SECRET.format(value=CANARY, encoded="not*base64*" + CANARY) + "unknown: {a: " + CANARY + "}\n"
    await people.developer.write("envs/dev/secret.yaml", body, "bad-secret", "a bad secret")
    number = await people.developer.propose("a bad secret", "bad-secret")
    await people.check_is(number, "failure")
    record = await people.record()
    said = [each["body"] for each in record["comments"] if each["login"].endswith("[bot]")]
    assert CANARY not in "".join(said) + str(record["check_runs"])
    assert leaks(stage.place.pid_file.parent) == []


GENERATED = "c4n4ry-built-Jx33"


async def test_rows_51_and_56_what_kustomize_makes_of_a_secret_is_only_in_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{program('kustomize').parent}{os.pathsep}{os.environ['PATH']}")
    async with put_up(tmp_path, None, 0, print, sample=sample_overlays()) as stage:
        await stage.install()
        people = People(stage)
        await allow_in_dev(people)
        branch, overlay = "built", "envs/dev/kustomization.yaml"
        await people.developer.branch(branch, "main")
        text, _ = await people.developer.read(overlay, branch)
        text += "secretGenerator: [{name: db, namespace: shop, files: [token]}]\n"
        await people.developer.write(overlay, text, branch, "a secret")
        await people.developer.write("envs/dev/token", GENERATED, branch, "its value")
        number = await people.developer.propose("a secret", branch)
        await people.comment_says(number, "Secret", "1 new")
        await people.check_is(number, "success")
        await people.merge(number)
        made = base64.b64encode(GENERATED.encode()).decode()
        await people.folder_shows("dev", lambda objects: any(made in each for each in objects.values()))
        record = await people.record()
        said = [each["body"] for each in record["comments"] if each["login"].endswith("[bot]")]
        assert not [word for word in (GENERATED, made) if word in "".join(said) + await pages(stage, number)]
        # the sources are laid out beside the mirror, for the server's account alone; what they become stays in memory
        held = {each[:2] for each in files_with(tmp_path, GENERATED) if each[0] != "forge"}
        assert held <= {("state", "git"), ("state", "render")}
        assert {each[:2] for each in files_with(tmp_path, made)} == {("targets", "dev")}
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
