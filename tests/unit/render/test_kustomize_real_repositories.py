"""Real repositories build to what `kustomize build` makes of them, object by object."""

from functools import cache
from pathlib import Path

import pytest

from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.tree import Tree
from bot.render.kustomize import Kustomize
from tests.support.kustomizations import build, render, renderer
from tests.support.trees import folder_tree

REPOSITORIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"

pytestmark = pytest.mark.skipif(
    not REPOSITORIES.is_dir(), reason=f"the repositories to test with are not at {REPOSITORIES}"
)

RELEASES = {
    "advanced-cluster-management/operator/overlays/release-2.{}": (range(8, 16), 3),
    "openshift-data-foundation-operator/operator/overlays/stable-4.{}": (range(9, 21), 8),
    "openshift-gitops-operator/operator/overlays/gitops-1.{}": (range(3, 11), 1),
    "quay-operator/operator/overlays/quay-v3.{}": (range(4, 6), 3),
    "quay-operator/operator/overlays/stable-3.{}": (range(6, 12), 3),
}
LATER = {"openshift-gitops-operator/operator/overlays/gitops-1.{}": (range(11, 17), 3)}
CATALOG = {
    "advanced-cluster-management/operator/base": 3,
    "advanced-cluster-management/instance/base": 2,
    "advanced-cluster-management/instance/observability": 7,
    "amq-broker-operator/examples/amq-cluster-basic": 8,
    "amq-broker-operator/examples/amq-cluster-ssl-init-self-signed": 15,
    "amq-broker-operator/instance/base": 1,
    "amq-broker-operator/instance/overlays/clustered-ephemeral": 1,
    "amq-broker-operator/instance/overlays/clustered-ephemeral-tls-init-container": 5,
    "amq-broker-operator/instance/overlays/non-clustered-postgres-leader-follower/leader": 5,
    "amq-broker-operator/instance/overlays/non-clustered-postgres-leader-follower/follower": 5,
    "amq-broker-operator/operator/base": 1,
    "amq-broker-operator/operator/overlays/v7.12": 1,
    "gatekeeper-operator/base/instance": 1,
    "gatekeeper-operator/base/operator": 4,
    "gatekeeper-operator/overlays/upstream": 5,
    "grafana-operator/base/instance": 5,
    "grafana-operator/base/operator": 1,
    "grafana-operator/overlays/aggregate": 6,
    "grafana-operator/overlays/example": 8,
    "grafana-operator/overlays/user-app": 9,
    "grafana-operator/overlays/user-app-example": 11,
    "kyverno/overlays/sample-policies": 3,
    "openshift-data-foundation-operator/operator/base": 8,
    "openshift-data-foundation-operator/instance/base": 1,
    "openshift-data-foundation-operator/instance/overlays/aws": 3,
    "openshift-data-foundation-operator/instance/overlays/vsphere": 3,
    "openshift-data-foundation-operator/config-helpers/node-labeler/base": 4,
    "openshift-data-foundation-operator/config-helpers/node-labeler/overlays/default": 4,
    "openshift-data-foundation-operator/aggregate/overlays/aws": 11,
    "openshift-data-foundation-operator/aggregate/overlays/vsphere": 11,
    "openshift-data-foundation-operator/aggregate/overlays/aws-node-labeler": 15,
    "openshift-data-foundation-operator/aggregate/overlays/vsphere-node-labeler": 15,
    "openshift-gitops-operator/instance/base": 1,
    "openshift-gitops-operator/instance/overlays/default": 2,
    "openshift-gitops-operator/instance/overlays/rhdp": 3,
    "openshift-gitops-operator/operator/base": 1,
    "openshift-gitops-operator/operator/overlays/preview": 1,
    "openshift-gitops-operator/operator/overlays/latest": 3,
    "prometheus-operator/aggregate/base": 9,
    "prometheus-operator/aggregate/overlays/example": 11,
    "prometheus-operator/instance/base": 8,
    "prometheus-operator/instance/overlays/example": 8,
    "prometheus-operator/operator/base": 1,
    "prometheus-operator/operator/overlays/beta": 1,
    "quay-operator/operator/base": 3,
    **{name.format(n): count for each in (RELEASES, LATER) for name, (ns, count) in each.items() for n in ns},
}
RENDERING = {
    "flux2-kustomize-helm-example": {
        "apps/staging": 3,
        "apps/production": 3,
        "apps/base/podinfo": 3,
        "infrastructure/controllers": 6,
        "infrastructure/configs": 3,
    },
    "podinfo": {"kustomize": 3, "deploy/bases/backend": 3},
    "gitops-catalog": CATALOG,
}
PLACES = [(repository, path, count) for repository, paths in RENDERING.items() for path, count in paths.items()]


