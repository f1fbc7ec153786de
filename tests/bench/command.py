"""`tidegate check` as a person runs it beside kubeconform: from the start of the process to its end.

The command does more than its peer: it reads git, and compares the files with the last commit; it looks for secrets,
plain Secrets and objects that are defined twice.
Python needs a moment to start, so a large repository shows what a file costs, and a small one what a start costs. How
Python was built matters, too: the same version is a tenth faster where it was optimised by a profile.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.manifests import write_manifests
from tests.bench.rows import Row, beside
from tests.bench.schemas import REAL, theirs, write_schemas
from tests.support.commits import commit_all, git

__all__ = ["rows"]

FILES, ROUNDS = 20_000, 3
CONFIGURATION = """version: 1
environments:
  prod: {source: {path: ., renderer: plain}, target: prod, apply: never}
"""


def rows(program: Path) -> list[Row]:
    """The time of the whole command on manifests that are made up, and on real ones where they are there."""
    print(f"Python {sys.version}")
    found = [
        row(program, f"{FILES} files: the whole command beside kubeconform", partial(write_manifests, count=FILES))
    ]
    if real := sorted(filter(is_manifest, (REAL / "podinfo").rglob("*.yaml"))):
        found.append(row(program, f"{FILES} files as podinfo has them: the same", partial(write_real, real=real)))
    else:
        print(f"podinfo is not there ({REAL.name}/), so its manifests are left out")
    return found


def is_manifest(file: Path) -> bool:
    """Whether a file holds objects, and is no part of a build."""
    return "overlays" not in file.parts and file.name != "kustomization.yaml" and b"apiVersion:" in file.read_bytes()


def write_real(folder: Path, real: list[Path]) -> None:
    """The same few files again and again, each with names of its own."""
    texts = [each.read_text() for each in real]
    for number in range(FILES):
        place = folder / f"team-{number % 40}" / f"{number}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(re.sub(r"(?m)^(  name: .*)$", rf"\1-{number}", texts[number % len(texts)]))


def commit(folder: Path) -> None:
    """Make it a repository as a clone is: everything in one pack, and nothing left for git to do in the background."""
    git(folder, "init", "-q")
    git(folder, "config", "gc.auto", "0")
    commit_all(folder)
    git(folder, "repack", "-a", "-d", "-q")


def row(program: Path, work: str, write: Callable[[Path], None]) -> Row:
    """The time of the whole command; how many objects each found to be invalid is printed."""
    with tempfile.TemporaryDirectory() as name:
        folder, schemas, report = Path(name) / "files", Path(name) / "schemas", Path(name) / "report.json"
        schemas.mkdir()
        location = write_schemas(schemas)
        write(folder)
        (folder / "tidegate.yaml").write_text(CONFIGURATION)
        commit(folder)
        check: list[str | Path] = [sys.executable, "-m", "bot.cli", "check", "-C", folder, "--json", "-o", report]
        mine, their = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            subprocess.run(check, check=False, capture_output=True)
            mine.append(time.perf_counter() - began)
            verdicts, took = theirs(program, folder, location)
            their.append(took)
        told = json.loads(report.read_text())["environments"][0]["findings"]
        broken = len({(each["path"], each["object"]) for each in told if each["level"] in ("error", "unknown")})
    refused = sum(each["invalid"] for each in verdicts.values())
    print(f"tidegate check: {FILES} files, {broken} objects that are invalid; kubeconform: {refused}")
    return beside("check", work, mine, their, 2)
