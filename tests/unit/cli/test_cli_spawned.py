"""Where a process cannot be copied, a new one gets the request and reads the repository again."""

import pickle
import subprocess
from pathlib import Path

from bot.cli.check.request import CheckRequest
from bot.cli.check.run import again
from bot.flow.checkup import Task

CONFIGURATION = "version: 1\nenvironments: {prod: {source: {path: envs}, target: prod, apply: never}}\n"
OLD = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n"
"""Served up to Kubernetes 1.31."""


def test_a_new_process_does_the_same_as_a_copied_one(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "tidegate.yaml").write_text(CONFIGURATION)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/a.yaml").write_text(OLD)
    for version, level in (("1.31", "warning"), ("1.32", "error")):
        recipe = again(CheckRequest(repository=tmp_path, version=version), tmp_path)
        for made in (recipe, pickle.loads(pickle.dumps(recipe))):
            with made() as work:
                outcome = work(Task(environment="prod"))
            assert (outcome.objects, [each.level for each in outcome.findings]) == (1, [level])
