"""The same ten rules over the same 2,000 workloads: as ValidatingAdmissionPolicies here, as Rego by `conftest`."""

import json
import multiprocessing
import random
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bot.check.policies import Policies
from bot.document import load_documents
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.resource import Resource
from bot.render.manifests import resources_of
from tests.bench.rows import Row, show
from tests.bench.schemas import PARTS, PROCESSES, begin
from tests.support.policies_given import binding, policy
from tests.support.trees import tree
from tests.tools.build import locate

__all__ = ["rows", "run"]

WORKLOADS, ROUNDS, GOAL = 2000, 5, 5.0
RULES = Path(__file__).parent / "rules" / "rules.rego"
EACH = "object.spec.template.spec.containers.all(c, {})"
EXPRESSIONS = {
    "tag": EACH.format("!c.image.endsWith(':latest')"),
    "registry": EACH.format("c.image.startsWith('registry.acme.io/')"),
    "cpu": EACH.format("has(c.resources) && has(c.resources.requests) && has(c.resources.requests.cpu)"),
    "memory": EACH.format("has(c.resources) && has(c.resources.limits) && has(c.resources.limits.memory)"),
    "probe": EACH.format("has(c.readinessProbe)"),
    "replicas": "object.spec.replicas >= 2",
    "privileged": EACH.format("!c.?securityContext.?privileged.orValue(false)"),
    "host": "!object.spec.template.spec.?hostNetwork.orValue(false)",
    "owner": "has(object.metadata.labels.owner)",
    "port": EACH.format("!has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0)"),
}
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="bench", number=1, path="acme/shop"), name="prod"),
    source=Source(path="."), target="prod", apply="never", policies=("policies",),
)  # fmt: skip


def workload(number: int, dice: random.Random) -> dict[str, Any]:
    """A Deployment; about one in five hundred breaks a given rule."""

    def rare() -> bool:
        return dice.random() < 0.002

    containers = [
        {
            "name": f"c{index}",
            "image": f"{'docker.io' if rare() else 'registry.acme.io'}/app:{'latest' if rare() else '1.2.3'}",
            "ports": [{"containerPort": 8080, **({"hostPort": 80} if rare() else {})}],
            "env": [{"name": f"V{each}", "value": str(each)} for each in range(6)],
            "resources": {
                "requests": {"memory": "64Mi"} if rare() else {"cpu": "10m", "memory": "64Mi"},
                "limits": {} if rare() else {"memory": "128Mi"},
            },
            **({} if rare() else {"readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}}}),
            "securityContext": {"privileged": rare(), "runAsNonRoot": True},
        }
        for index in range(2)
    ]
    labels = {"app": f"w{number}", **({} if rare() else {"owner": "shop"})}
    pod = {"containers": containers, "serviceAccountName": "app", "hostNetwork": rare()}
    spec = {
        "replicas": 1 if rare() else 3,
        "selector": {"matchLabels": {"app": f"w{number}"}},
        "template": {"metadata": {"labels": dict(labels)}, "spec": pod},  # a copy: YAML would make an alias
    }
    metadata = {"name": f"w{number}", "namespace": "shop", "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


Refused = Counter[tuple[str, str]]
"""(workload, rule) of everything that is refused."""


class Ours:
    """What a process keeps: the policies, and the workloads as they were read once."""

    check = Policies()
    policies = tree({})
    files: Sequence[Path] = ()
    resources: tuple[Resource, ...] = ()


def ready(folder: Path, rules: str) -> None:
    """Begin a process."""
    Ours.policies = tree({"policies/rules.yaml": rules})
    Ours.files = sorted(folder.glob("*.yaml"))
    Ours.resources = read(Ours.files)
    begin()


def judge_read(start: int) -> Refused:
    """Judge one part of what was read before."""
    return judge(Ours.resources[start::PARTS])


def read_and_judge(start: int) -> Refused:
    """Read one part of the files, and judge it."""
    return judge(read(Ours.files[start::PARTS]))


def judge(resources: tuple[Resource, ...]) -> Refused:
    """What the policies refuse."""
    examined = Examined(environment=ENVIRONMENT, resources=resources, policies=Ours.policies)
    return Counter((each.resource.name, each.rule) for each in Ours.check.findings(examined) if each.resource)


def read(files: Sequence[Path]) -> tuple[Resource, ...]:
    """The manifests of some files, as the plain renderer reads them."""
    found: list[Resource] = []
    for path in files:
        for document in load_documents(path.read_bytes()):
            parts = resources_of(path.name, document.value, document.line, document.locate)
            found += [each for each in parts if isinstance(each, Resource)]
    return tuple(found)


def timed(work: Callable[[], Any], rounds: int = ROUNDS) -> tuple[list[float], Any]:
    """The seconds of each round after a first one that does not count, and what the last one answered."""
    work()
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - begun)
    return seconds, answer


def conftest(program: Path, folder: Path) -> Refused:
    """What conftest refuses."""
    command: list[str | Path] = [program, "test", "--no-color", "-o", "json", "-p", RULES.parent, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: Refused = Counter()
    for each in json.loads(done.stdout):
        found.update((Path(each["filename"]).stem, one["msg"]) for one in each.get("failures") or ())
    return found


def together(pool: ProcessPoolExecutor, work: Callable[[int], Refused]) -> Refused:
    """All parts of some work, by all processes."""
    found: Refused = Counter()
    for each in pool.map(work, range(PARTS)):
        found.update(each)
    return found


def row(work: str, ours: list[float], peer: list[float]) -> Row:
    """Evaluations per second on both sides."""
    count = WORKLOADS * len(EXPRESSIONS)
    rates = [count / each for each in ours]
    mine, other = statistics.median(rates), count / statistics.median(peer)
    return Row(
        bench="policies", work=work, ours=round(mine), peer=round(other), unit="1/s", ratio=round(mine / other, 1),
        goal=f">= {GOAL:g} x", holds=mine / other >= GOAL, spread=(round(min(rates)), round(max(rates))),
    )  # fmt: skip


def rows() -> list[Row]:
    """Measure. AssertionError: the verdicts are not the same."""
    rules = "\n---\n".join(
        policy(expression, name=name, said=f"message: {name}") + binding(name)
        for name, expression in EXPRESSIONS.items()
    )
    dice = random.Random(7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(WORKLOADS):
            (folder / f"w{number}.yaml").write_text(yaml.safe_dump(workload(number, dice)))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, context, initializer=ready, initargs=(folder, rules)) as pool:
            warm, found = timed(partial(together, pool, judge_read))
            whole, again = timed(partial(together, pool, read_and_judge))
        peer, theirs = timed(partial(conftest, locate("conftest"), folder))
        assert found == again == theirs, (found - theirs, theirs - found)
        print(f"{found.total()} findings, the same on both sides; conftest reads the files in both rows")
        both = [row("policies over 2,000 workloads", warm, peer), row("the same with reading the files", whole, peer)]
        print(*(f"{each.work}: {each.ours:g}/s against {each.peer:g}/s, {each.ratio} x" for each in both), sep="\n")
        return both[:1]


def run(file: Path | None) -> int:
    """Measure and show; the exit status."""
    return show(rows(), file)
