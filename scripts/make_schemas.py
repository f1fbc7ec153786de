#!/usr/bin/env python3
"""Makes what is shipped about Kubernetes' own kinds: `<minor>.json.gz` and `lifecycle.json.gz`.

    scripts/make_schemas.py              # everything, from Go modules
    scripts/make_schemas.py 1.36         # the schemas of one minor version

Sources, all of the Go module k8s.io/kubernetes unless said otherwise:

- `api/openapi-spec/v3/*.json`: the kinds with their fields, the defaults of the keys that tell list items apart, and
  under which name, in a namespace or not, objects of a kind are made.
- `pkg/generated/openapi/zz_generated.openapi.go`: which values a field may have. The published documents are made
  with `OpenAPIEnums=false`, so neither they nor swagger.json have any.
- `zz_generated.prerelease-lifecycle.go` of k8s.io/api, k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator: when
  an apiVersion was or will be deprecated and removed, and what takes its place.

Descriptions are left out, and what the API server does beyond OpenAPI is put in: unknown fields are refused, integers
have the bounds of their Go type, a quantity may be a number, an int-or-string may be either, an enumerated string may
be empty where it may be missing. The same input gives the same bytes.
"""

import argparse
import gzip
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

FOLDER = Path(__file__).resolve().parent.parent / "bot" / "check" / "schemas" / "native" / "versions"
KUBERNETES = {
    "1.31": "v1.31.14",
    "1.32": "v1.32.13",
    "1.33": "v1.33.13",
    "1.34": "v1.34.4",
    "1.35": "v1.35.4",
    "1.36": "v1.36.3",
    "1.37": "v1.37.2",
}
"""The minor versions that are shipped, each with the release it is made from."""

LIFECYCLES = (
    ("k8s.io/api", "v0.37.2"),
    ("k8s.io/apiextensions-apiserver", "v0.36.3"),
    ("k8s.io/kube-aggregator", "v0.36.3"),
    ("k8s.io/api", "v0.35.5"),
    ("k8s.io/api", "v0.33.13"),
    ("k8s.io/api", "v0.31.14"),
    ("k8s.io/api", "v0.24.3"),
)
"""Later releases leave out what is long gone, so earlier ones fill the gaps: the first that knows a kind counts."""

PREFIX = "#/components/schemas/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
BOUNDS = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**63), "maximum": 2**63 - 1},
}
# Types with a JSON form of their own (their Go types implement json.Unmarshaler), which OpenAPI cannot say.
SPECIAL: dict[str, Schema] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"], "format": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"], **BOUNDS["int32"]},
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": {"type": "string", "format": "micro-time"},
}
# A string whose form the validator checks by a function of this name.
CHECKED = {"byte", "date-time"}

# Fields whose values no source of Kubernetes lists, and whose validation takes these alone.
UNLISTED = {
    ("rbac_v1_RoleRef", "apiGroup", ""): ["rbac.authorization.k8s.io"],
    ("rbac_v1_RoleRef", "kind", ""): ["ClusterRole", "Role"],
    ("rbac_v1_Subject", "kind", ""): ["Group", "ServiceAccount", "User"],
    ("autoscaling_v2_HPAScalingPolicy", "type", ""): ["Percent", "Pods"],
    ("autoscaling_v2_HPAScalingRules", "selectPolicy", ""): ["Disabled", "Max", "Min"],
    ("autoscaling_v2_MetricSpec", "type", ""): ["ContainerResource", "External", "Object", "Pods", "Resource"],
    ("apiextensions_v1_CustomResourceDefinitionSpec", "scope", ""): ["Cluster", "Namespaced"],
    ("core_v1_PodOS", "name", ""): ["linux", "windows"],
}

Enums = dict[tuple[str, str, str], list[str]]
"""(end of the type's name such as `core_v1_Container`, field, "" or "items" or "additionalProperties") → values."""


