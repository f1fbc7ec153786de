"""`python -m tests.bench main [--json FILE]`."""

import argparse
import sys
from pathlib import Path

from tests.bench import main, policies

parser = argparse.ArgumentParser(prog="scripts/bench", description="Run a benchmark and print its table.")
parser.add_argument("bench", choices=["main", "policies"], help="main: the main job end to end")
parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows as JSON")
arguments = parser.parse_args()
sys.exit({"main": main.run, "policies": policies.run}[arguments.bench](arguments.json))
