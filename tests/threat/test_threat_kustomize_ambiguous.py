"""A kustomization that could be read in two ways is refused, and not read in one of them."""

from tests.support.kustomizations import MAP, refused, render, renderer, tree_of


async def test_a_folder_with_two_kustomization_files_is_refused() -> None:
    for folder in ("o", "base"):
        files = {f"{folder}/kustomization.yml": "resources: [a.yaml]\n", "o/a.yaml": MAP}
        (found,) = await refused(tree_of("resources: [../base]\n", files))
        assert f"{folder} holds two kustomization files" in found.message


async def test_keys_that_differ_in_case_are_refused() -> None:
    (found,) = await refused(tree_of("resources: [../base]\nResources: [../../x]\n"))
    assert 'sets "resources" twice' in found.message
    for text in ("helmCharts: [{name: shop, releaseName: s, ReleaseName: -x}]", "labels: [{pairs: {}, Pairs: {}}]"):
        (found,) = await refused(tree_of(text + "\n"))
        assert "twice in different spellings" in found.message
    for free in (
        "commonLabels: {a: b, A: c}", "commonAnnotations: {a: b, A: c}", "labels: [{pairs: {a: b, A: c}}]",
        "generatorOptions: {labels: {a: b, A: c}}", "generatorOptions: {annotations: {a: b, A: c}}",
    ):  # fmt: skip
        assert (await render(renderer(), tree_of(f"resources: [../base]\n{free}\n"), "o")).resources
    for text in ("resources: [../base]\n---\nresources: [../../x]\n", "---\n---\nresources: [../base]\n"):
        (found,) = await refused(tree_of(text))
        assert "more than one document" in found.message
