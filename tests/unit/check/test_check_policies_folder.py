"""Where policies come from: folders of the base, whatever else lies in them, and those that are shipped."""

import pytest
import yaml

from tests.support.policies_given import binding, judged, levels, policy
from tests.support.trees import tree

POLICY = "ValidatingAdmissionPolicy"


def test_a_file_that_is_no_yaml_is_said() -> None:
    (found,) = judged("a: [")
    assert (found.level, found.path) == ("unknown", "policies/p.yaml")


def test_a_folder_that_is_not_in_the_base_is_unknown() -> None:
    (found,) = judged("", tree=tree({"other/p.yaml": policy()}))
    assert (found.level, found.path) == ("unknown", "tidegate.yaml")
    (found,) = judged("", tree=None)
    assert found.level == "unknown"


def test_a_folder_without_policies_is_unknown_unless_they_are_of_another_kind() -> None:
    assert levels("a: 1") == ["unknown"]
    assert levels("a: 1", files={"policies/p.rego": "package main"}) == []
    assert levels("a: 1", files={"policies/p_test.rego": "package main"}) == ["unknown"]


@pytest.mark.parametrize("written", ["./policies", "policies/./", "other/../policies"])
def test_a_folder_is_the_same_however_it_is_written(written: str) -> None:
    assert levels(policy() + binding(), policies=(written,)) == ["error"]


@pytest.mark.parametrize("path", ["policies/q.yaml", "policies/shared", "policies/q.rego"])
def test_what_leads_out_of_the_folder_is_unknown_beside_policies_that_hold(path: str) -> None:
    files = {"policies/p.yaml": policy("true") + binding()}
    for given in (tree(files, links={path: "../shared"}), tree(files, submodules=[path])):
        (found,) = judged("", tree=given)
        assert (found.level, found.path) == ("unknown", path)


def test_a_folder_may_hold_files_that_are_no_manifests() -> None:
    assert judged(policy("true") + binding(), files={"policies/README.md": "a: ["}) == []


def test_a_folder_may_hold_bindings_alone_and_other_objects() -> None:
    others = ["- a list", "text", "kind: List\nitems: 5", "kind: List\nitems: null"]
    for group, kind in (("admissionregistration.k8s.io", "MutatingAdmissionPolicy"), ("acme.io", POLICY)):
        others.append(f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a}}")
    files = {"other/b.yaml": binding() + "".join(f"---\n{each}\n" for each in others)}
    assert levels(policy(), files=files, policies=("policies", "other")) == ["error"]


def test_lists_and_json_are_read() -> None:
    import json

    items = [each for each in yaml.safe_load_all(policy() + binding()) if each]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert levels("", tree=tree({"policies/p.json": text})) == ["error"]


# shipped


def test_a_shipped_policy_applies_where_it_is_named() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: nginx\n"
    (found,) = judged("", objects=pod, policies=("builtin:no-latest-tag",))
    assert (found.rule, found.level, found.line) == ("no-latest-tag", "error", 7)
    assert levels("", objects=pod.replace("nginx", "nginx:1.2"), policies=("builtin:no-latest-tag",)) == []


def test_a_shipped_policy_that_there_is_not() -> None:
    (found,) = judged("", policies=("builtin:no-latest-tags",))
    assert found.level == "unknown"
    assert "did you mean builtin:no-latest-tag?" in found.message
