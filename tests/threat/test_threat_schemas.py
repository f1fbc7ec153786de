"""Threats against what reads and validates manifests and files: bombs, odd scalars, schemas without an end."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from bot.check.schemas import Schemas
from bot.check.schemas.files import validate_files
from bot.document import load_documents
from bot.errors import DocumentError
from bot.model.environment import Configuration, Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Sha
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.model.tree import Entry, Tree
from bot.render.manifests import resources_of
from tests.support.soon import soon

ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="envs/prod"), target="prod", apply="never",
)  # fmt: skip


def validated(text: str, schema: Any = True) -> list[Finding]:
    """The findings of `a.yaml` against a schema."""
    files = {"a.yaml": text, "s.json": json.dumps(schema)}
    blobs = {path: Sha(f"{number:040x}") for number, path in enumerate(files)}
    entries = {path: Entry(path=path, mode="100644", blob=blobs[path], size=1) for path in files}
    contents = {blobs[path]: each.encode() for path, each in files.items()}
    tree = Tree(revision=Sha("0" * 40), entries=entries, blobs=contents)
    configuration = Configuration(environments=(), schemas={"a.yaml": "s.json"})
    return list(validate_files(configuration, tree, only=frozenset({"a.yaml"})))


def checked(text: str) -> list[Finding]:
    """The findings of manifests."""
    found = [each for one in load_documents(text.encode()) for each in resources_of("a.yaml", one.value, 1, one.locate)]
    resources = tuple(each for each in found if isinstance(each, Resource))
    assert len(resources) == len(found)
    with soon():  # how long reading takes is the business of the documents' own tests
        return list(asyncio.run(Schemas().run(Examined(environment=ENVIRONMENT, resources=resources))))


def bomb(levels: int, merge: bool) -> str:
    """Anchors that double with every level, by merge keys or by lists."""
    lines = ["a0: &a0 {k: v}" if merge else "a0: &a0 [x, x]"]
    for level in range(1, levels):
        before = f"*a{level - 1}"
        lines.append(
            f"a{level}: &a{level} {{<<: [{before}, {before}], k{level}: {before}}}"
            if merge
            else f"a{level}: &a{level} [{', '.join([before] * 9)}]"
        )
    return "\n".join(lines) + "\n"


def test_row_61_a_merge_key_bomb_is_refused_at_once() -> None:
    with soon():
        (found,) = validated(bomb(30, merge=True))
    assert found.level == "error"
    assert "aliases included" in found.message


def test_row_62_an_alias_bomb_is_refused_at_once() -> None:
    with soon():
        (found,) = validated(bomb(20, merge=False))
    assert found.level == "error"
    assert "aliases included" in found.message


@pytest.mark.parametrize(
    ("text", "value"),
    [("22:22", "22:22"), ("0777", 511), ("no", False), ("2030-01-31", "2030-01-31"), ("1e3", 1000), ("~", None)],
)
def test_row_63_scalars_are_validated_as_kubernetes_reads_them(text: str, value: Any) -> None:
    assert validated(f"a: {text}\n", {"properties": {"a": {"const": value}}}) == []
    assert validated("1: a\n", {"required": ["1"]}) == []


@pytest.mark.parametrize("text", ["a: " + "9" * 5000, "a: !!int 99999999999999999999", 'a: "\\0\\ud800"', "a: .inf"])
def test_row_63_what_kubernetes_would_not_keep_is_refused(text: str) -> None:
    with soon():
        (found,) = validated(text + "\n", schema="\\0" not in text)
    assert found.level in ("error", "unknown")


def test_row_63_nul_in_a_manifest_breaks_nothing() -> None:
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {"a\\0b": "c\\0d"}\n'
    assert checked(text) == []


def definition(schema: Any) -> str:
    """A definition of the kind Gate, and a resource of that kind."""
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gates.acme.io"},
        "spec": {"group": "acme.io", "scope": "Cluster", "names": {"kind": "Gate", "plural": "gates"}, "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}]},
    }  # fmt: skip
    gate = {"apiVersion": "acme.io/v1", "kind": "Gate", "metadata": {"name": "a"}, "spec": {"a": {"a": {}}}}
    return f"{json.dumps(crd)}\n---\n{json.dumps(gate)}\n"


def deep(levels: int) -> dict[str, Any]:
    """A schema nested in itself."""
    made: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        made = {"type": "object", "properties": {"a": made}}
    return made


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": "object", "properties": {"spec": {"$ref": "#/properties/spec"}}},
        {"type": "object", "properties": {"spec": {"$ref": "http://127.0.0.1:9/schema"}}},
        {"type": "object", "properties": {"spec": {"$ref": "file:///etc/passwd"}}},
        {"type": "object", "properties": {"spec": {"type": "string", "pattern": "((a{1000}){1000}){1000}"}}},
        {"type": "object", "properties": {"spec": {"type": "object", "allOf": [{"$ref": "#"}]}}},
        {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(50_001)}},
    ],
)
def test_row_65_a_schema_without_end_is_unknown_at_its_definition(schema: Any) -> None:
    found = [each for each in checked(definition(schema)) if each.level == "unknown"]
    assert [str(each.resource) for each in found] == ["CustomResourceDefinition gates.acme.io"]


def test_row_65_a_deep_schema_is_refused_before_it_is_built() -> None:
    with pytest.raises(DocumentError):
        checked(definition(deep(60)))


def test_row_65_a_deep_schema_within_the_limits_is_used() -> None:
    assert checked(definition({"type": "object", "properties": {"spec": deep(10)}})) == []


def test_row_65_a_pattern_takes_time_in_proportion_to_the_text() -> None:
    spec = {"type": "object", "properties": {"spec": {"type": "object", "additionalProperties": {
        "type": "object", "additionalProperties": {"type": "string", "pattern": "^(a+)+$"}}}}}  # fmt: skip
    text = definition(spec).replace('"a": {"a": {}}', '"a": {"b": "' + "a" * 50_000 + 'b"}')
    (found,) = checked(text)
    assert found.level == "error"


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"anyOf": [{"not": {"$ref": "#"}}]}])
def test_row_65_a_file_is_not_validated_by_a_schema_without_end(schema: Any) -> None:
    with soon():
        (found,) = validated("a: 1\n", schema)
    assert found.level == "unknown"


class Asked(BaseHTTPRequestHandler):
    """Answers with a schema that everything satisfies, and remembers that it was asked."""

    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def test_row_66_no_schema_is_ever_fetched() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/schema.json"
        levels = [each.level for each in validated("a: 1\n", {"$ref": url})]
        levels += [
            each.level for each in validated("a: 1\n", {"$id": url, "properties": {"a": {"$ref": "other.json"}}})
        ]
        levels += [each.level for each in validated("a: 1\n", {"$schema": url})]
        server.shutdown()
    assert levels == ["unknown"] * 3
    assert Asked.paths == []
