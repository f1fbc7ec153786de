"""`tidegate check` as a person runs it beside kubeconform: from the start of the process to its end.

The command does more than its peer: it reads git, looks for secrets, plain Secrets and objects that are defined twice.
Python needs a moment to start, so a large repository shows what a file costs, and a small one what a start costs.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.manifests import write_manifests
from tests.bench.rows import Row, beside
from tests.bench.schemas import theirs, write_schemas

__all__ = ["rows"]

FILES, ROUNDS = 20_000, 3
CONFIGURATION = """version: 1
environments:
  prod: {source: {path: ., renderer: plain}, target: prod, apply: never}
"""


def rows(program: Path) -> list[Row]:
    """The time of the whole command; how many objects each found to be invalid is printed."""
    with tempfile.TemporaryDirectory() as name:
        folder, schemas, report = Path(name) / "files", Path(name) / "schemas", Path(name) / "report.json"
        schemas.mkdir()
        location = write_schemas(schemas)
        write_manifests(folder, FILES)
        (folder / "tidegate.yaml").write_text(CONFIGURATION)
        subprocess.run(["git", "init", "-q", folder], check=True)
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
    return [beside("check", f"{FILES} files: the whole command beside kubeconform", mine, their, 2)]
