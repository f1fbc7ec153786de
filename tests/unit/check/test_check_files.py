"""Files of the repository against its own JSON Schemas."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.schemas.files.check import glob, reads, validate_files
from bot.check.schemas.problem import MOST
from bot.model.environment import Configuration
from bot.model.noun import Sha
from bot.model.tree import Entry, Tree

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"$ref": "common/text.json#/definitions/short"},
        "port": {"type": "integer", "minimum": 1},
        "mode": {"enum": ["fast", "safe"]},
        "tree": {"$ref": "#/definitions/tree"},
    },
    "definitions": {"tree": {"type": "object", "additionalProperties": {"$ref": "#/definitions/tree"}}},
    "additionalProperties": False,
}
SHORT = {"definitions": {"short": {"type": "string", "maxLength": 5}}}
FILES = {"schemas/app.json": json.dumps(SCHEMA), "schemas/common/text.json": json.dumps(SHORT)}
GLOBS = {"apps/**/*.yaml": "schemas/app.json", "*.toml": "schemas/app.json", "**/*.json": "schemas/app.json"}
SOUND = "name: web\nport: 80\n"


def tree(files: dict[str, str], *, loaded: bool = True) -> Tree:
    """A tree of these files."""
    blobs = {path: Sha(f"{number:040x}") for number, path in enumerate(files)}
    entries = {path: Entry(path=path, mode="100644", blob=blobs[path], size=len(files[path])) for path in files}
    contents = {blobs[path]: text.encode() for path, text in files.items()} if loaded else {}
    return Tree(revision=Sha("0" * 40), entries=entries, blobs=contents)


def configuration(globs: dict[str, str]) -> Configuration:
    """A configuration that has nothing else."""
    return Configuration(environments=(), schemas=globs)


def check(files: dict[str, str], globs: dict[str, str] | None = None) -> list[tuple[str, str, int, str]]:
    """(level, path, line, message) of all findings; without JSON files unless the globs say so."""
    chosen = globs or {pattern: schema for pattern, schema in GLOBS.items() if "json" not in pattern}
    found = validate_files(configuration(chosen), tree({**FILES, **files}))
    assert all(each.fix and each.message.isprintable() for each in found)
    return [(each.level, each.path, each.line, each.message) for each in found]


def test_sound_files_have_no_findings() -> None:
    files = {"apps/a.yaml": SOUND, "apps/b/c/d.yaml": SOUND, "a.toml": 'name = "web"\n', "other.yaml": "- 1\n"}
    assert check(files) == []


@pytest.mark.parametrize(
    ("path", "text", "line", "message"),
    [
        ("apps/a.yaml", "name: web\nprot: 1\n", 2, "prot is not a field that schemas/app.json knows"),
        ("apps/a.yaml", "name: web\nport: 0\n", 2, "port is below 1"),
        ("apps/a.yaml", "port: 1\n", 1, "name is missing"),
        ("apps/a.yaml", "name: longer\n", 1, "name is longer than 5 signs"),
        ("apps/a.yaml", SOUND + "---\n" + SOUND + "mode: fsat\n", 6, "mode is none of fast, safe"),
        ("apps/a.yaml", "name: web\ntree: {a: {b: 1}}\n", 2, "tree.a.b must be a mapping, not an integer"),
        ("apps/a.yaml", "a: [\n", 2, "not valid YAML: while parsing a flow node, did not find expected node content"),
        ("a.toml", 'name = "web"\n\nport = "1"\n', 3, "port must be an integer, not a string"),
        ("a.toml", "name =\n", 1, "not valid TOML"),
    ],
)
def test_a_mistake_is_told_at_its_line(path: str, text: str, line: int, message: str) -> None:
    assert check({path: text}) == [("error", path, line, message)]


@pytest.mark.parametrize("path", ["apps/a.yaml", "a.json"])
@pytest.mark.parametrize("text", ["", "null\n"])
def test_a_file_with_nothing_in_it_is_null(path: str, text: str) -> None:
    globs = {path: "schemas/app.json"}
    assert check({path: text}, globs) == [("error", path, 1, "the object must be a mapping, not null")]
    assert check({path: text, "schemas/any.json": "{}"}, {path: "schemas/any.json"}) == []


def test_what_was_meant_is_said() -> None:
    (found,) = validate_files(configuration(GLOBS), tree({**FILES, "apps/a.yaml": "name: a\nmode: SAFE\n"}),
                              only=frozenset({"apps/a.yaml"}))  # fmt: skip
    assert (found.check, found.rule, found.fix) == ("schemas", "schemas/app.json", "did you mean safe?")


def test_many_problems_of_one_file_are_cut() -> None:
    found = check({"apps/a.yaml": "name: a\n" + "".join(f"x{number}: 1\n" for number in range(99))})
    assert len(found) == MOST + 1
    assert "more than" in found[-1][3]


def test_only_the_named_files_are_looked_at() -> None:
    whole = tree({**FILES, "apps/a.yaml": "port: 1\n", "apps/b.yaml": "port: 1\n"})
    found = validate_files(configuration(GLOBS), whole, only=frozenset({"apps/b.yaml"}))
    assert {each.path for each in found} == {"apps/b.yaml"}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "#"}, "refers to itself without end"),
        ({"$ref": "#/definitions/a", "definitions": {"a": {"allOf": [{"$ref": "#/definitions/a"}]}}}, "without end"),
        ({"properties": {"b": {"$ref": "#/properties/b"}}}, "without end"),
        ({"prefixItems": [{"$ref": "#/prefixItems/0"}]}, "without end"),
        ({"prefixItems": [{"not": {"$ref": "#/prefixItems/0"}}]}, "without end"),
        ({"prefixItems": [{"$ref": "#/prefixItems/1"}]}, "no schema that can be used"),
        ({"allOf": [{"$ref": "other.json"}]}, "no such file"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "no such file"),
        ({"properties": {"a": {"$ref": "https://127.0.0.1:9/x"}}}, "no schema that can be used"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "no schema that can be used"),
        ({"properties": {"a": {"$ref": "/etc/passwd"}}}, "no schema that can be used"),
        ({"$ref": "../../etc/passwd"}, "no schema that can be used"),
        ({"$schema": "https://acme.example/meta"}, "no schema that can be used"),
        ({"type": "nope"}, "no schema that can be used"),
        ({"pattern": "("}, "no schema that can be used"),
        ([], "no schema that can be used"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_is_unknown_at_the_file_and_an_error_at_itself(schema: Any, why: str) -> None:
    found = check({"s.json": json.dumps(schema), "a.yaml": "b: 1\n"}, {"a.yaml": "s.json"})
    assert [each[:2] for each in found] == [("unknown", "a.yaml"), ("error", "s.json")]
    assert all(why in each[3] for each in found)


@pytest.mark.parametrize(
    ("files", "globs", "why"),
    [
        ({"a.yaml": "a"}, {"a.yaml": "none.json"}, "no such file"),
        ({"a.yaml": "a"}, {"a.yaml": "../s.json"}, "outside the repository"),
        ({"a.yaml": "a"}, {"a.yaml": "/etc/passwd"}, "outside the repository"),
        ({"a.yaml": "a", "s.json": "{"}, {"a.yaml": "s.json"}, "s.json:1: not valid JSON"),
    ],
)
def test_a_schema_that_is_not_there_is_never_a_pass(files: Any, globs: Any, why: str) -> None:
    found = check(files, globs)
    assert found[0][:2] == ("unknown", "a.yaml")
    assert why in found[0][3]


def test_a_pattern_that_takes_for_ever_is_unknown() -> None:
    schema = {"pattern": r"^(a+)+(?=b)(?<!x)c\1$"}
    (found,) = check({"s.json": json.dumps(schema), "a.yaml": "a" * 5000 + "b\n"}, {"a.yaml": "s.json"})
    assert found[0] in ("unknown", "error")


def test_formats_are_checked() -> None:
    schema = json.dumps({"properties": {"day": {"format": "date"}}})
    assert [each[0] for each in check({"s.json": schema, "a.yaml": "day: noon\n"}, {"a.yaml": "s.json"})] == ["error"]


def test_a_definition_that_is_used_twice_has_an_end() -> None:
    schema = {"allOf": [{"$ref": "#/$defs/a"}, {"not": {"$ref": "#/$defs/b"}}], "$defs": {
        "a": {"required": ["b"]}, "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}}  # fmt: skip
    (found,) = check({"s.json": json.dumps(schema), "a.yaml": "b: 1\n"}, {"a.yaml": "s.json"})
    assert found[0] == "error"


@pytest.mark.parametrize(
    ("name", "text", "level"),
    [(".yaml", "name: 1", "error"), (".yaml", "{", "error"), (".md", "", "error"), (".yaml", "n", "unknown")],
)
def test_a_path_is_told_on_one_line(name: str, text: str, level: str) -> None:
    path, schema = f"a\n/gate approve{name}", "s\n/gate.json" if level == "unknown" else "schemas/app.json"
    (found,) = check({path: text}, {"a*/*": schema})
    assert (found[0], found[1]) == (level, f"a\\n/gate approve{name}")


def test_a_schema_among_the_named_files_is_looked_at() -> None:
    whole = tree({**FILES, "s.json": '{"type": "nope"}'})
    settings = configuration({"none.yaml": "s.json"})
    assert [each.path for each in validate_files(settings, whole, only=frozenset({"s.json"}))] == ["s.json"]
    assert validate_files(settings, whole, only=frozenset({"schemas/app.json"})) == ()


def test_a_file_that_is_none_of_the_three_is_an_error() -> None:
    ((level, _, _, message),) = check({"a.md": "x"}, {"*.md": "schemas/app.json"})
    assert (level, message) == ("error", "a.md is neither YAML, JSON nor TOML by its name")


def test_a_link_is_never_followed() -> None:
    whole = tree({**FILES, "apps/a.yaml": "x"})
    link = Entry(path="apps/a.yaml", mode="120000", blob=whole.entries["apps/a.yaml"].blob, size=1)
    whole = Tree(revision=whole.revision, entries={**whole.entries, "apps/a.yaml": link}, blobs=whole.blobs)
    (found,) = validate_files(configuration(GLOBS), whole, only=frozenset({"apps/a.yaml"}))
    assert found.level == "unknown"


def test_schemas_come_from_the_tree_that_is_named() -> None:
    loose = tree({"schemas/app.json": "{}", "apps/a.yaml": "port: 0\n"})
    only = frozenset({"apps/a.yaml"})
    assert validate_files(configuration(GLOBS), loose, only=only) == ()
    assert validate_files(configuration(GLOBS), loose, schemas=tree(FILES), only=only)


def test_a_schema_may_call_itself_something() -> None:
    first = {"$id": "https://acme.example/app.json", "properties": {"a": {"$ref": "text.json"}}}
    other = {"$id": "https://acme.example/text.json", "type": "string"}
    files = {"s/app.json": json.dumps(first), "s/text.json": json.dumps(other), "a.yaml": "a: 1\n"}
    assert [each[3] for each in check(files, {"a.yaml": "s/app.json"})] == ["a must be a string, not an integer"]


def test_reads_names_more_as_more_is_loaded() -> None:
    files = {**FILES, "apps/a.yaml": SOUND, "other.yaml": "x"}
    named = configuration({"apps/*.yaml": "schemas/app.json"})
    assert reads(named, tree(files, loaded=False)) == {"apps/a.yaml", "schemas/app.json"}
    assert reads(named, tree(files)) == {"apps/a.yaml", "schemas/app.json", "schemas/common/text.json"}
    assert reads(named, tree(files), frozenset()) == {"schemas/app.json", "schemas/common/text.json"}


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.yaml", "a.yaml", True), ("*.yaml", "a/b.yaml", False), ("**/*.yaml", "a.yaml", True),
        ("**/*.yaml", "a/b/c.yaml", True), ("a/**", "a/b/c", True), ("a/**", "ab", False), ("a?c", "abc", True),
        ("a?c", "a/c", False), ("a/**/c.json", "a/c.json", True), ("a/**/c.json", "a/b/bc.json", False),
        ("[a].yaml", "[a].yaml", True), ("[a].yaml", "a.yaml", False), ("./a.yaml", "a.yaml", True),
    ],
)  # fmt: skip
def test_globs(pattern: str, path: str, expected: bool) -> None:
    assert bool(glob(pattern).fullmatch(path)) == expected


@given(st.text("ab*?/.", max_size=6), st.text("ab/.", max_size=6))
def test_a_pattern_without_signs_is_a_path(pattern: str, path: str) -> None:
    if not set(pattern) & set("*?"):
        assert bool(glob(pattern).fullmatch(path)) == (pattern.removeprefix("./") == path)
