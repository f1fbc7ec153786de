"""Schemas beside kubeconform: the same files, the same schemas, every object's verdict compared, and the time.

kubeconform reads what the catalogue ships as JSON files, with null allowed where a field may be missing, since
Kubernetes reads a null as a field that is not there and kubeconform has only the schema to go by.
"""

import gc
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bot.check.schemas import Schemas
from bot.check.schemas.native.catalogue import Catalogue
from bot.document import load_documents, load_json
from bot.errors import DocumentError
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.kubernetes import NEWEST
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.render.manifests import resources_of
from tests.bench.manifests import write_manifests
from tests.bench.rows import Row, beside, measured, show
from tests.tools.build import Missing, locate

__all__ = ["all_rows", "explained", "run", "theirs", "verdicts", "write_schemas"]

FILES, PROCESSES, PARTS, ROUNDS = 5_000, 2, 16, 9
ENDINGS = (".yaml", ".yml", ".json")
REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "repos"
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="."), target="prod", apply="never",
)  # fmt: skip

Verdicts = dict[tuple[str, str, str, str], Counter[str]]
"""(file, apiVersion, kind, name) → how often valid, invalid, skipped or error."""


class State:
    """What a process keeps between files."""

    schemas = Schemas()


def begin() -> None:
    """What the server does at its start: collections of many small long-lived objects cost more than they free."""
    gc.set_threshold(50_000, 20, 50)
    gc.freeze()


def content(file: str) -> bytes:
    """The bytes of a file, read as `tidegate check` reads it."""
    with open(file, "rb", buffering=0) as data:
        return data.read()


def resources(file: str, data: bytes) -> list[Resource | Finding]:
    """The objects of a file, and what is no object. DocumentError: it cannot be read."""
    load = load_json if file.endswith(".json") else load_documents
    return [each for one in load(data) for each in resources_of(file, one.value, one.line, one.locate)]


def look(files: Sequence[str]) -> list[tuple[tuple[str, str, str, str], str]]:
    """Our verdict on every object of the files: loaded and judged together, as parts of an environment are."""
    found: list[tuple[tuple[str, str, str, str], str]] = []
    mine: list[tuple[str, Resource]] = []
    loaded = [(file, content(file)) for file in files]
    for file, data in loaded:
        try:
            objects = resources(file, data)
        except DocumentError:
            found.append(((file, "", "", ""), "error"))
            continue
        mine += [(file, each) for each in objects if isinstance(each, Resource)]
        found += [((file, "", "", ""), "flawed") for each in objects if isinstance(each, Finding)]
    examined = Examined(environment=ENVIRONMENT, resources=tuple(each for _, each in mine))
    findings = State.schemas.findings(examined)
    broken = {(each.path, each.resource) for each in findings if each.level in ("error", "unknown")}
    missing = {each.resource.type for each in findings if each.rule == "missing-schema" and each.resource}
    for file, each in mine:
        verdict = "invalid" if (file, each.id) in broken else "skipped" if each.id.type in missing else "valid"
        found.append(((file, each.body["apiVersion"], each.body["kind"], each.id.name), verdict))
    return found


def ours(files: Sequence[str], pool: ProcessPoolExecutor) -> tuple[Verdicts, float]:
    """The same for all files, by several processes; with the seconds that it took."""
    began = time.perf_counter()
    told = list(pool.map(look, [files[start::PARTS] for start in range(PARTS)]))
    took = time.perf_counter() - began
    collected: Verdicts = {}
    for part in told:
        for key, verdict in part:
            collected.setdefault(key, Counter())[verdict] += 1
    return collected, took


def theirs(program: Path, folder: Path, location: str) -> tuple[Verdicts, float]:
    """kubeconform's verdicts, and the seconds that it took."""
    command: list[str | Path] = [program, "-strict", "-n", str(PROCESSES), "-output", "json", "-verbose"]
    command += ["-ignore-missing-schemas", "-schema-location", location, folder]
    began = time.perf_counter()
    told = subprocess.run(command, check=False, capture_output=True).stdout
    took = time.perf_counter() - began
    words = {"statusValid": "valid", "statusInvalid": "invalid", "statusSkipped": "skipped", "statusError": "error"}
    collected: Verdicts = {}
    for each in json.loads(told)["resources"]:
        if each["status"] in words:
            name = each.get("name", "").removesuffix("-{{ generateName }}")
            key = (each["filename"], each.get("version", ""), each.get("kind", ""), name)
            collected.setdefault(key, Counter())[words[each["status"]]] += 1
    return collected, took


def write_schemas(folder: Path) -> str:
    """The catalogue as files for kubeconform; the template of their names."""
    catalogue = Catalogue(NEWEST)
    for (group, kind), versions in catalogue.kinds.items():
        for version, name in versions.items():
            definitions = {key: with_nulls(each) for key, each in catalogue.closure(name).items()}
            schema = {
                "$schema": "http://json-schema.org/draft-07/schema#", "$ref": f"#/definitions/{name}",
                "definitions": definitions,
            }  # fmt: skip
            # of the core group kubeconform says its version twice
            (folder / f"{group or version}_{version}_{kind.lower()}.json").write_text(json.dumps(schema))
    return f"{folder}/{{{{.Group}}}}_{{{{.ResourceAPIVersion}}}}_{{{{.ResourceKind}}}}.json"


