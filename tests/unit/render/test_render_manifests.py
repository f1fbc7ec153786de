"""From documents to resources: identities, lists, and what no environment can hold."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.document import load_documents
from bot.model.plan import Finding
from bot.model.resource import Resource, ResourceId
from bot.render.manifests import resources_of, shown


def read(text: str) -> list[Resource | Finding]:
    """What a file is made into."""
    return [
        each
        for one in load_documents(text.encode())
        for each in resources_of("a.yaml", one.value, one.line, one.locate)
    ]


def flaws(text: str) -> list[tuple[str, int, int]]:
    """What is wrong with a file, and where."""
    found = read(text)
    assert all(isinstance(each, Finding) and each.fix for each in found)
    return [(each.message, each.line, each.column) for each in found if isinstance(each, Finding)]


def resources(text: str) -> list[Resource]:
    """The resources of a file without flaws."""
    found = [each for each in read(text) if isinstance(each, Resource)]
    assert found == read(text)
    return found


@pytest.mark.parametrize(
    ("version", "namespace", "expected"),
    [
        ("v1", "", ResourceId(type="Thing", name="a")),
        ("apps/v1", "shop", ResourceId(type="Thing.apps", name="a", scope="shop")),
        ("acme.io/v1beta1", "shop", ResourceId(type="Thing.acme.io", name="a", scope="shop")),
    ],
)
def test_an_identity_has_the_group_and_not_the_version(version: str, namespace: str, expected: ResourceId) -> None:
    (found,) = resources(f"apiVersion: {version}\nkind: Thing\nmetadata:\n  name: a\n  namespace: {namespace}\n")
    assert found.id == expected


def test_a_body_is_the_manifest_unchanged() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, creationTimestamp: '2030-01-31T00:00:00Z', uid: ''}\n"
    text += "data: {x: '', y: null}\n"
    (found,) = resources(text)
    (document,) = load_documents(text.encode())
    assert found.body == document.value


LIST = """\
# a list
apiVersion: v1
kind: List
metadata: {resourceVersion: "7"}
items:
  - apiVersion: v1
    kind: Secret
    metadata: {name: a}
  - apiVersion: v1
    kind: List
    items:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: hidden
