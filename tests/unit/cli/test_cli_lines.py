"""Findings stand on the line that is to be mended."""

from pathlib import Path

import pytest

from tests.bench.lines import measure, table

REPOSITORIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"


@pytest.mark.skipif(not REPOSITORIES.is_dir(), reason="the repositories to test with are not there")
def test_at_least_95_of_100_findings_are_on_the_right_line() -> None:
    measured = measure([REPOSITORIES])
    print(table(measured))
    assert measured.found.total() > 800
    assert measured.share >= 0.95, table(measured)
