"""Benchmarks: `scripts/bench main [--json FILE]`."""
