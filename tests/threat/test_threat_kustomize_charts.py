"""Charts of a kustomization: off by default, of the repository alone, and their words are never options."""

from pathlib import Path

import pytest

from tests.support.kustomizations import MAP, refused, tree_of, without_program

CHART = {
    "o/charts/shop/Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}\n",
    "o/charts/shop/values.yaml": "a: b\n",
    "o/charts/shop/templates/a.yaml": MAP,
}


@pytest.mark.parametrize(
    "entry",
    ["releaseName: --post-renderer=./x", "releaseName: -f", "releaseName: s, namespace: --post-renderer=./x",
     "releaseName: s, nameTemplate: -x", "releaseName: s, apiVersions: [--post-renderer=./x]",
     "releaseName: s, kubeVersion: -x", "releaseName: s, version: --x", "ReleaseName: --post-renderer=./x"],
)  # fmt: skip
async def test_row_26_words_of_a_chart_are_never_options_of_helm(entry: str, tmp_path: Path) -> None:
    text = f"helmCharts:\n- {{name: shop, {entry}}}\n"
    (found,) = await refused(tree_of(text, CHART), without_program(inflate=True))
    assert "dash" in found.message
    assert (found.path, found.line) == ("o/kustomization.yaml", 2)


@pytest.mark.parametrize(
    "entry",
    ["helmCharts: [{name: -x, releaseName: s}]", "helmCharts: [{name: shop, releaseName: s, repo: -x}]",
     "helmCharts: [{name: shop, releaseName: s, valuesFile: -x}]",
     "helmCharts: [{name: shop, releaseName: s, additionalValuesFiles: [a, -x]}]",
     *(f"helmChartInflationGenerator: [{{chartName: shop, releaseName: s, {field}: -x}}]"
       for field in ("chartVersion", "releaseNamespace", "values", "chartRepoUrl"))],
)  # fmt: skip
async def test_row_26_nor_are_those_of_any_other_field(entry: str) -> None:
    found, *_ = await refused(tree_of(f"{entry}\n", CHART), without_program(inflate=True))
    assert "dash" in found.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helmCharts: [{name: shop, releaseName: s}]", "does not allow"),
        ("HELMCHARTS: [{name: shop, releaseName: s}]", "does not allow"),
        ("generators: [g.yaml]", "does not allow"),
        ("helmChartInflationGenerator: [{chartName: shop, releaseName: s}]", "does not allow"),
    ],
)
async def test_row_26_charts_are_off_unless_the_server_allows_them(text: str, words: str) -> None:
    generator = (
        "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: shop\nreleaseName: s\n"
    )
    (found,) = await refused(tree_of(text + "\n", {**CHART, "o/g.yaml": generator}))
    assert words in found.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helmCharts: [{name: gone, repo: 'https://charts.example.org', releaseName: s}]", "is not at o/charts/gone"),
        ("helmCharts: [{name: shop, repo: 'oci://x.example.org', version: '1', releaseName: s}]", "shop-1/shop"),
        ("helmCharts: [{name: shop, releaseName: s}]\nhelmGlobals: {configHome: .}", "plugins"),
        ("helmCharts: [{name: shop}]", "releaseName"),
        ("helmCharts: [{name: shop, nameTemplate: 'x-{{ now.Year }}'}]", "releaseName"),
        ("helmCharts: [{name: ../shop, releaseName: s}]", "is a path"),
    ],
)
async def test_rows_26_and_45_a_chart_is_never_downloaded(text: str, words: str) -> None:
    found = await refused(tree_of(text + "\n", CHART), without_program(inflate=True))
    assert any(words in each.message for each in found), found


@pytest.mark.parametrize(
    "values", ["../../v.yaml", "/etc/passwd", "file:///etc/passwd", "link.yaml", "https://x/v.yaml", "gone.yaml"]
)
@pytest.mark.parametrize("field", ["valuesFile: {}", "additionalValuesFiles: [{}]"])
async def test_row_31_values_files_are_files_of_the_repository(values: str, field: str) -> None:
    text = f"helmCharts:\n- {{name: shop, releaseName: s, {field.format(values)}}}\n"
    tree = tree_of(text, CHART, links={"o/link.yaml": "/etc/passwd"})
    (found,) = await refused(tree, without_program(inflate=True))
    assert (found.path, found.line) == ("o/kustomization.yaml", 2)


@pytest.mark.parametrize("home", ["../..", "/tmp", "linked"])
async def test_row_31_the_home_of_charts_is_in_the_repository(home: str) -> None:
    text = f"helmCharts: [{{name: shop, releaseName: s}}]\nhelmGlobals: {{chartHome: {home}}}\n"
    tree = tree_of(text, CHART, links={"o/linked": "charts"})
    assert await refused(tree, without_program(inflate=True))


async def test_row_31_links_in_a_chart_are_refused() -> None:
    text = "helmCharts: [{name: shop, releaseName: s}]\n"
    tree = tree_of(text, CHART, links={"o/charts/shop/Chart.lock": "/etc/passwd"})
    (found,) = await refused(tree, without_program(inflate=True))
    assert "Chart.lock" in found.message
