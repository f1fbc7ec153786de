"""`python -m tests.bench main|check|… [--json FILE]`."""

import argparse
import sys
from pathlib import Path

from tests.bench import check, main, policies, schemas

BENCHES = {"main": main.run, "check": check.run, "schemas": schemas.run, "policies": policies.run}

parser = argparse.ArgumentParser(prog="scripts/bench", description="Run a benchmark and print its table.")
parser.add_argument(
    "bench", choices=list(BENCHES),
    help="main: the main job end to end; check: rendering and checking, of which schemas and policies are parts",
)  # fmt: skip
parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
arguments = parser.parse_args()
sys.exit(BENCHES[arguments.bench](arguments.json))
