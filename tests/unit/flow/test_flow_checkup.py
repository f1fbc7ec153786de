"""A whole repository judged: however the work is cut and whoever does it, the same is found."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import offline_tools
from bot.cli.check.crew import Crew
from bot.flow.checkup import Checkup, Outcome, Task, checkup, perform, whole
from bot.git.local import LocalRepository
from bot.model.checked import Checked
from bot.model.environment import Configuration, Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Sha
from bot.model.tree import Tree
from tests.support.together import in_one

REPOSITORY = RepositoryId(forge="local", number=0, path="r")


def manifest(kind: str, name: str, more: str = "", api: str = "v1") -> str:
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\n{more}"


TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"

FILES = {
    **{f"a/{n:02}.yaml": manifest("ConfigMap", f"c{n}", "data: {a: 1}\n" if n % 5 == 0 else "") for n in range(30)},
    "a/again.yaml": manifest("ConfigMap", "c3"),
    "a/broken.yaml": "a: [\n",
    "a/secret.yaml": manifest("Secret", "s", "stringData: {password: hunter2}\n"),
    "a/thing1.yaml": manifest("Thing", "t1", api="acme.org/v1"),
    "a/thing2.yaml": manifest("Thing", "t2", api="acme.org/v1"),
    "a/token.yaml": manifest("Thing", "t3", f"spec: {{token: {TOKEN}}}\n", "acme.org/v1"),
    "a/token2.yaml": manifest("ConfigMap", "token", f"data: {{token: {TOKEN}x}}\n"),
    "b/web.yaml": manifest("Service", "web", "spec: {prots: []}\n"),
    "c/none.yaml": "# nothing\n",
}


def repository(tmp_path: Path, files: dict[str, str] = FILES) -> Path:
    (tmp_path / ".git").mkdir()
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    os.system(f"git init -q {tmp_path}")
    return tmp_path


def environment(path: str, **given: Any) -> Environment:
    # the scanner of leaks keeps threads, and a process that has some is not copied; tests of commands have it on
    given = {"policy_levels": {"leaks": "off"}, **given}
    name = EnvironmentId(repository=REPOSITORY, name=path)
    return Environment(id=name, source=Source(path=path), target=path, apply="never", **given)


def subject_of(top: Path, *paths: str, **given: object) -> Checkup:
    async def read() -> Checkup:
        local = await LocalRepository.find(top)
        environments = tuple(environment(path, **given) for path in paths)
        return Checkup(environments=environments, head=await local.working_tree(), load=local.load, written=False)

    return asyncio.run(read())


Work = Callable[[Task], Outcome]


def worker(subject: Checkup) -> Callable[[], AbstractContextManager[Work]]:
    @contextmanager
    def make() -> Iterator[Work]:
        with asyncio.Runner() as runner:
            yield lambda task: runner.run(perform(offline_tools(), subject, task))

    return make


def judged(subject: Checkup, jobs: int) -> Checked:
    with Crew(worker(subject), jobs) as crew:
        return checkup(offline_tools(), subject, lambda tasks: crew.run(tasks, id))


def test_the_same_is_found_however_the_work_is_cut_and_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = subject_of(repository(tmp_path), "a", "b", "c")
    once = judged(subject, 1)
    assert {each.name: each.objects for each in once.environments} == {"a": 36, "b": 1, "c": 0}
    for share in (1, 200, 700, 1_000_000):
        monkeypatch.setattr(whole, "SHARE", share)
        assert judged(subject, 1) == once
        assert judged(subject, 3) == once


def test_what_is_found(tmp_path: Path) -> None:
    a, b, c = judged(subject_of(repository(tmp_path), "a", "b", "c"), 1).environments
    said = [(each.level, each.path, each.line, each.message) for each in a.findings]
    assert len([each for each in said if "data.a" in each[3]]) == 6
    assert ("error", "a/again.yaml", 1, "ConfigMap c3 is defined twice: here and at a/03.yaml:1") in said
    assert [each for each in said if each[1] == "a/broken.yaml"] != []
    assert [each[3] for each in said if each[1].startswith("a/thing")] == [
        "Thing t1 and 2 more of its kind are not validated: there is no schema for Thing.acme.org"
    ]
    assert [(each.line, each.level) for each in a.findings if each.path == "a/secret.yaml"] == [(4, "error")]
    assert [each.fix for each in b.findings] == ["did you mean ports?"]
    assert ["renders to no object" in each.message for each in c.findings] == [True]
    assert list(a.findings) == sorted(a.findings, key=lambda each: each.order)


def test_a_process_that_is_killed_costs_only_what_it_did(tmp_path: Path) -> None:
    subject = subject_of(repository(tmp_path), "a", "b", "c")

    @contextmanager
    def make() -> Iterator[Work]:
        with worker(subject)() as work:

            def fatal(task: Task) -> Outcome:
                if task.environment == "b":
                    os.kill(os.getpid(), signal.SIGKILL)
                return work(task)

            yield fatal

    with Crew(make, 2) as crew:
        found = checkup(offline_tools(), subject, lambda tasks: crew.run(tasks, id))
    a, b, c = found.environments
    assert (a, c) == (judged(subject, 1).environments[0], judged(subject, 1).environments[2])
    assert [(each.level, each.message) for each in b.findings] == [
        ("unknown", "b could not be checked: its process was ended (SIGKILL)")
    ]


def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    def work(task: Task) -> Outcome:
        if task.environment == "b":
            signal.pause()
        return Outcome(objects=1)

    tasks = [Task(environment="a"), Task(environment="b"), Task(environment="c")]
    with Crew(lambda: nullcontext(work), 2, patience=0.2) as crew:
        outcomes = crew.run(tasks, id)
    assert [each.objects for each in outcomes] == [1, 0, 1]
    assert outcomes[1].findings[0].message == "b could not be checked: it took longer than 0.2 s"


@pytest.mark.parametrize("jobs", [1, 2])
def test_work_that_breaks_is_unknown_and_its_text_is_not_told(jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(task: Task) -> Outcome:
        print("hello")
        raise ValueError("hunter2")

    with Crew(lambda: nullcontext(broken), jobs) as crew:
        outcomes = crew.run([Task(environment="a", paths=("a/x.yaml", "a/y.yaml")), Task(environment="b")], id)
    assert [each.findings[0].level for each in outcomes] == ["unknown", "unknown"]
    assert outcomes[0].findings[0].message == "a (2 files from a/x.yaml) could not be checked: ValueError"
    out, err = capfd.readouterr()
    assert out == ""
    assert "hunter2" not in err


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "SIGTERM"),
        (lambda: os.kill(os.getpid(), signal.SIGRTMIN + 1), f"signal {signal.SIGRTMIN + 1}"),
        (lambda: os._exit(3), "status 3"),
    ],
)
def test_how_a_process_ended_is_told(end: Callable[[], object], why: str) -> None:
    def work(task: Task) -> Outcome:
        end()
        return Outcome()

    with Crew(lambda: nullcontext(work), 2) as crew:
        outcomes = crew.run([Task(environment=each) for each in "abcde"], id)
    assert [each.findings[0].message for each in outcomes] == [
        f"{each} could not be checked: its process was ended ({why})" for each in "abcde"
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_task_that_is_done_is_told_once(jobs: int) -> None:
    tasks, told = [Task(environment=str(number)) for number in range(5)], list[Task]()
    with Crew(lambda: nullcontext(lambda task: Outcome()), jobs) as crew:
        assert crew.run([], told.append) == []
        crew.run(tasks, told.append)
    assert sorted(told, key=tasks.index) == tasks


def test_ctrl_c_ends_no_process_by_itself() -> None:
    def work(task: Task) -> Outcome:
        os.kill(os.getpid(), signal.SIGINT)
        return Outcome(objects=1)

    with Crew(lambda: nullcontext(work), 2) as crew:
        assert [each.objects for each in crew.run([Task(environment="a"), Task(environment="b")], id)] == [1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process only learns of it when it is done")
def test_no_process_outlives_the_one_that_made_it() -> None:
    program = (
        "import os, signal\n"
        "from contextlib import nullcontext\n"
        "from bot.cli.check.crew import Crew\n"
        "from bot.flow.checkup import Task\n"
        "def work(task):\n"
        "    os.write(2, b'%d\\n' % os.getpid())\n"  # in one piece: two processes write here
        "    signal.pause()\n"
        "with Crew(lambda: nullcontext(work), 2) as crew:\n"
        "    crew.run([Task(environment='a'), Task(environment='b')], id)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as maker:
        assert maker.stderr is not None
        pids = [int(maker.stderr.readline()) for _ in range(2)]
        handles = [os.pidfd_open(pid) for pid in pids]
        maker.kill()
        try:
            assert all(select.select([each], [], [], 10)[0] for each in handles)
        finally:
            for handle in handles:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                os.close(handle)


def test_no_process_outlives_the_crew() -> None:
    def work(task: Task) -> Outcome:
        return Outcome(objects=os.getpid())

    with Crew(lambda: nullcontext(work), 2) as crew:
        pids = {each.objects for each in crew.run([Task(environment=str(n)) for n in range(20)], id)}
    assert os.getpid() not in pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_an_environment_with_policies_that_look_at_several_objects_is_one_piece(tmp_path: Path) -> None:
    subject = subject_of(repository(tmp_path), "b")
    assert list(whole.tasks_of(in_one(), subject, subject.environments[0])) == [Task(environment="b")]
    assert whole.tasks_of(offline_tools(), subject, subject.environments[0]).__next__().paths == ("b/web.yaml",)


@pytest.mark.parametrize(
    ("path", "given", "asked"), [("b", {}, False), ("b", {"policies": ("p",)}, True), ("a", {}, True)]
)
def test_the_base_is_read_where_something_may_ask_for_it(
    tmp_path: Path, path: str, given: dict[str, Any], asked: bool
) -> None:
    subject = subject_of(repository(tmp_path), path, **given)
    base = replace(subject.head, revision=Sha("1" * 40))
    loaded = []

    async def load(tree: Tree, paths: frozenset[str]) -> Tree:
        loaded.append(tree.revision)
        return await subject.load(replace(tree, revision=subject.head.revision), paths)

    before = Configuration(environments=subject.environments)
    judged(replace(subject, base=base, before=before, load=load), 1)
    assert (base.revision in loaded) is asked


def test_what_concerns_a_whole_environment_is_shown_where_it_is_described(tmp_path: Path) -> None:
    top = repository(tmp_path, {**FILES, "tidegate.yaml": "version: 1\n"})
    subject = subject_of(top, "nowhere", line=7)
    (nowhere,) = judged(replace(subject, written=True), 1).environments
    assert [(each.path, each.line) for each in nowhere.findings] == [("tidegate.yaml", 7)]


def test_a_file_whose_name_cannot_be_printed_is_named_where_the_environment_is_described(tmp_path: Path) -> None:
    subject = subject_of(repository(tmp_path, {"b/we\nb.yaml": FILES["b/web.yaml"], "tidegate.yaml": ""}), "b", line=7)
    (b,) = judged(replace(subject, written=True), 1).environments
    (found,) = b.findings
    assert (found.path, found.line) == ("tidegate.yaml", 7)
    assert found.message.startswith("b/we\\nb.yaml:4: spec.prots of Service web")


def test_a_file_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    subject = subject_of(repository(tmp_path), "b")
    (tmp_path / "b/web.yaml").unlink()
    (b,) = judged(subject, 1).environments
    assert [each.level for each in b.findings] == ["unknown"]
