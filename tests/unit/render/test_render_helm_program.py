"""The operator's program: one that cannot be used is told, and one that takes the place of another is noticed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import RenderError
from bot.jail import Jail, Limits
from bot.jail.run import Mechanisms
from bot.render.helm import Helm, HelmOptions
from tests.support.charts import CHART, config_map, refused, render
from tests.support.programs import program


@pytest.fixture
def jail() -> Iterator[Jail]:
    """A jail whose launcher ends with the test."""
    made = Jail("best-effort")
    yield made
    made.close()


@pytest.fixture
def loose() -> Iterator[Jail]:
    """A jail for scripts, which need their interpreter."""
    made = Jail("best-effort", lambda: Mechanisms(landlock=0, seccomp=False))
    yield made
    made.close()


@pytest.mark.parametrize("version", ["v2.17.0", "v3.20.1", "v4.1.3", "v5.0.0", "none"])
async def test_a_program_below_the_floor_is_not_used(version: str, loose: Jail, tmp_path: Path) -> None:
    old = tmp_path / "helm"
    old.write_text(f"#!/bin/sh\necho {version}\n")
    old.chmod(0o755)
    helm = Helm(loose, str(old), HelmOptions())
    assert "3.20.2 or 4.1.4" in (await refused(helm, CHART)).fix


async def test_no_program_is_an_error_that_says_so(jail: Jail) -> None:
    helm = Helm(jail, "no-such-helm", HelmOptions())
    found = await refused(helm, CHART)
    assert "not found" in found.message


async def test_a_program_that_takes_the_place_of_another_is_noticed(jail: Jail, tmp_path: Path) -> None:
    place = tmp_path / "helm"
    shutil.copy(program("helm"), place)
    helm = Helm(jail, str(place), HelmOptions(scratch=tmp_path / "scratch"))
    files = CHART | {"web/templates/a.yaml": config_map("a", "{{ (semver .Capabilities.HelmVersion.Version).Major }}")}
    before = await render(helm, files)
    shutil.copy(program("helm4"), tmp_path / "fresh")
    (tmp_path / "fresh").replace(place)
    after = await render(helm, files)
    assert before.tools[0].startswith("helm 3.")
    assert after.tools[0].startswith("helm 4.")
    assert [each.body["data"] for each in before.resources] != [each.body["data"] for each in after.resources]


@pytest.mark.parametrize("name", ["helm", "helm4"])
async def test_a_render_without_end_is_unknown(name: str, jail: Jail) -> None:
    limits = Limits(seconds=0.5)
    helm = Helm(jail, str(program(name)), HelmOptions(limits=limits))
    hours = "{{ range until 50000 }}{{ range until 50000 }}{{ end }}{{ end }}"
    with pytest.raises(RenderError) as error:
        await render(helm, CHART | {"web/templates/a.yaml": hours + config_map("a", "1")})
    assert [each.level for each in error.value.findings] == ["unknown"]
