"""The real Helm in a jail, and a registry for hostile charts."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.jail import Jail
from bot.render.helm import Helm, HelmOptions
from tests.support.chart_server import ChartServer, chart_server
from tests.support.charts import CHART, archive
from tests.support.programs import program


@pytest.fixture
def jail() -> Iterator[Jail]:
    """A jail whose launcher ends with the test."""
    made = Jail("best-effort")
    yield made
    made.close()


@pytest.fixture(params=["helm", "helm4"])
def helm(request: pytest.FixtureRequest, jail: Jail, tmp_path: Path) -> Helm:
    """The renderer with the real program of each major version; charts may come from anywhere on loopback."""
    options = HelmOptions(charts=("oci://127.0.0.1:*/*",), scratch=tmp_path / "scratch")
    return Helm(jail, str(program(request.param)), options)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChartServer]:
    """A registry and classic repository on loopback, with the chart."""
    async with chart_server(tmp_path) as up:
        up.archives[("web", "1.2.3")] = archive(CHART)
        yield up