@cache
def repository(name: str) -> Tree:
    return folder_tree(REPOSITORIES / name)


@cache
def shared() -> Kustomize:
    return renderer()


def test_the_list_is_whole() -> None:
    assert len(CATALOG) == 87


@pytest.mark.parametrize(("name", "path", "count"), PLACES, ids=lambda value: str(value).replace("/", "."))
async def test_what_renders_is_equal_object_by_object(name: str, path: str, count: int) -> None:
    rendered = await render(shared(), repository(name), path)
    assert [each.body for each in rendered.resources] == build(REPOSITORIES / name / path).documents
    assert len(rendered.resources) == count
    for each in rendered.resources:
        assert each.origin
        text = repository(name).read(each.origin.path).decode().splitlines()
        assert 1 <= each.origin.line <= len(text)
        assert each.origin.locate
        line, _ = each.origin.locate(("metadata", "name"))
        assert "name" in text[line - 1] or each.id.kind in ("ConfigMap", "Secret"), (
            each.id,
            each.origin,
            text[line - 1],
        )


def test_nothing_that_renders_is_left_out_and_nothing_else_renders() -> None:
    kinds = {path: text for path, text in texts(repository("gitops-catalog")) if path.endswith("kustomization.yaml")}
    whole = {path.rpartition("/")[0] for path, text in kinds.items() if "kind: Component" not in text}
    assert len(whole) == 117
    assert set(CATALOG) <= whole


def texts(tree: Tree) -> list[tuple[str, str]]:
    return [(path, tree.read(path).decode("utf-8", "replace")) for path in sorted(tree.entries)]


async def test_what_cannot_render_says_why_at_its_place() -> None:
    tree = repository("gitops-catalog")
    builds = {path.rpartition("/")[0] for path, text in texts(tree) if path.endswith("kustomization.yaml")
              and "kind: Component" not in text}  # fmt: skip
    remote = 0
    for path in sorted(builds - set(CATALOG)):
        with pytest.raises(RenderError) as caught:
            await render(shared(), tree, path)
        for each in caught.value.findings:
            assert each.level == "error"
            assert each.path.endswith("kustomization.yaml")
            line = tree.read(each.path).decode().splitlines()[each.line - 1]
            assert each.message.split()[0].rpartition("/")[2] in line
            assert each.fix
        words = [each.message for each in caught.value.findings]
        assert all("cannot be pinned" in each or "does not exist" in each for each in words)
        remote += any("cannot be pinned" in each for each in words)
    # one of those that want a file wants the network too, further along
    assert (len(builds - set(CATALOG)), remote) == (30, 16)


@pytest.mark.parametrize("path", ["clusters/staging/flux-system", "clusters/production/flux-system"])
async def test_nothing_printed_with_status_zero_is_an_error(path: str) -> None:
    name = "flux2-kustomize-helm-example"
    done = build(REPOSITORIES / name / path)
    assert (done.status, done.documents) == (0, [])
    with pytest.raises(RenderError, match="renders to no object"):
        await render(shared(), repository(name), path)


@pytest.mark.parametrize("name", sorted(RENDERING))
def test_every_folder_with_a_build_file_is_claimed(name: str) -> None:
    folders = [each.rpartition("/")[0] for each in repository(name).entries if each.endswith("kustomization.yaml")]
    assert all(shared().claims(repository(name), Source(path=each or ".")) for each in folders)
