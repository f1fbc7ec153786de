#!/usr/bin/env python3
"""Makes `bot/check/schemas/<version>.json.gz`, the built-in kinds of one Kubernetes version, from its OpenAPI document.

    scripts/make_schemas.py v1.36.1                   # reads it from the Go module k8s.io/kubernetes
    scripts/make_schemas.py v1.36.1 swagger.json      # or from a file

The source is `api/openapi-spec/swagger.json` of Kubernetes. Descriptions are left out, and what the API server does
beyond OpenAPI v2 is put in: unknown fields are refused, integers have the bounds of their Go type, a quantity may be a
number, and an int-or-string may be either. The same input gives the same bytes.
"""

import argparse
import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

FOLDER = Path(__file__).resolve().parent.parent / "bot" / "check" / "schemas"
MODULE = "k8s.io/kubernetes"
DOCUMENT = "api/openapi-spec/swagger.json"

PREFIX = "#/definitions/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
BOUNDS = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**63), "maximum": 2**63 - 1},
}
# Types with a JSON form of their own (their Go types implement json.Unmarshaler), which OpenAPI v2 cannot say.
SPECIAL: dict[str, Schema] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"], "format": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"], **BOUNDS["int32"]},
}
# A string whose form the validator checks by a function of this name.
CHECKED = {"byte", "date-time"}


def compact(schema: Schema) -> Schema:
    """One schema of the document, in the strict form that is shipped."""
    if "$ref" in schema:
        return {"$ref": PREFIX + short(schema["$ref"].removeprefix(PREFIX))}
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
        made["items"] = compact(schema["items"])
    if "x-kubernetes-list-map-keys" in schema:
        made["x-kubernetes-list-map-keys"] = schema["x-kubernetes-list-map-keys"]
    if "properties" in schema:
        made["properties"] = {name: compact(each) for name, each in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = compact(schema["additionalProperties"])
    return made


def short(name: str) -> str:
    """A definition's name without the parts that all of them share."""
    return name.removeprefix("io.k8s.").replace("apimachinery.pkg.apis.", "").replace("api.", "", 1)


def kinds(definitions: dict[str, Schema]) -> Iterator[tuple[str, str]]:
    """(`apps/v1/Deployment`, the definition's name) of everything that has a name of its own in the API.

    Lists, options and review results have no ObjectMeta and are no manifests.
    """
    for name, schema in definitions.items():
        if schema.get("properties", {}).get("metadata", {}).get("$ref") != PREFIX + META:
            continue
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
            yield f"{version}/{kind['kind']}", short(name)


def make(version: str, document: dict[str, Any]) -> bytes:
    """The shipped file. ValueError: two definitions would share a name."""
    definitions: dict[str, Schema] = document["definitions"]
    made = {short(name): SPECIAL.get(name) or compact(schema) for name, schema in definitions.items()}
    if len(made) != len(definitions):
        raise ValueError("two definitions have the same short name")
    named = dict(kinds(definitions))
    wanted = reachable(made, set(named.values()))
    content = {
        "kubernetes": version,
        "kinds": named,
        "definitions": {name: made[name] for name in wanted},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def reachable(definitions: dict[str, Schema], names: set[str]) -> set[str]:
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
        yield schema["$ref"].removeprefix(PREFIX)
    for each in schema.get("properties", {}).values():
        yield from references(each)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from references(schema[key])


def downloaded(version: str) -> Path:
    """The OpenAPI document in the local copy of Kubernetes' Go module, which `go` fetches where it is missing."""
    command = ["go", "mod", "download", "-json", f"{MODULE}@{version}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Path(json.loads(answer.stdout)["Dir"]) / DOCUMENT


def main() -> None:
    """Write the file and say how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version", help="the Kubernetes version, for example v1.36.1")
    parser.add_argument("document", nargs="?", type=Path, help="its swagger.json (default: from the Go module)")
    given = parser.parse_args()
    path = FOLDER / f"{given.version}.json.gz"
    content = make(given.version, json.loads((given.document or downloaded(given.version)).read_bytes()))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    print(f"{path}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