def with_nulls(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that takes null for every field which may be missing, without our own keywords."""
    made = {key: each for key, each in schema.items() if key not in ("mapList", "setList", "format")}
    required = schema.get("required", ())
    if "properties" in schema:
        made["properties"] = {
            name: with_nulls(each) if name in required else {"anyOf": [{"type": "null"}, with_nulls(each)]}
            for name, each in schema["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            made[key] = with_nulls(schema[key])
    if isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = {"anyOf": [{"type": "null"}, made["additionalProperties"]]}
    return made


def verdicts(mine: Verdicts, other: Verdicts) -> tuple[int, list[tuple[str, str, str]]]:
    """(objects that both judged alike, (what it is, our verdict, theirs) of every other)."""
    alike, differing = 0, []
    for key in sorted(mine.keys() | other.keys()):
        left, right = mine.get(key, Counter()), other.get(key, Counter())
        alike += sum((left & right).values())
        if left != right:
            differing.append((" ".join(key), words(left - right), words(right - left)))
    return alike, differing


def words(counted: Counter[str]) -> str:
    """`2 valid, 1 invalid`."""
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "nothing"


def explained(what: str, left: str, right: str) -> str:
    """Why the two differ, as far as it is known; "" where it is not."""
    file = what.split(" ")[0]
    if "flawed" in left or right.endswith("error"):
        return "no object of Kubernetes: we say so with a place, kubeconform stops at the document or asks for less"
    if "kustomize.config.k8s.io" in what:
        return "Kustomize's build file, which is no object of the API: we say that it has no name, they skip its kind"
    if (left, right) == ("1 invalid", "1 skipped"):
        return "an apiVersion that this Kubernetes has no more, or never had in its own group: a missing schema to them"
    if right == "1 valid" and any("quantity" in text or "same" in text for text in messages(file)):
        return "a quantity, or a list with one key twice, which the schema alone does not say"
    return ""


def messages(file: str) -> Iterator[str]:
    """What we say of a file."""
    mine = [each for each in resources(file, content(file)) if isinstance(each, Resource)]
    for each in State.schemas.findings(Examined(environment=ENVIRONMENT, resources=tuple(mine))):
        yield each.message


def compare(program: Path, name: str, folder: Path, location: str, pool: ProcessPoolExecutor) -> list[Row]:
    """One folder, judged by both."""
    files = [str(each) for each in sorted(folder.rglob("*")) if each.suffix in ENDINGS and each.is_file()]
    mine_took, their_took = [], []
    for number in range(ROUNDS + 1):
        mine, my_seconds = ours(files, pool)
        other, their_seconds = theirs(program, folder, location)
        if number:  # the first round warms up the processes and the file system's cache, and does not count
            mine_took.append(my_seconds)
            their_took.append(their_seconds)
    alike, differing = verdicts(mine, other)
    print(f"{name}: {len(files)} files, {sum(sum(each.values()) for each in mine.values())} verdicts, {alike} alike")
    unknown = 0
    for what, left, right in differing:
        why = explained(what, left, right)
        unknown += not why
        print(f"  {what}\n    we: {left}; kubeconform: {right}; {why or 'NOT EXPLAINED'}")
    rows = [Row(bench="schemas", work=f"{name}: disagreements that are not explained", ours=unknown, peer=None,
                unit="", ratio=None, goal="<= 0", holds=not unknown, spread=(unknown, unknown))]  # fmt: skip
    if name != "real repositories":
        rows.append(beside("schemas", f"{name}: read and validated beside kubeconform", mine_took, their_took, 2))
    return rows


def small() -> Row:
    """The objects of one pull request, warm."""
    with tempfile.TemporaryDirectory() as name:
        write_manifests(Path(name), 18)
        files = [str(each) for each in sorted(Path(name).rglob("*.yaml"))]
        times = []
        begin()
        look(files)
        for _ in range(ROUNDS * 4):
            began = time.perf_counter()
            look(files)
            times.append((time.perf_counter() - began) * 1000)
    return measured("18 objects read and validated, warm", times, "ms", 20)


def all_rows(program: Path) -> list[Row]:
    """Every figure."""
    rows = [small()]
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as name,
        ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=begin) as pool,
    ):
        folder, schemas = Path(name) / "files", Path(name) / "schemas"
        schemas.mkdir()
        location = write_schemas(schemas)
        write_manifests(folder, FILES)
        rows += compare(program, f"{FILES} files", folder, location, pool)
        if REAL.exists():
            rows += compare(program, "real repositories", REAL, location, pool)
    return rows


def run(file: Path | None) -> int:
    """Measure and show; the exit status."""
    try:
        program = locate("kubeconform")
    except Missing as error:
        print(error, file=sys.stderr)
        return 1
    return show(all_rows(program), file)
