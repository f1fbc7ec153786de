"""What an operator's machine does not have or does not let: one clear line each, and nothing is lost."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from bot.localforge.apps import new_private_key
from tests.support.commits import commit_all
from tests.support.programs import program
from tests.support.typed import tidegate

SERVER = """listen: {listen}
forges: {{github: {{kind: github, app_id: 1, private_key_file: key.pem, webhook_secret_file: secret}}}}
targets: {{dev: {{kind: directory, path: dev}}}}
repositories: [{{match: 'github:a/*', targets: [dev]}}]
render: {{jail: best-effort}}
"""
TIDEGATE = "version: 1\nenvironments: {dev: {source: {path: envs/dev}, target: dev, apply: never}}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def fault(*arguments: str, cwd: Path, to: str = os.devnull, **environ: str) -> tuple[int, str]:
    """The exit status and what was said; standard output goes into the file `to`."""
    with Path(to).open("w") as output:
        done = tidegate(*arguments, cwd=cwd, stdout=output, **environ)
    return done.returncode, done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Something that could be an environment."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "envs/dev").mkdir(parents=True)
    (tmp_path / "envs/dev/a.yaml").write_text(MAP)
    return tmp_path


@pytest.mark.parametrize("more", [[], ["--fresh"], ["--walk"]])
def test_the_demo_takes_no_folder_with_other_things(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    status, said = fault("demo", "--state", str(tmp_path), *more, cwd=tmp_path)
    assert status == 1
    assert "holds something that the demo did not make" in said
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_the_demo_says_what_is_no_folder_or_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, said = fault("demo", "--state", str(tmp_path / "file"), cwd=tmp_path)
    assert (status, said.count("\n")) == (1, 1)
    assert "name another with --state DIR" in said
    status, said = fault("demo", "--port", "65535", cwd=tmp_path)
    assert status == 1
    assert "65534" in said


def test_no_git_is_said_in_one_line(repository: Path) -> None:
    status, said = fault("check", cwd=repository, PATH="/nonexistent")
    assert (status, said) == (1, "error: the program `git` was not found; install git 2.38 or newer\n")


def test_init_writes_through_no_link_and_over_no_folder(repository: Path) -> None:
    (repository / "tidegate.yaml").mkdir()
    status, said = fault("init", "--force", cwd=repository)
    assert (status, said.count("\n"), "remove it" in said) == (1, 1, True)
    (repository / "tidegate.yaml").rmdir()
    (repository / "tidegate.yaml").symlink_to(repository / "envs/outside.yaml")
    status, said = fault("init", cwd=repository)
    assert (status, said.count("\n")) == (1, 1)
    assert "remove it" in said
    assert not (repository / "envs/outside.yaml").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["check", "schema"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_said_in_one_line(repository: Path, command: str, unbuffered: str) -> None:
    status, said = fault(command, cwd=repository, to="/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert status == 1
    assert "error: No space left on device" in said
    assert "Traceback" not in said


LEAVING = """import sys
from bot.cli import leave
print("what was found")
leave(3)
sys.exit("still here")
"""


def left(output: int | IO[str]) -> "subprocess.CompletedProcess[str]":
    """A process that writes something, which is kept back until the end, and then leaves."""
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    command = [sys.executable, "-c", LEAVING]
    return subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False, env=buffered)


def test_what_was_written_is_there_when_a_check_ends_at_once() -> None:
    done = left(subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (3, "what was found\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_what_cannot_be_written_is_left_to_the_usual_end() -> None:
    with Path("/dev/full").open("w") as full:
        done = left(full)
    assert "still here" in done.stderr
    assert done.returncode not in (0, 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_error_withholds_nothing(repository: Path, unbuffered: str) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "bot.cli", *arguments]
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                command, cwd=repository, stdout=subprocess.PIPE, stderr=full, text=True, check=False,
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            )  # fmt: skip
        return done.returncode, done.stdout

    status, said = run("check")  # which tells standard error that there is no tidegate.yaml
    assert (status, "nothing wrong in 1 environment" in said) == (0, True)
    assert run("check", "nowhere") == (1, "")
    (repository / "envs/dev/a.yaml").write_text(MAP.replace("v1", "v0"))
    status, said = run("check")
    assert (status, "a.yaml\n  1:" in said) == (2, True)


@pytest.mark.parametrize(
    ("family", "host", "shown"),
    [(socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]")],
)
def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path, family: int, host: str, shown: str) -> None:
    (tmp_path / "key.pem").write_text(new_private_key())
    (tmp_path / "secret").write_text("s" * 40)
    with socket.socket(family) as taken:
        try:
            taken.bind((host, 0))
        except OSError:
            pytest.skip(f"this system has no {host}")
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "server.yaml").write_text(SERVER.format(listen=f"'{shown}:{port}'"))
        status, said = fault("serve", cwd=tmp_path)
    assert status == 1
    assert "Traceback" not in said
    assert f"error: listen: {shown}:{port} cannot be used (Address already in use); free it, or name another" in said


@pytest.mark.parametrize("arguments", [["check"], ["check", "-f", "junit"], ["plan"], ["render"]])
def test_every_locale_gets_utf8(repository: Path, arguments: list[str]) -> None:
    (repository / "tidegate.yaml").write_text(TIDEGATE)
    commit_all(repository)
    (repository / "envs/dev/ü.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: u}\ndata: {ü: 5}\n")
    with (repository / ".git/said").open("w") as said:
        done = tidegate(*arguments, cwd=repository, stdout=said, PYTHONIOENCODING="latin-1")
    assert "Traceback" not in done.stderr
    assert "ü" in (repository / ".git/said").read_text(encoding="utf-8")
    assert "error: ü: " in tidegate("check", "ü", cwd=repository, PYTHONIOENCODING="latin-1").stderr


def test_no_locale_hides_a_file(repository: Path) -> None:
    (repository / "envs/dev/ü.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: u}\ndata: []\n")
    done = tidegate("check", cwd=repository, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert "envs/dev/ü.yaml\n  4:" in done.stdout
    assert "      4 │ data: []\n" in done.stdout


@pytest.mark.parametrize("arguments", [["check"], ["plan", "--json"], ["schema"]])
def test_nobody_need_listen(repository: Path, arguments: list[str]) -> None:
    command = " ".join([sys.executable, "-m", "bot.cli", *arguments, ">&-"])
    done = subprocess.run(["sh", "-c", command], cwd=repository, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_who_listens_no_longer_is_no_fault(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as gone:
        done = tidegate("schema", cwd=tmp_path, stdout=gone)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has Landlock")
@pytest.mark.parametrize(
    ("arguments", "status"), [(["plan", "--json"], 2), (["check", "--json"], 0), (["render", "-f", "json"], 0)]
)
def test_what_is_logged_is_no_output(repository: Path, arguments: list[str], status: int) -> None:
    program_without_landlock = (
        "import errno\n"
        "from seccompy import Action, Filter\n"
        "calls = Filter(Action.ALLOW)\n"
        "calls.errno('landlock_create_ruleset', errno.ENOSYS)\n"
        "calls.load()\n"
        "from bot.cli import main\n"
        "main()\n"
    )
    (repository / "tidegate.yaml").write_text(TIDEGATE)
    (repository / "envs/dev/kustomization.yaml").write_text("resources: [a.yaml]\n")
    commit_all(repository)
    (repository / "envs/dev/a.yaml").write_text(f"{MAP}data: {{a: b}}\n")
    path = f"{program('kustomize').parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", program_without_landlock, *arguments], cwd=repository, capture_output=True, text=True,
        check=False, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert (done.returncode, "programs run without a whole jail" in done.stderr) == (status, True)
    assert json.loads(done.stdout)


def test_ctrl_c_while_something_is_imported_is_no_fault(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *more):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "from bot.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_program_that_is_missing_is_to_be_installed_here(repository: Path) -> None:
    (repository / "chart").mkdir()
    (repository / "chart/Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 0.1.0\n")
    (repository / "bin").mkdir()
    (repository / "bin/git").symlink_to(shutil.which("git") or "")
    done = tidegate("check", "chart", cwd=repository, PATH=str(repository / "bin"))
    assert done.returncode == 2
    assert "error: helm was not found, so no chart can be rendered" in done.stdout
    assert "fix: install helm 3 or 4 where Tidegate runs, or name it in" in done.stdout
