"""What is found in a repository: overlays, charts and folders of manifests, and why something is none."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config import parse
from bot.config.naming import unique
from bot.config.propose import EVERYTHING, Proposal, propose
from bot.model.identity import RepositoryId
from bot.model.tree import Tree
from tests.support.trees import EMPTY, tree

REPOSITORIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
PROD = "chart/values-prod.yaml"
CHART = "apiVersion: v2\nname: x\nversion: 1.0.0\n"


def proposed(files: dict[str, str]) -> Proposal:
    found = propose(tree(files), EVERYTHING)
    if found.environments:
        parse(found.text.encode(), RepositoryId(forge="local", number=0, path="r"), tree(files))
    return found


def test_overlays_are_environments_and_what_they_build_upon_is_not() -> None:
    found = proposed(
        {
            "base/kustomization.yaml": "resources: [web.yaml]\n",
            "base/web.yaml": MANIFEST,
            "overlays/prod/kustomization.yaml": "resources: [../../base]\ncomponents: [../../parts/tls/]\n",
            "overlays/dev/kustomization.yml": "bases: ['../../base']\n",
            "parts/tls/Kustomization": "kind: Component\n",
            "lonely/base/kustomization.yaml": "resources: []\n",
            "broken/kustomization.yaml": "a: [\n",
        }
    )
    assert found.environments == {"dev": "overlays/dev", "prod": "overlays/prod"}
    assert set(found.skipped) == {
        "base: overlays/dev builds upon it",
        "parts/tls: is a component, which is a part of overlays",
        "lonely/base: is named a base, and no overlay in this repository uses it",
        "broken: its kustomization file cannot be read",
    }


def test_kustomizations_that_are_found_and_why_others_are_not() -> None:
    found = proposed(
        {
            "base/kustomization.yaml": "",
            "self/kustomization.yaml": "resources: [., 5]\n",
            "odd/kustomization.yaml": "resources: 5\n",
            "list/kustomization.yaml": "- a\n",
            ".hidden/kustomization.yaml": "",
        }
    )
    assert found.environments == {"base": "base", "self": "self", "odd": "odd"}
    assert found.skipped == ("list: its kustomization file cannot be read",)
    root = proposed({"kustomization.yaml": "", "a/kustomization.yaml": "resources: [..]\n"})
    assert (root.environments, root.skipped) == ({"a": "a"}, (".: a builds upon it",))
    absent = replace(tree({"a/kustomization.yaml": "", "b/x.yaml": MANIFEST, "c/Chart.yaml": CHART}), blobs={})
    assert propose(absent, EVERYTHING).skipped == (
        "a: its kustomization file cannot be read",
        "c: its Chart.yaml cannot be read",
    )


def test_a_chart_is_part_of_those_above_it_only() -> None:
    found = proposed(
        {
            "web/Chart.yaml": CHART,
            "web-2/Chart.yaml": CHART,
            "bad/Chart.yaml": "- a\n",
            ".hidden/Chart.yaml": CHART,
            "web/overlay/kustomization.yaml": "",
        }
    )
    assert set(found.environments.values()) == {"web", "web-2"}
    assert set(found.skipped) == {"bad: its Chart.yaml cannot be read", "web/overlay: lies in the chart web"}
    within = proposed({"Chart.yaml": CHART, "charts/part/Chart.yaml": CHART})
    assert within.skipped == ("charts/part: is a part of the chart .",)


def test_a_chart_is_an_environment_for_each_file_of_values() -> None:
    found = proposed(
        {
            "chart/Chart.yaml": CHART,
            "chart/values.yaml": "a: 1\n",
            "chart/values-prod.yaml": "a: 1\n",
            "chart/values-dev.yaml": "a: 1\n",
            "chart/templates/x.yaml": MANIFEST,
            "chart/charts/part/Chart.yaml": CHART,
            "alone/Chart.yaml": CHART,
            "lib/Chart.yaml": CHART + "type: library\n",
        }
    )
    assert found.environments == {"alone": "alone", "dev": "chart", "prod": "chart"}
    configuration = parse(found.text.encode(), RepositoryId(forge="local", number=0, path="r"), EMPTY)
    options = {each.id.name: dict(each.source.options) for each in configuration.environments}
    assert options == {"alone": {}, "dev": {"values": ["chart/values-dev.yaml"]}, "prod": {"values": [PROD]}}
    assert set(found.skipped) == {
        "chart/charts/part: is a part of the chart chart",
        "lib: is a library chart, which renders nothing",
    }


def test_folders_that_live_in_a_namespace_which_one_of_them_makes_are_one() -> None:
    def of(namespace: str, name: str) -> str:
        return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n"

    made = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    shop = {"d/shop/common/ns.yaml": made, "d/shop/web/a.yaml": of("shop", "a"), "d/shop/api/b.yaml": of("shop", "b")}
    assert proposed(shop).environments == {"shop": "d/shop"}
    apart = {**shop, "d/shop/api/b.yaml": of("other", "b")}
    assert set(proposed(apart).environments.values()) == {"d/shop/common", "d/shop/web", "d/shop/api"}
    outside = {**shop, "d/shop/common/ns.yaml": of("shop", "c")}
    assert set(proposed(outside).environments.values()) == {"d/shop/common", "d/shop/web", "d/shop/api"}
    another = {**shop, "d/shop/common/ns.yaml": made.replace("shop", "other")}
    assert set(proposed(another).environments.values()) == {"d/shop/common", "d/shop/web", "d/shop/api"}
    both = {**apart, "d/shop/common/ns.yaml": made + "---\n" + made.replace("shop", "other")}
    assert set(proposed(both).environments.values()) == {"d/shop/common", "d/shop/web", "d/shop/api"}
    odd = {**shop, "d/shop/api/b.yaml": "apiVersion: v1\nkind: X\nmetadata: 5\n---\n5\n---\napiVersion: v1\n"}
    assert set(proposed(odd).environments.values()) == {"d/shop"}
    alone = {"d/shop/web/all.yaml": made + "---\n" + of("shop", "a")}
    assert set(proposed(alone).environments.values()) == {"d/shop/web"}
    at_the_root = {path.removeprefix("d/shop/"): text for path, text in shop.items()}
    assert set(proposed(at_the_root).environments.values()) == {"common", "web", "api"}
    below = proposed({**shop, "d/kustomization.yaml": ""})
    assert set(below.environments.values()) == {"d"}
    twice = {**shop, "d/shop/api/b.yaml": of("shop", "a")}
    assert set(proposed(twice).environments.values()) == {"d/shop/common", "d/shop/web", "d/shop/api"}


def test_a_stray_manifest_does_not_make_the_whole_repository_an_environment() -> None:
    files = {"catalog.yaml": MANIFEST, "overlays/prod/kustomization.yaml": "resources: []\n"}
    assert proposed(files).environments == {"prod": "overlays/prod"}
    assert proposed(files).skipped == (".: has manifests beside folders that are environments",)
    skaffold = {"skaffold.yaml": "apiVersion: skaffold/v4beta6\nkind: Config\n", "envs/a/x.yaml": MANIFEST}
    assert set(proposed(skaffold).environments.values()) == {"envs/a"}


def test_an_overlay_within_a_folder_of_manifests_is_part_of_it() -> None:
    files = {"clusters/a/apps.yaml": MANIFEST, "clusters/a/system/kustomization.yaml": "resources: []\n"}
    found = proposed(files)
    assert found.environments == {"a": "clusters/a"}
    assert found.skipped == ("clusters/a/system: lies in the folder of manifests clusters/a",)


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["envs/dev", "envs/prod"], ["dev", "prod"]),
        (["web/overlays/prod", "api/overlays/prod"], ["web-prod", "api-prod"]),
        (["apps/staging", "clusters/staging"], ["apps-staging", "staging"]),
        (["infra/configs", "infra/controllers"], ["infra-configs", "infra-controllers"]),
        (["apps/dev", "apps/prod", "clusters/prod"], ["apps-dev", "apps-prod", "prod"]),
        (["web/overlays/default"], ["web-default"]),
        (["op/overlays/v1.2", "op/overlays/1.3"], ["op-v1-2", "op-1-3"]),
        (["a/x", "a-x", "A/x"], ["a-x", "a-x-2", "a-x-3"]),
        (["a" * 70, "A" * 70], ["a" * 63, "a" * 55 + "-2"]),
        (["web/web/overlays/default"], ["web-default"]),
        (["true", "", "overlays"], ["env-true", "root", "overlays"]),
    ],
)
def test_names(folders: list[str], names: list[str]) -> None:
    assert unique(folders) == dict(zip(names, folders, strict=True))


def folder(path: Path) -> Tree:
    return tree(
        {
            Path(root, name).relative_to(path).as_posix(): Path(root, name).read_text(encoding="utf-8")
            for root, _, files in os.walk(path)
            for name in files
        }
    )


@pytest.mark.skipif(not REPOSITORIES.is_dir(), reason="the repositories to test with are not there")
def test_real_repositories() -> None:
    flux = propose(folder(REPOSITORIES / "flux2-kustomize-helm-example"), EVERYTHING)
    assert set(flux.environments.values()) == {
        "apps/production", "apps/staging", "clusters/production", "clusters/staging", "infrastructure/configs",
        "infrastructure/controllers",
    }  # fmt: skip
    podinfo = propose(folder(REPOSITORIES / "podinfo"), EVERYTHING)
    assert podinfo.environments == {
        "kustomize": "kustomize", "secure": "deploy/secure", "webapp": "deploy/webapp", "dev": "deploy/overlays/dev",
        "production": "deploy/overlays/production", "staging": "deploy/overlays/staging",
    }  # fmt: skip
    catalog = propose(folder(REPOSITORIES / "gitops-catalog"), EVERYTHING)
    assert not [path for path in catalog.environments.values() if "/components/" in path or path.endswith("/base")]
    components = [each for each in catalog.skipped if each.endswith("is a component, which is a part of overlays")]
    assert len(components) == 74
    assert {f"quay-operator/operator/overlays/{v}" for v in ("quay-v3.4", "stable-3.11")} <= set(
        catalog.environments.values()
    )
