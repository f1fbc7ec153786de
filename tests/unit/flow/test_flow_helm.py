"""A chart's way through the spine: fetched, rendered, and what was left out is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import offline_tools, renderers
from bot.config import parse
from bot.fetch import Charts, Fetchers
from bot.flow.assess import pick
from bot.flow.evaluate import InProcess
from bot.flow.offline import Revisions, preview
from bot.jail import Jail
from bot.model.environment import Source
from bot.model.gate import Assessment
from bot.model.identity import RepositoryId
from bot.render.helm import Helm, HelmOptions
from bot.settings import RenderSettings
from tests.support.chart_server import ChartServer, chart_server, sha256
from tests.support.charts import HOOKS, archive, chart_yaml, config_map
from tests.support.programs import program
from tests.support.trees import EMPTY, loaded
from tests.support.trees import tree as make_tree

CHART = archive(
    {
        "web/Chart.yaml": chart_yaml("web"),
        "web/templates/a.yaml": config_map("{{ .Release.Name }}", "{{ .Values.x }}"),
        "web/templates/hooks.yaml": HOOKS,
    }
)


async def assess(server: ChartServer, folder: Path, digest: str) -> Assessment:
    """Assess an environment of the server's chart, as `tidegate plan` does."""
    place = f"oci://{server.host}/charts/web"
    head = make_tree({"envs/prod/values.yaml": "x: from git\n"})
    text = f"""\
version: 1
environments:
  prod:
    source:
      path: envs/prod
      options: {{chart: "{place}", version: 1.2.3, digest: "{digest}", values: [envs/prod/values.yaml]}}
    target: prod
    apply: never
"""
    allowed = (f"oci://{server.host}/charts/*",)
    jail = Jail("best-effort")
    helm = Helm(jail, str(program("helm")), HelmOptions(charts=allowed))
    tools = replace(
        offline_tools(), renderers=(helm,), evaluator=InProcess((helm,), ()),
        fetch=Fetchers({"chart": Charts(allowed, folder / "kept", server.trust)}),
    )  # fmt: skip
    after = parse(text.encode(), RepositoryId(forge="github", number=7, path="acme/web"), EMPTY)
    revisions = Revisions(base=make_tree({}), head=head, before=None, after=after, load=loaded)
    try:
        (found,) = await preview(tools, revisions, frozenset(), "/gate")
    finally:
        jail.close()
    return found


async def test_a_chart_from_elsewhere_is_planned_and_its_hooks_are_told(tmp_path: Path) -> None:
    async with chart_server(tmp_path) as server:
        server.archives[("web", "1.2.3")] = CHART
        found = await assess(server, tmp_path, sha256(CHART))
    assert found.head
    objects = {str(each.id): each for each in found.head.resources}
    assert set(objects) == {"ConfigMap prod", "Service prod"}
    assert objects["ConfigMap prod"].body["data"] == {"value": "from git"}
    assert {each.origin.path for each in objects.values() if each.origin} == {"envs/prod/values.yaml"}
    assert [each.level for each in found.findings] == ["notice", "notice"]
    assert "1 hook is left out" in found.findings[0].message


@pytest.mark.parametrize("there", [True, False])
async def test_a_chart_that_cannot_be_had_is_never_an_empty_plan(tmp_path: Path, there: bool) -> None:
    async with chart_server(tmp_path) as server:
        if there:
            server.archives[("web", "1.2.3")] = CHART
        found = await assess(server, tmp_path, "sha256:" + "0" * 64)
    assert (found.head, found.plan) == (None, None)
    assert [each.level for each in found.findings] == ["error"]


@pytest.mark.parametrize(("options", "renderer"), [({}, "kustomize"), ({"values": ["v.yaml"]}, "helm")])
def test_options_are_never_ignored(options: dict[str, object], renderer: str) -> None:
    tree = make_tree({"envs/prod/kustomization.yaml": "resources: []\n"})
    found = pick(renderers(RenderSettings(), Jail("best-effort")), tree, Source(path="envs/prod", options=options))
    assert found
    assert found.name == renderer
