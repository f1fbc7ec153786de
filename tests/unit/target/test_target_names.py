"""File names: hostile identities stay inside the folder and never share a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError
from bot.model.resource import ResourceId
from bot.target.directory.names import file_name, is_file_name, scope_parts

parts = st.text(max_size=8) | st.sampled_from(
    ["web", "Web", "..", "/etc/passwd", "a_b", "a", "_", "%41", "A", "é", "con"]
)
kinds = parts | st.sampled_from(["ConfigMap", "Configmap", "configmap", "config-map", "CONFIGMAP", "Config-map"])
ids = st.builds(
    lambda kind, group, scope, name: ResourceId(type=f"{kind}.{group}" if group else kind, scope=scope, name=name),
    kinds, parts, parts, parts,
)  # fmt: skip


@given(ids, ids)
def test_no_two_objects_share_a_file_even_without_case(one: ResourceId, other: ResourceId) -> None:
    assert (file_name(one).casefold() == file_name(other).casefold()) == (one == other)


@given(ids)
def test_a_name_is_safe(id: ResourceId) -> None:
    name = file_name(id)
    assert is_file_name(name)
    assert "/" not in name
    assert not name.startswith(".")
    assert name.isascii()
    assert name == name.lower()


@given(st.text(min_size=200, max_size=900), st.text(min_size=200, max_size=900))
def test_long_names_are_cut_and_stay_apart(one: str, other: str) -> None:
    first, second = (file_name(ResourceId(type="Pod", scope="shop", name="x" * 300 + text)) for text in (one, other))
    assert len(first) <= 255
    assert is_file_name(first)
    assert (first == second) == (one == other)


@pytest.mark.parametrize(
    ("id", "name"),
    [
        (ResourceId(type="ConfigMap", scope="shop", name="web"), "config-map_shop_web.yaml"),
        (ResourceId(type="Deployment.apps", scope="shop", name="web"), "deployment.apps_shop_web.yaml"),
        (ResourceId(type="Namespace", name="shop"), "namespace_shop.yaml"),
        (
            ResourceId(type="ClusterRole.rbac.authorization.k8s.io", name="system:Reader"),
            "cluster-role.rbac.authorization.k8s.io_system%3a%52eader.yaml",
        ),
    ],
)
def test_names_are_readable(id: ResourceId, name: str) -> None:
    assert file_name(id) == name


@pytest.mark.parametrize(
    "name",
    [
        "../a.yaml", ".hidden.yaml", "a/b.yaml", "a.json", "A.yaml", "a" * 260 + ".yaml", "", "a.yaml/../../b.yaml",
        "a.yaml\n",
    ],
)  # fmt: skip
def test_what_is_not_one_of_our_names(name: str) -> None:
    assert not is_file_name(name)


@pytest.mark.parametrize("scope", ["..", "a/../b", "/etc", ".tidegate", "a/.git", "a b", "a\n", "a" * 101, "é"])
def test_a_scope_that_is_refused(scope: str) -> None:
    with pytest.raises(InputError, match="scope"):
        scope_parts(scope)


@pytest.mark.parametrize(
    ("scope", "expected"), [("", ()), (".", ()), ("a", ("a",)), ("a/b/", ("a", "b")), ("./a//b", ("a", "b"))]
)
def test_a_scope(scope: str, expected: tuple[str, ...]) -> None:
    assert scope_parts(scope) == expected