"""


def test_lists_are_taken_apart_and_every_item_knows_its_place() -> None:
    first, second = resources(LIST)
    assert (first.id.type, second.id.type) == ("Secret", "ClusterRoleBinding.rbac.authorization.k8s.io")
    assert first.origin
    assert second.origin
    assert second.origin.locate
    assert (first.origin.line, second.origin.line) == (6, 12)
    assert second.origin.locate(("metadata", "name")) == (15, 11)


def test_a_typed_list_gives_its_items_their_kind() -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n"
    text += "- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n"
    first, second = resources(text)
    assert (first.id, second.id) == (ResourceId(type="ConfigMap", name="a"), ResourceId(type="Secret", name="b"))
    assert first.body["apiVersion"] == "v1"


def test_an_item_of_a_typed_list_that_has_empty_names_for_its_kind_gets_it_too() -> None:
    """As kubectl has it (`k8s.io/apimachinery`, unstructured/helpers.go, decodeToList)."""
    (found,) = resources("apiVersion: v1\nkind: PodList\nitems:\n- {apiVersion: '', kind: null, metadata: {name: a}}\n")
    assert (found.id, found.body["apiVersion"]) == (ResourceId(type="Pod", name="a"), "v1")


@pytest.mark.parametrize("items", ["", "[]"])
def test_a_list_of_nothing_is_nothing(items: str) -> None:
    assert read(f"apiVersion: v1\nkind: List\nitems: {items}\n") == []


def test_an_object_may_have_items_of_its_own() -> None:
    (found,) = resources("apiVersion: acme.io/v1\nkind: Menu\nmetadata: {name: a}\nitems: []\n")
    assert found.id.kind == "Menu"


def test_a_sequence_at_the_root_is_a_list() -> None:
    first, second = resources(
        "- {apiVersion: v1, kind: A, metadata: {name: a}}\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n"
    )
    assert (first.id.name, second.id.name) == ("a", "b")
    assert second.origin
    assert second.origin.line == 2


def test_a_kind_that_only_ends_like_a_list_is_an_object() -> None:
    (found,) = resources("apiVersion: acme.io/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: []}\n")
    assert found.id.kind == "AllowList"


HEAD = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n"
NO_OBJECT = "is no Kubernetes object"
NO_MAPPING = f"the document {NO_OBJECT}: a document must be a mapping with apiVersion and kind"
BAD_VERSION = "X has an apiVersion that is neither a version nor a group with a version"
BAD_NAMESPACE = "X a has a namespace that cannot be one"
SERVERS = "which belongs to the API server"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n", ("the document is no Kubernetes object: it has no apiVersion and no kind", 1, 1)),
        ("# one\n---\nkind: X\n", ("X is no Kubernetes object: it has no apiVersion", 3, 1)),
        ("---\napiVersion: v1\n", ("the document is no Kubernetes object: it has no kind", 2, 1)),
        ("just text\n", (NO_MAPPING, 1, 1)),
        ("apiVersion: 1\nkind: X\n", (BAD_VERSION, 1, 1)),
        ("apiVersion: a/b/v1\nkind: X\n", (BAD_VERSION, 1, 1)),
        ("apiVersion: /v1\nkind: X\n", (BAD_VERSION, 1, 1)),
        ("apiVersion: v1\nkind: Deployment.apps\n", ("Deployment.apps has a kind that cannot be one", 2, 1)),
        ("apiVersion: v1\nkind: [X]\n", ("the document has a kind that cannot be one", 2, 1)),
        ("apiVersion: v1\nkind: X\n", ("X has no metadata", 1, 1)),
        ("apiVersion: v1\nkind: X\nmetadata: 5\n", ("X has no metadata", 3, 1)),
        ("apiVersion: v1\nkind: X\nmetadata: {}\n", ("X has no name", 3, 1)),
        ("apiVersion: v1\nkind: X\nmetadata: {generateName: x-}\n",
         ("X has a generateName, which makes another object of every apply", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: '', generateName: x-}\n",
         ("X has a generateName, which makes another object of every apply", 3, 22)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: ''}\n", ("X has no name", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a%2fb}\n", ("X a%2fb has a name that cannot be one", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a b}\n", ("X a b has a name that cannot be one", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a\\b}\n", ("X a\\b has a name that cannot be one", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: 123}\n", ("X has a name that is not a string", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: ../../x}\n", ("X ../../x has a name that cannot be one", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: ..}\n", ("X .. has a name that cannot be one", 3, 12)),
        ('apiVersion: v1\nkind: X\nmetadata: {name: "a\\nb"}\n', ("X a\\nb has a name that cannot be one", 3, 12)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a, namespace: ../x}\n", (BAD_NAMESPACE, 3, 21)),
        ("apiVersion: v1\nkind: X\nmetadata: {name: a, namespace: 7}\n", (BAD_NAMESPACE, 3, 21)),
        (f"apiVersion: v1\nkind: X\nmetadata: {{name: a, namespace: {'n' * 64}}}\n", (BAD_NAMESPACE, 3, 21)),
        (f"apiVersion: v1\nkind: X\nmetadata: {{name: {'n' * 254}}}\n",
         (f"X {'n' * 200}… has a name of more than 253 characters", 3, 12)),
        (f"apiVersion: v1\nkind: {'X' * 64}\n", (f"{'X' * 64} has a kind that cannot be one", 2, 1)),
        (f"apiVersion: {'g' * 254}/v1\nkind: X\n", (BAD_VERSION, 1, 1)),
        ("apiVersion: v1\nkind: List\nitems: {a: 1}\n", ("List has items that are not a list", 3, 1)),
        ("apiVersion: v1\nkind: List\nitems: [1]\n",
         (NO_MAPPING, 3, 9)),
        ("apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n",
         (f"a {NO_OBJECT}: it has no apiVersion and no kind", 3, 9)),
        ("apiVersion: v1\nkind: PodList\nitems: [{kind: X}]\n", (f"X {NO_OBJECT}: it has no apiVersion", 3, 9)),
        ("apiVersion: v1\nkind: PodList\nitems: [{apiVersion: v1}]\n",
         (f"the document {NO_OBJECT}: it has no kind", 3, 9)),
        (HEAD + "  uid: 1-2\n", (f"Secret db has metadata.uid, {SERVERS}", 5, 3)),
        (HEAD + "  resourceVersion: '1'\n", (f"Secret db has metadata.resourceVersion, {SERVERS}", 5, 3)),
        (HEAD + "  generation: 1\n", (f"Secret db has metadata.generation, {SERVERS}", 5, 3)),
        (HEAD + "  managedFields: []\n", (f"Secret db has metadata.managedFields, {SERVERS}", 5, 3)),
        (HEAD + "data:\n  a: YQ==\n  b:\n", ("Secret db has no value at data.b", 7, 3)),
        (HEAD + "stringData: {a: null}\n", ("Secret db has no value at stringData.a", 5, 14)),
    ],
)  # fmt: skip
def test_what_no_environment_can_hold_is_told_at_its_place(text: str, expected: tuple[str, int, int]) -> None:
    assert flaws(text) == [expected]


def test_a_namespace_may_be_empty_and_a_name_wins_over_a_generated_one() -> None:
    (found,) = resources("apiVersion: v1\nkind: X\nmetadata: {name: a, namespace: '', generateName: b-}\n")
    assert found.id == ResourceId(type="X", name="a")


@pytest.mark.parametrize("name", ["a", "a.b-c", "system:node", "system:controller:x", "0", "a" * 253])
def test_names_that_kubernetes_allows(name: str) -> None:
    (found,) = resources(f'apiVersion: v1\nkind: X\nmetadata: {{name: "{name}"}}\n')
    assert found.id.name == name


def test_a_name_that_is_too_long_is_not_repeated_in_full() -> None:
    ((message, _, _),) = flaws(f"apiVersion: v1\nkind: X\nmetadata: {{name: {'a' * 900}}}\n")
    assert len(message) < 300


@given(st.text())
def test_what_is_shown_prints_and_is_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 200 * len(r"\U0010ffff") + 1
    if text.isprintable() and len(text) <= 200:
        assert shown(text) == text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text("aL/.", max_size=4)
    | st.sampled_from(["v1", "List", "XList"]),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(["apiVersion", "kind", "metadata", "name", "items", "data"]), each, max_size=5
        )
    ),
)


@given(JSON)
def test_every_document_becomes_resources_or_findings(value: Any) -> None:
    found = read(json.dumps(value))
    for each in found:
        assert isinstance(each, Resource | Finding)
    if value is not None and not found:
        assert isinstance(value, list) or value.get("items") in ([], None) or isinstance(value.get("items"), list)
