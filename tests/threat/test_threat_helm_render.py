"""Hostile charts of the repository: what they may not name, read, reach or wear out while they are rendered."""

from typing import Any

import pytest

from bot.errors import RenderError
from bot.model.environment import Source
from bot.render.helm import Helm
from tests.support.chart_server import ChartServer
from tests.support.charts import CHART, archive, bomb, chart_yaml, config_map, refused, render
from tests.support.trees import tree as make_tree

SECRET = "c4n4ry-hunter2"


@pytest.mark.parametrize("name", ["-rel", "--post-renderer=./x", "--", "a b", "a\nb", "A", "a.b", "x" * 54, "", 7])
@pytest.mark.parametrize("key", ["release", "namespace"])
async def test_rows_21_and_26_a_name_never_is_an_option(helm: Helm, key: str, name: Any) -> None:
    if (key, name) == ("namespace", "x" * 54):
        pytest.skip("a namespace may be longer than a release")
    found = await refused(helm, CHART, **{key: name})
    assert f"option {key} cannot be a name" in found.message


OUTSIDE = [
    "../v.yaml", "web/../../v.yaml", "/etc/passwd", "file:///etc/passwd", "https://127.0.0.1/v.yaml", "a\\b", "-v.yaml",
    "./v.yaml", "web//v.yaml", "s3:v.yaml", "a\nv.yaml",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
async def test_row_31_values_outside_of_the_repository_are_refused(helm: Helm, path: str) -> None:
    assert "no file of the repository" in (await refused(helm, CHART, values=[path])).message


async def test_row_31_values_by_a_link_are_refused(helm: Helm) -> None:
    files = CHART | {"v.yaml": "/etc/passwd", "link": "/etc"}
    modes = {"v.yaml": "120000", "link": "120000"}
    for path in ("v.yaml", "link/passwd"):
        assert "symbolic link" in (await refused(helm, files, modes, values=[path])).message
        reads = helm.reads(make_tree(files, modes), Source(path="web", options={"values": [path]}))
        assert path.partition("/")[0] in reads


async def test_row_31_a_template_reads_no_file_outside_of_its_chart(helm: Helm) -> None:
    files = CHART | {"secret.txt": SECRET}
    for path in ("../secret.txt", "/etc/passwd", "../../../../../../../etc/passwd"):
        files["web/templates/a.yaml"] = config_map("a", f'{{{{ .Files.Get "{path}" | quote }}}}')
        assert [each.body["data"]["value"] for each in (await render(helm, files)).resources] == [""]


@pytest.mark.parametrize("path", ["Chart.lock", "values.yaml", "charts/x", "files/x.conf", "templates/b.yaml"])
@pytest.mark.parametrize("mode", ["120000", "160000"])
async def test_row_32_a_link_in_a_chart_is_refused(helm: Helm, path: str, mode: str) -> None:
    found = await refused(helm, CHART | {f"web/{path}": "/etc/passwd"}, {f"web/{path}": mode})
    assert ("never f" in found.message, found.path) == (True, f"web/{path}")
    assert found.fix == "commit the files themselves"


async def test_row_32_dependencies_are_never_fetched(helm: Helm, server: ChartServer) -> None:
    for place in (f"https://{server.host}/stable", f"oci://{server.host}/charts", "file://../other"):
        depends = f"dependencies:\n- {{name: other, version: 1.2.3, repository: '{place}'}}\n"
        files = CHART | {"web/Chart.yaml": chart_yaml("web", depends), "other/Chart.yaml": chart_yaml("other")}
        assert "depends on other" in (await refused(helm, files)).message
    assert server.asked == []


async def test_row_32_no_name_is_looked_up_and_no_cluster_is_asked(helm: Helm) -> None:
    text = '{{ getHostByName "localhost" | quote }}\n  found: {{ lookup "v1" "Secret" "" "" | toJson | quote }}'
    (found,) = (await render(helm, CHART | {"web/templates/a.yaml": config_map("a", text)})).resources
    assert found.body["data"] == {"value": "", "found": "{}"}


async def test_row_65_a_vendored_bomb_is_refused(helm: Helm) -> None:
    for data in (bomb("sub/values.yaml", 100_000_000), archive({"../evil": "x"}), b"damaged"):
        found = await refused(helm, CHART | {"web/charts/sub-1.2.3.tgz": data})
        assert (found.path, "archive" in found.message) == ("web/charts/sub-1.2.3.tgz", True)


@pytest.mark.parametrize(
    "template",
    [
        '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
        "{{ tpl .Values.loop . }}",
    ],
)
async def test_row_65_a_template_without_end_costs_only_its_own_render(helm: Helm, template: str) -> None:
    files = CHART | {"web/templates/b.yaml": template, "web/values.yaml": 'x: 1\nloop: "{{ tpl .Values.loop . }}"\n'}
    found = await refused(helm, files)
    assert found.level in ("error", "unknown")
    assert (await render(helm, CHART | {"web/values.yaml": "x: 1\n"})).resources


async def test_row_65_a_schema_that_contains_itself(helm: Helm) -> None:
    files = CHART | {"web/values.yaml": "x: 1\n", "web/values.schema.json": '{"$ref": "#"}'}
    try:
        await render(helm, files)
    except RenderError as error:
        assert error.findings


ELSEWHERE = ["http://127.0.0.1:9/x.json", "https://example.org/x", "file:///etc/passwd", "urn:x:y"]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_row_66_a_schema_that_would_be_fetched_is_refused(helm: Helm, url: str) -> None:
    files = CHART | {"web/values.schema.json": f'{{"allOf": [{{"properties": {{"x": {{"$ref": "{url}"}}}}}}]}}'}
    found = await refused(helm, files)
    assert (found.path, "nothing is fetched while rendering" in found.message) == ("web/values.schema.json", True)
