"""Other programs on the server: what they render as before goes on, what they render differently waits for people."""

import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage, put_up, sample_files
from bot.cli.demo.walk.browser import eventually
from tests.support.people import People, holding
from tests.support.programs import program

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("servers")]

VALUES = "envs/staging/values.yaml"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "values.yaml": "greeting: hello\n",
    "templates/config.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n"
        "  greeting: {{ .Values.greeting }}\n"
        '  helm: "{{ (semver .Capabilities.HelmVersion.Version).Major }}"\n'
    ),
}
"""A chart that renders otherwise with another major version of Helm, and the same with another build of one."""


class Machine:
    """The server's programs, and the server started again with others."""

    def __init__(self, folder: Path) -> None:
        self.helm = folder / "helm"

    def put(self, file: Path, more: bytes = b"") -> None:
        """Make this the server's helm; `more` bytes at its end make it another build."""
        fresh = self.helm.with_name("fresh")
        shutil.copyfile(file, fresh)
        with fresh.open("ab") as binary:
            binary.write(more)
        fresh.chmod(0o755)
        fresh.replace(self.helm)

    async def again(self, stage: Stage) -> None:
        """End the server in good order; it is started again."""
        before = stage.place.pid_file.read_text()
        os.kill(int(before), signal.SIGTERM)

        async def back() -> bool:
            return stage.place.pid_file.read_text() != before

        await eventually(back, "the server was not started again")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The server finds `helm` here first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    made = Machine(folder)
    made.put(program("helm"))
    return made


@pytest.fixture
async def charted(tmp_path: Path, machine: Machine) -> AsyncIterator[Stage]:
    """A stage whose staging is a chart, installed."""
    del machine
    files = {path: text for path, text in sample_files().items() if not path.startswith("envs/staging/")}
    files |= {f"envs/staging/{path}": text for path, text in CHART.items()}
    async with put_up(tmp_path, None, 0, print, sample=files) as stage:
        await stage.install()
        yield stage


def spoil(stage: Stage) -> None:
    path = next(each for each in stage.place.folders["staging"].rglob("*.yaml") if "greeting" in each.read_text())
    path.write_text(path.read_text().replace("hello", "by-hand"))


async def test_another_build_that_renders_the_same_goes_on_repairing(charted: Stage, machine: Machine) -> None:
    people = People(charted)
    number = await people.change((VALUES, "hello", "welcome"))
    await people.comment_says(number, "0 of 1")
    await people.merge(number)
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"])
    machine.put(program("helm"), more=b"another build")
    await machine.again(charted)
    spoil(charted)
    await people.folder_shows("staging", lambda objects: holding("hello")(objects) and not holding("by-hand")(objects))
    page = await people.page("staging")
    assert "0 of 1" in page["reason"]
    assert "differently" not in page["reason"]


async def test_a_program_that_renders_differently_waits_until_somebody_agrees(charted: Stage, machine: Machine) -> None:
    people = People(charted)
    assert holding('"3"')(charted.place.objects("staging"))
    machine.put(program("helm4"))
    await machine.again(charted)
    page = await people.page_says("staging", lambda page: "renders differently since helm 3." in page["reason"])
    assert "→ 4." in page["reason"]
    assert "drift is not reverted" in page["reason"]
    assert holding('"3"')(charted.place.objects("staging"))
    number = await people.change((VALUES, "hello", "welcome"))
    await people.approve(number, "staging")
    await people.merge(number)
    await people.folder_shows("staging", lambda objects: holding("welcome")(objects) and holding('"4"')(objects))
    await people.page_says("staging", lambda page: "differently" not in page["reason"])


async def test_the_earlier_program_brings_the_repairs_back(charted: Stage, machine: Machine) -> None:
    people = People(charted)
    machine.put(program("helm4"))
    await machine.again(charted)
    page = await people.page_says("staging", lambda page: "renders differently since" in page["reason"])
    spoil(charted)
    await people.page_says("staging", lambda later: later["looked_at"] > page["looked_at"])
    assert holding("by-hand")(charted.place.objects("staging"))
    machine.put(program("helm"))
    await machine.again(charted)
    await people.folder_shows("staging", lambda objects: not holding("by-hand")(objects))
