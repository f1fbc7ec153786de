"""The demo's own story, played by the program itself."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commits import committed
from tests.support.programs import program

ROOT = Path(__file__).parents[2]
SYSTEM = "/usr/local/bin:/usr/bin:/bin"
DATA = ROOT.parent / "shared" / "data"
PLAIN = {
    "flux2-kustomize-helm-example": {"infrastructure": 9, "clusters/staging": 4, "clusters/production": 4},
    "podinfo": {"deploy/webapp": 11, "deploy/secure": 13},
}


def tidegate(*arguments: str, path: str = SYSTEM) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
        env={**os.environ, "PATH": path},
    )


@pytest.mark.timeout(420)
def test_the_walk_holds(tmp_path: Path) -> None:
    done = tidegate("demo", "--walk", "--state", str(tmp_path / "state"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().splitlines()[-1] == "10 passed, 0 failed"
    assert "was killed with -9" in done.stdout


@pytest.mark.timeout(420)
def test_the_walk_holds_on_a_kustomize_base_with_overlays(tmp_path: Path) -> None:
    path = os.pathsep.join([str(program("kustomize").parent), SYSTEM])
    done = tidegate("demo", "--walk", "--state", str(tmp_path / "state"), path=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().splitlines()[-1] == "10 passed, 0 failed"
    assert "builds its overlays with kustomize" in done.stdout


@pytest.mark.timeout(420)
@pytest.mark.parametrize("name", PLAIN)
def test_the_walk_holds_on_a_real_repository(tmp_path: Path, name: str) -> None:
    source = DATA / "repos" / name
    if not source.is_dir():
        pytest.skip(f"the sample repositories are not here: {source}")
    copy = tmp_path / name
    subprocess.run(["cp", "-r", "--no-preserve=mode", str(source), str(copy)], check=True)
    paths = PLAIN[name]
    environments = {
        path.replace("/", "-"): {
            "source": {"path": path, "renderer": "plain"}, "target": path.replace("/", "-"), "apply": "on-merge",
            "drift": "revert", "approvals": {"count": 1}, "secrets": {"plain": "warning"},
        }
        for path in paths
    }  # fmt: skip
    (copy / "tidegate.yaml").write_text(json.dumps({"version": 1, "environments": environments}))
    committed(copy)
    done = tidegate("demo", "--walk", "--repo", str(copy), "--state", str(tmp_path / "state"))
    assert done.returncode == 0, done.stdout + done.stderr
    held = {
        path: len(list((tmp_path / "state" / "targets" / path.replace("/", "-")).rglob("*.yaml"))) for path in paths
    }
    assert held == paths
    assert re.search(r"^\d+ passed, 0 failed$", done.stdout, re.MULTILINE)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=copy, check=True, capture_output=True, text=True)
    assert status.stdout == ""


@pytest.mark.timeout(420)
def test_a_repository_without_a_configuration_gets_one_proposed(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "apps" / "web").mkdir(parents=True)
    (own / "apps" / "built").mkdir()
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {a: '1'}\n"
    (own / "apps" / "web" / "a.yaml").write_text(manifest)
    (own / "apps" / "built" / "b.yaml").write_text(manifest)
    (own / "apps" / "built" / "kustomization.yaml").write_text("resources: [b.yaml]\n")
    committed(own)
    done = tidegate("demo", "--walk", "--repo", str(own), "--state", str(tmp_path / "state"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in (tmp_path / "state" / "targets").iterdir()) == ["web"]