class Maker:
    """Makes the strict form of every definition of one OpenAPI document."""

    def __init__(self, definitions: Mapping[str, Schema], enums: Enums) -> None:
        self.definitions, self.enums = definitions, enums
        self.used: set[tuple[str, str, str]] = set()

    def definition(self, name: str) -> Schema:
        """One definition as it is shipped."""
        return SPECIAL.get(name) or self.compact(self.definitions[name], "_".join(name.split(".")[-3:]))

    def compact(self, schema: Schema, type: str = "") -> Schema:
        """A schema in its strict form; `type` is the end of its name where it has one."""
        if name := referred(schema):
            return {"$ref": "#/definitions/" + short(name)}
        made: Schema = {}
        if "type" in schema:
            made["type"] = schema["type"]
        kind = schema.get("format")
        if kind in BOUNDS:
            made |= BOUNDS[kind]
        elif kind in CHECKED:
            made["format"] = kind
        if schema.get("required"):
            made["required"] = sorted(schema["required"])
        if "items" in schema:
            made["items"] = self.compact(schema["items"])
            made |= self.told_apart(schema)
        if "properties" in schema:
            required = schema.get("required", ())
            made["properties"] = {
                name: self.property(type, name, each, name in required) for name, each in schema["properties"].items()
            }
            if not schema.get("x-kubernetes-preserve-unknown-fields"):
                made["additionalProperties"] = False
        if isinstance(schema.get("additionalProperties"), dict):
            made["additionalProperties"] = self.compact(schema["additionalProperties"])
        return made

    def property(self, type: str, name: str, schema: Schema, required: bool) -> Schema:
        """A field, with the values that it may have."""
        made = self.compact(schema)
        for place in ("", "items", "additionalProperties"):
            key = (type, name, place)
            if key in self.enums:
                values = self.enums[key]
                optional = not required and not place
                target = made[place] if place else made
                target["enum"] = sorted({*values, *([""] if optional else [])})
                self.used.add(key)
        return made

    def told_apart(self, schema: Schema) -> Schema:
        """How the items of a list are told apart: `mapList` has each key with its default, `setList` is true."""
        if schema.get("x-kubernetes-list-type") == "set":
            return {"setList": True}
        keys = schema.get("x-kubernetes-list-map-keys")
        if not keys:
            return {}
        item = self.definitions[referred(schema["items"])]
        return {"mapList": {key: item["properties"].get(key, {}).get("default") for key in keys}}


def referred(schema: Schema) -> str:
    """The definition that a schema is, by its name; "" where it is none."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(PREFIX)
    if [*schema.get("allOf", ())] and schema.keys() <= {"allOf", "default", "description"} | extensions(schema):
        (only,) = schema["allOf"]
        return referred(only)
    return ""


def extensions(schema: Schema) -> set[str]:
    """The vendor extensions that a schema carries."""
    return {key for key in schema if key.startswith("x-")}


def short(name: str) -> str:
    """A definition's name without the parts that all of them share."""
    return name.removeprefix("io.k8s.").replace("apimachinery.pkg.apis.", "").replace("api.", "", 1)


def kinds(definitions: Mapping[str, Schema]) -> Iterator[tuple[str, str]]:
    """(`apps/v1/Deployment`, the definition's name) of everything that has a name of its own in the API.

    Lists, options and review results have no ObjectMeta and are no manifests. What is only part of another object
    (`Scale`, `Eviction`) is among them.
    """
    for name, schema in definitions.items():
        if referred(schema.get("properties", {}).get("metadata", {})) != META:
            continue
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
            yield f"{version}/{kind['kind']}", short(name)


MADE_AT = re.compile(r"/apis?(?:/[^/]+)?/[^/]+(/namespaces/\{namespace\})?/([a-z]+)")


