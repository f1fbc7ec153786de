"""What is said of two toolchains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.toolchain import difference, toolchain
from bot.model.kubernetes import Kubernetes

OLD = ("kustomize v5.7.1 sha256:1", "helm 3.20.2 sha256:2")

CASES = {
    "an upgrade": (("kustomize v5.8.2 sha256:3", OLD[1]), "kustomize v5.7.1 → v5.8.2"),
    "two upgrades": (
        ("kustomize v5.8.2 sha256:3", "helm 4.1.4 sha256:4"), "kustomize v5.7.1 → v5.8.2, helm 3.20.2 → 4.1.4",
    ),
    "another build": (("kustomize v5.7.1 sha256:9", OLD[1]), "kustomize v5.7.1 (another build or other settings)"),
    "another program": (("kubectl v1.36.1 sha256:5", OLD[1]), "kustomize v5.7.1 → kubectl v1.36.1"),
    "one less": ((OLD[0],), "helm 3.20.2 → nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("now", "said"), CASES.values(), ids=CASES.keys())
def test_what_changed_is_named(now: tuple[str, ...], said: str) -> None:
    assert difference(OLD, now) == said


NAMES = st.sampled_from(["kustomize", "kubectl", "helm", "plain", "kubernetes", "tidegate"])
TOOLS = st.dictionaries(NAMES, st.tuples(st.sampled_from("123"), st.sampled_from("ab"))).map(
    lambda found: tuple(f"{name} {version} {digest}" for name, (version, digest) in found.items())
)


@given(TOOLS, TOOLS)
def test_something_is_said_exactly_where_something_changed(before: tuple[str, ...], now: tuple[str, ...]) -> None:
    assert bool(difference(before, now)) == (set(before) != set(now))


def test_what_a_cluster_serves_is_a_part_of_it() -> None:
    served = Kubernetes(version="1.36", api_versions=("monitoring.coreos.com/v1",))
    one, two = (toolchain(("helm 3.20.2 sha256:2",), each) for each in (Kubernetes(version="1.36"), served))
    assert difference(one, two) == "kubernetes 1.36 (another build or other settings)"
    assert difference(one, toolchain(("helm 3.20.2 sha256:2",), Kubernetes(version="1.35"))) == "kubernetes 1.36 → 1.35"
