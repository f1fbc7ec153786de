"""A pool of processes does the same as one process, and what goes wrong in it costs only the work that it was."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bot.errors import InputError, RenderError, TemporaryError
from bot.flow.evaluate import Changes, Files, Render
from bot.flow.pool import Pool, scheduled
from bot.model.environment import CONFIGURATION, Configuration, Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Action, Change
from bot.model.resource import ResourceId
from tests.support import troubled
from tests.support.trees import tree

SHOP = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=SHOP, name="prod"), source=Source(path="envs"), target="fine", apply="never"
)
TEXT = b"# nothing\n\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: value\n"


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(troubled.make, processes=2, seconds=20)
    yield made
    await made.close()


def work(trouble: str = "") -> Render:
    """A render of one ConfigMap, with trouble or without."""
    source = Source(path="envs", options={"trouble": trouble} if trouble else {})
    return Render(renderer="troubled", tree=tree({"envs/a.yaml": TEXT}), source=source, kubernetes=Kubernetes())


async def test_it_yields_what_one_process_yields_places_included(pool: Pool) -> None:
    near, far = await troubled.make().render(SHOP, work()), await pool.render(SHOP, work())
    assert near == far
    (resource,) = far.resources
    assert resource.origin is not None
    assert resource.origin.locate is not None
    assert resource.origin.locate(("data", "key")) == (8, 3)


async def test_it_works_in_other_processes_and_keeps_them(pool: Pool) -> None:
    examined = Examined(environment=ENVIRONMENT, resources=())
    seen = {(await pool.check(SHOP, examined))[0].message for _ in range(6)}
    assert str(os.getpid()) not in seen
    assert len(seen) <= 2


async def test_a_refusal_comes_back_as_it_was(pool: Pool) -> None:
    with pytest.raises(RenderError) as refused:
        await pool.render(SHOP, work("refused"))
    assert [(each.message, each.line) for each in refused.value.findings] == [("no", 7)]
    with pytest.raises(InputError, match="what was written is wrong"):
        await pool.render(SHOP, work("wrong"))


async def test_a_killed_process_costs_only_its_own_work(pool: Pool) -> None:
    killed, fine = await asyncio.gather(
        pool.render(SHOP, work("killed")), pool.render(SHOP, work()), return_exceptions=True
    )
    assert isinstance(killed, RenderError)
    assert [each.level for each in killed.findings] == ["unknown"]
    assert "process was ended" in killed.findings[0].message
    assert not isinstance(fine, BaseException)
    assert await pool.render(SHOP, work()) == fine


async def test_processes_that_are_killed_while_they_do_nothing_are_replaced(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.flow.pool.GRACE", 1.0)
    examined, rendered = Examined(environment=ENVIRONMENT, resources=()), 0
    for _ in range(4):
        (found,) = await pool.check(SHOP, examined)
        workers = psutil.Process(int(found.message)).parent()
        assert workers is not None
        killed = [each for each in workers.children() if each.is_running()]
        for each in killed:
            each.kill()
        psutil.wait_procs(killed, timeout=20)
        with contextlib.suppress(RenderError):
            rendered += len((await pool.render(SHOP, work())).resources)
    assert rendered >= 3  # one that had answered may have been killed before it let go what others wait for


async def test_a_process_that_is_killed_while_it_answers_does_not_silence_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.flow.pool.GRACE", 1.0)
    pool = Pool(troubled.make, processes=1, seconds=6)  # a busy machine takes a while to begin
    try:
        with pytest.raises(RenderError):
            await pool.render(SHOP, work("answering"))
        with contextlib.suppress(RenderError):  # the others may have to be given up first
            await pool.render(SHOP, work())
        assert len((await pool.render(SHOP, work())).resources) == 1
    finally:
        await pool.close()


async def test_work_that_hangs_is_ended_and_unknown() -> None:
    pool = Pool(troubled.make, processes=1, seconds=3)
    try:
        kept = pool._started()
        with pytest.raises(RenderError) as late:
            await pool.render(SHOP, work("hangs"))
        assert late.value.findings[0].level == "unknown"
        assert len((await pool.render(SHOP, work())).resources) == 1
        assert pool._started() is kept, "other work was ended with it"
    finally:
        await pool.close()


async def test_ctrl_c_on_the_server_s_terminal_ends_no_process_of_the_pool() -> None:
    pool, examined = Pool(troubled.make, processes=1, seconds=20), Examined(environment=ENVIRONMENT, resources=())
    try:
        (before,) = await pool.check(SHOP, examined)
        os.kill(int(before.message), signal.SIGINT)
        (after,) = await pool.check(SHOP, examined)
        assert after.message == before.message
    finally:
        await pool.close()


async def test_processes_that_are_gone_when_work_comes_are_told_as_such(pool: Pool) -> None:
    started = pool._started()
    started.stop()
    with pytest.raises(BrokenExecutor):
        scheduled(started, troubled.go_wrong, ("",), 20)


async def test_processes_that_were_given_up_take_no_later_ones_with_them(pool: Pool) -> None:
    first = pool._started()
    pool._give_up(first)
    second = pool._started()
    pool._give_up(first)  # by another piece of work that waited for them as well
    assert pool._started() is second


async def test_a_repository_s_crowd_keeps_no_other_waiting() -> None:
    pool, order = Pool(troubled.make, processes=1, seconds=20), []

    async def render(turn: RepositoryId) -> None:
        await pool.render(turn, work())
        order.append(turn)

    other = replace(SHOP, number=2)
    try:
        await asyncio.gather(*(render(each) for each in (SHOP, SHOP, SHOP, SHOP, other)))
    finally:
        await pool.close()
    assert order.index(other) < 4


@pytest.mark.parametrize("trouble", ["killed", "broken"])
async def test_a_check_without_an_answer_is_unknown(pool: Pool, trouble: str) -> None:
    examined = Examined(environment=replace(ENVIRONMENT, target=trouble), resources=())
    (found,) = await pool.check(SHOP, examined)
    assert found.level == "unknown"
    assert "could not be evaluated" in found.message


async def test_files_that_nobody_looked_at_are_unknown(pool: Pool) -> None:
    at = tree({"killed": b"a: 1\n", "schema.json": b'{"required": ["b"]}'})

    def asked(only: str) -> Files:
        schemas = Configuration(schemas={"*": "schema.json"})
        return Files(configuration=schemas, tree=at, schemas=at, only=frozenset({only}))

    (found,) = await pool.files(SHOP, asked("killed"))
    assert (found.check, found.level, found.path) == ("schemas", "unknown", CONFIGURATION)
    assert "could not be validated: its process was ended" in found.message
    assert await pool.files(SHOP, asked("other")) == []


def new(name: str, text: str) -> Change:
    """A ConfigMap that is new."""
    return Change(id=ResourceId(type="ConfigMap", name=name), action=Action.CREATE, after={"data": {"a": text}})


async def test_what_a_scanner_finds_in_a_change_is_concealed(pool: Pool) -> None:
    changes = (new("a", "key ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"), new("b", "plain"))
    shown = await pool.conceal(SHOP, Changes(changes=changes))
    assert [each.after["data"]["a"] for each in shown] == ["key (secret, new)", "plain"]
    assert list(await pool.conceal(SHOP, Changes(changes=()))) == []


async def test_changes_that_nobody_looked_through_are_not_answered(pool: Pool) -> None:
    with pytest.raises(TemporaryError, match="process was ended"):
        await pool.conceal(SHOP, Changes(changes=(new("killed", "a"),)))


async def test_nothing_is_started_before_there_is_work_and_none_of_its_processes_is_left() -> None:
    pool = Pool(troubled.make, processes=2, seconds=20)
    before = set(psutil.Process().children(recursive=True))
    await pool.close()
    assert set(psutil.Process().children(recursive=True)) == before
    pool = Pool(troubled.make, processes=2, seconds=20)
    (found,) = await pool.check(SHOP, Examined(environment=ENVIRONMENT, resources=()))
    origin = psutil.Process(int(found.message)).parent()
    assert origin is not None
    assert origin in psutil.Process().children()
    workers = origin.children()
    assert len(workers) == 2
    await pool.close()
    assert origin.children() == []
    assert not any(each.is_running() for each in workers)


SERVER = """
import asyncio, sys
from bot.flow.pool import Pool
from tests.support import troubled, warmth

