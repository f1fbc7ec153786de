#!/usr/bin/env python3
"""Makes what is shipped about the Go types of Kubernetes' own kinds: `types-<minor>.json.gz`.

    scripts/make_types.py              # all minor versions
    scripts/make_types.py 1.36         # one of them

An API server reads an object into Go types and shows it to policies as it writes those again, so what is empty gets
lost or appears. No OpenAPI document says which. `types/main.go` asks the types themselves, those of the Go modules
k8s.io/api, k8s.io/apiextensions-apiserver and k8s.io/kube-aggregator, by the code that the server writes them with.
"""

import argparse
import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from make_schemas import FOLDER, KUBERNETES, packed, short

PROGRAM = Path(__file__).resolve().parent / "types" / "main.go"
MODULES = ("api", "apiextensions-apiserver", "apimachinery", "client-go", "kube-aggregator")


def printed(release: str) -> dict[str, Any]:
    """What the program prints with the modules of a release of Kubernetes; `go` fetches those that are missing."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(PROGRAM, name)
        wanted = [f"k8s.io/{each}@v0{release.removeprefix('v1')}" for each in MODULES]
        for command in (["mod", "init", "types"], ["get", *wanted], ["mod", "tidy"]):
            subprocess.run(["go", *command], cwd=name, check=True, capture_output=True)
        answer = subprocess.run(["go", "run", "."], cwd=name, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def forms_of(minor: str) -> bytes:
    """The shipped file of one minor version: of those types that the shipped schemas have a definition of.

    ValueError: two types would share a name.
    """
    definitions = json.loads(gzip.decompress((FOLDER / f"{minor}.json.gz").read_bytes()))["definitions"]
    found = printed(KUBERNETES[minor])
    made = {short(name): each for name, each in found.items()}
    if len(made) != len(found):
        raise ValueError("two types have the same short name")
    return packed({name: each for name, each in made.items() if name in definitions})


def main() -> None:
    """Write the files and say how large they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version", nargs="*", choices=[*KUBERNETES, []], help="minor versions (default: all)")
    for minor in parser.parse_args().version or KUBERNETES:
        file = FOLDER / f"types-{minor}.json.gz"
        file.write_bytes(forms_of(minor))
        print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
