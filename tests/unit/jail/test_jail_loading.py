"""What starts a program is found by reading its file, whatever is in it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.jail import Jail
from bot.jail.loading import executed
from tests.support.jailed import shell
from tests.support.programs import program


def test_a_dynamic_program_needs_its_loader() -> None:
    found = executed("/bin/sh")
    assert found[0] == "/bin/sh"
    assert len(found) == 2
    assert Path(found[1]).name.startswith("ld-")


def test_a_static_program_needs_nothing_else() -> None:
    kustomize = str(program("kustomize"))
    assert executed(kustomize) == [kustomize]


def test_a_script_needs_its_interpreter_and_that_ones_loader(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"#! /bin/sh -e\necho\n")
    assert executed(str(script)) == [str(script), *executed("/bin/sh")]


def test_scripts_that_name_each_other_come_to_an_end(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!{script}\n")
    assert set(executed(str(script))) == {str(script)}


ELF = [b"\x7fELF" + kind for kind in (b"\x02\x01", b"\x02\x02", b"\x01\x01")]


@given(st.binary(max_size=200), st.sampled_from([b"", b"#!", *ELF]))
@example(b"\0", b"#!")
@example(bytes(26) + b"\xff" * 8 + bytes(14) + b"\x38\0\x40\0" + bytes(40), ELF[0])
@example(bytes(26) + b"\x60" + bytes(21) + b"\x38\0\x40\0" + bytes(40), ELF[0])  # its table is cut
def test_nonsense_is_no_error(tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "nonsense"
    path.write_bytes(start + data)
    found = executed(str(path))
    assert found[0] == str(path)
    assert not any("\0" in each for each in found)
    assert executed(str(path) + "-missing") == [str(path) + "-missing"]


async def test_a_script_of_the_operators_runs_in_the_jail(tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapper"
    wrapper.write_text('#!/bin/sh\necho "wrapped $1"\n')
    wrapper.chmod(0o755)
    job = shell(tmp_path, "")
    program = type(job.program)(name="wrapper", path=wrapper, digest=job.program.digest)
    job = type(job)(program=program, arguments=("x",), folder=tmp_path)
    jail = Jail()
    assert (await jail.run(job)).output == b"wrapped x\n"
    jail.close()


def test_the_loaders_found_are_those_that_ldd_names() -> None:
    if shutil.which("ldd") is None:
        pytest.skip("ldd is not there")
    text = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    assert executed("/bin/sh")[1] in text