def resources(paths: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """(`apps/v1/Deployment`, (`deployments`, whether it is in a namespace)) of each kind whose objects are made."""
    for path, item in paths.items():
        match, made = MADE_AT.fullmatch(path), item.get("post", {}).get("x-kubernetes-group-version-kind")
        if match and made:
            version = f"{made['group']}/{made['version']}" if made["group"] else made["version"]
            yield f"{version}/{made['kind']}", (match[2], match[1] is not None)


def make(release: str, document: Mapping[str, Any], enums: Enums) -> bytes:
    """The shipped file of a document that has `schemas` and `paths`.

    ValueError: two definitions would share a name, or values belong to no field.
    """
    definitions: Mapping[str, Schema] = document["schemas"]
    maker = Maker(definitions, enums)
    made = {short(name): maker.definition(name) for name in definitions}
    if len(made) != len(definitions):
        raise ValueError("two definitions have the same short name")
    known = {"_".join(name.split(".")[-3:]) for name in definitions}
    if lost := {key for key in enums if key[0] in known} - maker.used:
        raise ValueError(f"values of fields that are not there: {sorted(lost)}")
    served = dict(resources(document["paths"]))
    named = {name: definition for name, definition in kinds(definitions) if name in served}
    wanted = {name: made[name] for name in sorted(reachable(made, set(named.values())))}
    served = {name: served[name] for name in named}
    return packed({"kubernetes": release, "kinds": named, "resources": served, "definitions": wanted})


def packed(content: Any) -> bytes:
    """JSON, compressed, without a time in it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def reachable(definitions: Mapping[str, Schema], names: set[str]) -> set[str]:
    """`names` and every definition that they refer to, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(references(definitions[name]))
    return found


def references(schema: Any) -> Iterator[str]:
    """The definitions that a compact schema names. `properties` may hold a field called `$ref`, which is none."""
    if isinstance(schema.get("$ref"), str):
        yield schema["$ref"].removeprefix("#/definitions/")
    for each in schema.get("properties", {}).values():
        yield from references(each)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from references(schema[key])


FUNCTION = re.compile(r"func schema_(\w+)\(")
FIELD = re.compile(r'\t{5}"([^"]+)": \{')
INNER = re.compile(r"\t{7}(Items|AdditionalProperties):")
VALUES = re.compile(r"(\t+)Enum: +\[\]interface\{\}\{(.*)\},")
PLACES = {"Items": "items", "AdditionalProperties": "additionalProperties"}


def enumerated(source: str) -> Enums:
    """The values that fields may have, out of Go code that `openapi-gen` wrote and gofmt indented.

    ValueError: values stand where none were expected.
    """
    found: Enums = {}
    type = field = inner = ""
    for line in source.splitlines():
        if match := FUNCTION.match(line):
            type, field = "_".join(match[1].split("_")[-3:]), ""
        elif match := FIELD.fullmatch(line):
            field, inner = match[1], ""
        elif match := INNER.match(line):
            inner = PLACES[match[1]]
        elif match := VALUES.fullmatch(line):
            depth = len(match[1])
            if not field or depth not in (7, 10) or (depth == 10) != bool(inner):
                raise ValueError(f"values that belong to no field: {line.strip()[:80]}")
            found[type, field, inner if depth == 10 else ""] = json.loads(f"[{match[2]}]")
    return found


METHOD = re.compile(
    r"^func \(in \*(\w+)\) APILifecycle(\w+)\(\) .*\{\n\treturn (?:(\d+), (\d+)|schema\.GroupVersionKind\{(.*)\})$",
    re.MULTILINE,
)
GROUP = re.compile(r'^(?:const )?\s*GroupName += "([^"]*)"|^const GroupName = "([^"]*)"', re.MULTILINE)
REPLACED = re.compile(r'Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"')


def lifecycle(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(`batch/v1beta1/CronJob`, {deprecated, removed, replacement}) of each kind that goes, from a module's folder."""
    for file in sorted(folder.rglob("zz_generated.prerelease-lifecycle.go")):
        register = (file.parent / "register.go").read_text()
        match = GROUP.search(register)
        if match is None:
            raise ValueError(f"{file.parent} says no group")
        group = match[1] or match[2] or ""
        start = f"{group}/{file.parent.name}" if group else file.parent.name
        found: dict[str, dict[str, str]] = {}
        for kind, what, major, minor, other in METHOD.findall(file.read_text()):
            if kind.endswith("List") or what == "Introduced":
                continue
            value = f"{major}.{minor}" if major else "/".join(each for each in REPLACED.findall(other)[0] if each)
            if value:
                found.setdefault(f"{start}/{kind}", {})[what.lower()] = value
        yield from found.items()


def lifecycles() -> bytes:
    """The shipped table of apiVersions that go."""
    table: dict[str, dict[str, str]] = {}
    for module, version in LIFECYCLES:
        for kind, entry in lifecycle(module_folder(module, version)):
            table.setdefault(kind, entry)
    return packed(table)


def module_folder(module: str, version: str) -> Path:
    """The local copy of a Go module, which `go` fetches where it is missing."""
    command = ["go", "mod", "download", "-json", f"{module}@{version}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Path(json.loads(answer.stdout)["Dir"])


def document(folder: Path) -> dict[str, dict[str, Any]]:
    """Every definition and path of the OpenAPI v3 documents.

    Options and events differ between groups, and nobody needs them.
    """
    found: dict[str, dict[str, Any]] = {"schemas": {}, "paths": {}}
    for file in sorted((folder / "api" / "openapi-spec" / "v3").glob("*.json")):
        read = json.loads(file.read_bytes())
        found["schemas"] |= read.get("components", {}).get("schemas", {})
        found["paths"] |= read.get("paths", {})
    return found


def schemas_of(minor: str) -> bytes:
    """The shipped schemas of one minor version."""
    release = KUBERNETES[minor]
    folder = module_folder("k8s.io/kubernetes", release)
    generated = (folder / "pkg" / "generated" / "openapi" / "zz_generated.openapi.go").read_text()
    return make(release, document(folder), {**UNLISTED, **enumerated(generated)})


def main() -> None:
    """Write the files and say how large they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version", nargs="*", choices=[*KUBERNETES, []], help="minor versions (default: all, and more)")
    wanted = parser.parse_args().version
    FOLDER.mkdir(exist_ok=True)
    made = {f"{minor}.json.gz": schemas_of(minor) for minor in wanted or KUBERNETES}
    if not wanted:
        made["lifecycle.json.gz"] = lifecycles()
    for name, content in made.items():
        (FOLDER / name).write_bytes(content)
        print(f"{FOLDER / name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
