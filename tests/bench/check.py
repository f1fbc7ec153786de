"""Rendering and checking beside their peers, all in one run."""

import sys
from pathlib import Path

from tests.bench import command, overlays, policies, schemas
from tests.bench.jail import overhead
from tests.bench.rows import show
from tests.tools.build import Missing, locate

__all__ = ["run"]


def run(file: Path | None) -> int:
    """Measure and show; the exit status."""
    try:
        for name in ("kubeconform", "conftest", "kustomize"):
            locate(name)
    except Missing as error:
        print(error, file=sys.stderr)
        return 1
    peer = locate("kubeconform")
    rows = [overhead(), *schemas.all_rows(peer), *command.rows(peer), *policies.rows(), *overlays.rows()]
    return show(rows, file)
