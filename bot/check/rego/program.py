"""One run of conftest or opa over all objects of an environment."""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from bot.check.rego.gather import Bundle
from bot.errors import ProgramError
from bot.jail import Jail, Job, Limits, Program
from bot.model.noun import Json, noun

__all__ = ["Broken", "evaluate"]

COLLECTED = "tidegate_collected"
MODULE = """
deny contains {{"msg": "-", "object": index, "namespace": {name}, "rules": rules}} if {{
	some index, object in input.objects
	rules := said_{number} with input as object
}}

said_{number} := {{name: {{"type": type_name(value), "value": value}} |
	some name in {rules}
	value := data.{namespace}[name]
	value != set()
}}
"""
"""What one namespace says of each object. Nothing is evaluated that no verdict needs: it might fail."""

# conftest's and opa's own words: `policies/3.rego:7: rego_type_error: undefined function http.send`
COMPLAINT = re.compile(r"policies/(\d+)\.rego:(\d+): ((?:rego|eval)_\w+: [^\n]*)")
# and of a function that failed: `{Code:eval_builtin_error Message:to_number: … Location:policies/3.rego:7 StackTrace:`
FAILED = re.compile(r"\{Code:(eval_\w+) Message:(.*?) Location:policies/(\d+)\.rego:(\d+) StackTrace:", re.DOTALL)

STOPPED = "make the policies cheaper, or raise the limits under `render` in the server's settings"
LOOK = "look at the policies: nothing is applied before they can be evaluated"


class Broken(Exception):
    """The policies could not be evaluated: a sentence, what to do, and the file (with its line) that is to blame.

    The sentence may quote values of the objects.
    """

    def __init__(self, message: str, fix: str = LOOK, path: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message, self.fix, self.path, self.line = message, fix, path, line


@noun
class Complaint:
    """What the program says is wrong, in the module of that number (None: in none), at that line."""

    text: str
    number: int | None = None
    line: int = 0


async def evaluate(jail: Jail, program: Program, limits: Limits, bundle: Bundle, objects: Sequence[Json]) -> list[Json]:
    """What every rule says of every object: a mapping with `object` (index), `namespace` and `rules` for each pair.

    `rules` holds every verdict that is not an empty set: its name, with Rego's `type` and the `value`. Broken: there is
    no such answer.
    """
    with tempfile.TemporaryDirectory(prefix="tidegate-rego-") as name:
        folder = Path(name)
        await asyncio.to_thread(lay_out, folder, bundle, objects)
        job = Job(
            program=program, arguments=arguments(program, bundle), folder=folder, inputs=(folder,),
            scratch=folder / "scratch", environment={"HOME": str(folder / "scratch")}, limits=limits,
        )  # fmt: skip
        try:
            done = await jail.run(job)
        except ProgramError as error:
            raise Broken(f"the policies were not evaluated: {error}", STOPPED) from None
        if done.status != 0:
            raise blamed(next(complaints(done.output, done.errors)), bundle)
    found = answers(done.output)
    if {(each.get("object"), each.get("namespace")) for each in found} != {
        (index, space) for index in range(len(objects)) for space in bundle.namespaces
    }:
        raise Broken(f"{program.name} did not answer for every object and namespace")
    return found


def lay_out(folder: Path, bundle: Bundle, objects: Sequence[Json]) -> None:
    """Write down everything that the program reads. Modules get numbers for names, so no name can mean anything."""
    for part in ("policies", "data", "scratch"):
        (folder / part).mkdir()
    for number, module in enumerate(bundle.modules):
        (folder / f"policies/{number}.rego").write_bytes(module.content)
    rules = json.dumps(bundle.rules)
    parts = [
        MODULE.format(number=number, name=json.dumps(each), namespace=each, rules=rules)
        for number, each in enumerate(bundle.namespaces)
    ]
    collecting = "\n".join([f"package {COLLECTED}\n", "import rego.v1", *parts])
    (folder / "policies/collected.rego").write_text(collecting, encoding="utf-8")
    for number, each in enumerate(bundle.namespaces):
        # a package of functions alone has nothing to ask for, which the compiler refuses
        text = f"package {each}\n\n{COLLECTED} := true\n"
        (folder / f"policies/asked{number}.rego").write_text(text, encoding="utf-8")
    for number, root in enumerate(roots(bundle)):
        for datum in bundle.data:
            if datum.root == root:
                file = folder / "data" / str(number) / datum.below
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(datum.content)
    (folder / "objects.json").write_text(json.dumps({"objects": list(objects)}), encoding="ascii")
    capabilities = resources.files("bot.check.rego").joinpath("capabilities.json").read_bytes()
    (folder / "capabilities.json").write_bytes(capabilities)


def roots(bundle: Bundle) -> list[str]:
    """The `data` folders."""
    return sorted({each.root for each in bundle.data})


def arguments(program: Program, bundle: Bundle) -> tuple[str, ...]:
    """The command line for either program, with paths below the folder only, so that no other path can be told.

    Of itself Rego takes a function that fails for one without a result, by which an object that no policy can read
    would pass; here that is an error.
    """
    data = tuple(f"--data=data/{number}" for number in range(len(roots(bundle))))
    if program.name.startswith("opa"):
        old = ("--v0-compatible",) if bundle.version == "v0" else ()
        return (
            "eval", "--format=json", "--strict-builtin-errors", "--capabilities=capabilities.json", "--data=policies",
            *data, *old, "--input=objects.json", f"data.{COLLECTED}.deny",
        )  # fmt: skip
    return (
        "test", "--no-fail", "--show-builtin-errors", "--no-color", "--output=json", "--parser=json",
        f"--namespace={COLLECTED}", "--capabilities=capabilities.json", f"--rego-version={bundle.version}",
        "--policy=policies", *data, "objects.json",
    )  # fmt: skip


def answers(output: bytes) -> list[Json]:
    """The collected records in what either program printed. Broken: it printed something else."""
    try:
        value = json.loads(output)
        if isinstance(value, dict):  # opa
            found = list(value["result"][0]["expressions"][0]["value"])
        else:
            found = [each["metadata"] for file in value for each in file.get("failures", ())]
        return [{**each, "rules": dict(each["rules"])} for each in found]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Broken("the program printed something that is not its usual answer") from None


def complaints(output: bytes, errors: bytes) -> Iterator[Complaint]:
    """What the program complains of, one at least."""
    told = errors.decode("utf-8", "replace")
    for number, line, text in COMPLAINT.findall(told):
        yield Complaint(text=text, number=int(number), line=int(line))
    for code, text, number, line in FAILED.findall(told):
        yield Complaint(text=f"{code}: {text}", number=int(number), line=int(line))
    try:
        faults: Any = json.loads(output)["errors"]
        for each in faults:
            place = each.get("location") or {}
            file = re.fullmatch(r"policies/(\d+)\.rego", str(place.get("file", "")))
            text = f"{each['code']}: {each['message']}"
            yield Complaint(text=text, number=int(file[1]) if file else None, line=int(place.get("row", 0)))
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    yield Complaint(text="the program gave no reason that can be shown")


def blamed(complaint: Complaint, bundle: Bundle) -> Broken:
    """The complaint at the file in the repository that it is about."""
    known = complaint.number is not None and complaint.number < len(bundle.modules)
    path = bundle.modules[complaint.number or 0].path if known else ""
    return Broken(f"the policies were not evaluated: {complaint.text}", path=path, line=complaint.line if known else 0)
