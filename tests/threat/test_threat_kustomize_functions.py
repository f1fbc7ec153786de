"""Functions and plugins of kustomize are programs: none is run, whatever it calls itself and wherever it stands."""

import pytest

from tests.support.kustomizations import refused, tree_of

FUNCTION = """\
apiVersion: example.com/v1
kind: Fn
metadata:
  name: f
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./run.sh}
"""
DISGUISED = FUNCTION.replace("example.com/v1", "builtin").replace("kind: Fn", "kind: PrefixTransformer")
OLDER = DISGUISED.replace("config.kubernetes.io/function", "config.k8s.io/function")
PLUGIN = "apiVersion: example.com/v1\nkind: Fn\nmetadata: {name: f}\n"
SCRIPT = "#!/bin/sh\ntouch /tmp/owned\n"


@pytest.mark.parametrize("field", ["generators", "transformers", "validators", "Transformers"])
@pytest.mark.parametrize(
    "function",
    [FUNCTION, DISGUISED, OLDER, PLUGIN, FUNCTION.replace("exec: {path: ./run.sh}", "container: {image: x}")],
)
@pytest.mark.parametrize("where", ["f.yaml", "folder", "inline", "list"])
async def test_row_27_functions_and_plugins_are_refused(field: str, function: str, where: str) -> None:
    files = {
        "o/run.sh": SCRIPT, "o/f.yaml": function, "o/folder/kustomization.yaml": "resources: [f.yaml]\n",
        "o/folder/f.yaml": function,
        "o/list": "apiVersion: v1\nkind: List\nitems:\n- " + function.replace("\n", "\n  ").rstrip() + "\n",
    }  # fmt: skip
    entry = "|\n  " + function.replace("\n", "\n  ") if where == "inline" else where
    found = await refused(tree_of(f"resources: [../base]\n{field}:\n- {entry}\n", files))
    assert {each.message.partition(" ")[2] for each in found} == {
        "is a function or plugin, a program that a render never runs"
    }


@pytest.mark.parametrize("text", ["only words", "- words", "kind: List\nitems: [words]"])
async def test_row_27_what_configures_nothing_is_refused(text: str) -> None:
    (found,) = await refused(tree_of("transformers: [t.yaml]\n", {"o/t.yaml": text + "\n"}))
    assert "never runs" in found.message


async def test_row_27_a_configuration_that_is_read_in_two_ways_is_refused() -> None:
    text = FUNCTION.replace("apiVersion", "apiVersion: builtin\napiVersion", 1)
    (found,) = await refused(tree_of("transformers: [t.yaml]\n", {"o/t.yaml": text}))
    assert (found.path, found.line) == ("o/t.yaml", 2)