async def main():
    pool = Pool(troubled.make, processes=2, seconds=600, warm="tests.support.warmth")
    pool._started().schedule(troubled.go_wrong, args=("hangs",))
    future = pool._started().schedule(warmth.origin)
    print(*await asyncio.wrap_future(future), flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with a pool; it prints of one of the pool's processes who it is, and who imported what is warm."""
    (tmp_path / "server.py").write_text(SERVER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command: list[str | Path] = [sys.executable, tmp_path / "server.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process
        process.kill()


def told(server: subprocess.Popen[str]) -> tuple[psutil.Process, psutil.Process]:
    """The process that it printed of, and the one that imported what is warm."""
    assert server.stdout is not None
    worker, origin = map(int, server.stdout.readline().split())
    return psutil.Process(worker), psutil.Process(origin)


def test_its_processes_end_with_a_server_that_is_killed(server: subprocess.Popen[str]) -> None:
    worker, _ = told(server)
    others = psutil.Process(server.pid).children(recursive=True)
    assert worker in others
    server.kill()
    _, alive = psutil.wait_procs(others, timeout=20)
    assert alive == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies processes")
def test_its_processes_are_copies_of_one_that_is_warm(server: subprocess.Popen[str]) -> None:
    worker, origin = told(server)
    assert origin != worker
    assert origin.parent() == psutil.Process(server.pid)
    assert len(origin.children()) == 2
    assert worker in origin.children()


LOGS = """
import sys
from pathlib import Path
import structlog
from bot.app import pooled
from bot.settings import RenderSettings
pooled(RenderSettings(), Path(), "json")
structlog.get_logger().error("check broke", check="own")
"""


def test_a_process_of_the_pool_logs_as_the_server_does() -> None:
    done = subprocess.run([sys.executable, "-c", LOGS], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert json.loads(done.stderr) | {"timestamp": ""} == {
        "event": "check broke", "check": "own", "level": "error", "timestamp": "",
    }  # fmt: skip
